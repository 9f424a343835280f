//! The public package index, as far as requests go.

/// Used when neither PyBun nor pip is configured.
pub(crate) const DEFAULT_INDEX_URL: &str = pybun_model::PUBLIC_INDEX_URL;

/// Where that index keeps its files; see [`crate::storage_path`].
pub(crate) const DEFAULT_STORAGE: &str = pybun_model::PUBLIC_STORAGE_URL;
