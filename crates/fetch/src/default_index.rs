//! The public package index: the only place that names it.

/// Used when neither PyBun nor pip is configured.
pub(crate) const DEFAULT_INDEX_URL: &str = "https://pypi.org/simple";

/// Where that index keeps its files; see [`crate::storage_path`].
pub(crate) const DEFAULT_STORAGE: &str = "https://files.pythonhosted.org";
