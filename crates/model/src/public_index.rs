//! The public package index: the only place that names it.

/// Asked when nobody says anything.
pub const PUBLIC_INDEX_URL: &str = "https://pypi.org/simple";

/// Its hosts, today's and the one of old files.
pub const PUBLIC_INDEX_HOSTS: [&str; 2] = ["pypi.org", "pypi.python.org"];

/// Where it keeps its files.
pub const PUBLIC_STORAGE_URL: &str = "https://files.pythonhosted.org";
