//! pip's own configuration, used where PyBun's settings say nothing.
//! Source: pip's documentation, topic "Configuration" (files in loading order, then `PIP_*` variables).

use crate::settings::url_of;
use crate::{Environment, Error};
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use url::Url;

/// The values that matter for an index client, merged from all files and the environment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct PipConfig {
    pub(crate) index_url: Option<String>,
    pub(crate) extra_index_urls: Vec<String>,
    pub(crate) find_links: Vec<String>,
    pub(crate) no_index: bool,
    pub(crate) cert: Option<PathBuf>,
    pub(crate) trusted_hosts: Vec<String>,
    pub(crate) timeout_seconds: Option<String>,
}

impl PipConfig {
    /// Reads the files that pip would read on this system, later ones winning, then the variables.
    pub(crate) fn load(env: &Environment) -> Result<Self, Error> {
        let mut values = HashMap::new();
        for (path, required) in files(env) {
            match std::fs::read(&path) {
                Ok(bytes) => values.extend(parse(&String::from_utf8_lossy(&bytes))),
                Err(error) if required || error.kind() == std::io::ErrorKind::PermissionDenied => {
                    let path = path.display().to_string();
                    return Err(Error::BadConfiguration { path, why: error.to_string() });
                }
                Err(_) => {}
            }
        }
        for (name, value) in env {
            if let Some(key) = name.strip_prefix("PIP_")
                && !value.is_empty()
            {
                values.insert(key.to_ascii_lowercase().replace('_', "-"), value.clone());
            }
        }
        Ok(Self::from_values(values))
    }

    fn from_values(mut values: HashMap<String, String>) -> Self {
        let mut words = |key: &str| -> Vec<String> {
            let value = values.remove(key).unwrap_or_default();
            value.split_whitespace().map(str::to_owned).collect()
        };
        let extra_index_urls = words("extra-index-url");
        let trusted_hosts = words("trusted-host");
        let find_links = words("find-links");
        // As Python's configparser reads booleans, and pip its variables.
        let no_index = words("no-index")
            .first()
            .is_some_and(|text| matches!(&*text.to_ascii_lowercase(), "1" | "true" | "yes" | "on"));
        Self {
            extra_index_urls,
            trusted_hosts,
            find_links,
            no_index,
            index_url: values.remove("index-url"),
            cert: values.remove("cert").map(PathBuf::from),
            timeout_seconds: values.remove("timeout"),
        }
    }
}

/// The same as URLs.
#[derive(Clone, Debug, Default)]
pub(crate) struct PipUrls {
    pub(crate) index: Option<Url>,
    pub(crate) extra_indexes: Vec<Url>,
    pub(crate) find_links: Vec<Url>,
}

impl PipConfig {
    pub(crate) fn urls(&self) -> Result<PipUrls, Error> {
        let all = |texts: &[String]| texts.iter().map(|text| url_of(text)).collect::<Result<_, _>>();
        // A path stands for itself; a relative one has no meaning that would be the same everywhere.
        let place = |text: &String| match Url::from_file_path(text) {
            Ok(url) => Ok(url),
            Err(()) => url_of(text),
        };
        Ok(PipUrls {
            index: self.index_url.as_deref().map(url_of).transpose()?,
            extra_indexes: all(&self.extra_index_urls)?,
            find_links: self.find_links.iter().map(place).collect::<Result<_, _>>()?,
        })
    }
}

/// In the order in which pip loads them, without the one in the active environment: a wheel can bring a file of that name, and
/// what was only installed would say where the next packages come from, and get the user's logins. `PIP_CONFIG_FILE` replaces none of the others but is loaded last; when it is
/// the null device, no file is loaded at all. A file named there must exist.
fn files(env: &Environment) -> Vec<(PathBuf, bool)> {
    let get = |name: &str| env.get(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let named = get("PIP_CONFIG_FILE");
    if named.as_deref().is_some_and(|path| path == Path::new(if cfg!(windows) { "nul" } else { "/dev/null" })) {
        return Vec::new();
    }
    let mut files = Vec::new();
    let home = get(if cfg!(windows) { "USERPROFILE" } else { "HOME" });
    let optional = |path: Option<PathBuf>| path.map(|path| (path, false));
    if cfg!(windows) {
        files.extend(optional(get("PROGRAMDATA").map(|dir| dir.join("pip").join("pip.ini"))));
        files.extend(optional(home.map(|home| home.join("pip").join("pip.ini"))));
        files.extend(optional(get("APPDATA").map(|dir| dir.join("pip").join("pip.ini"))));
    } else {
        files.extend(global_files(env));
        files.extend(optional(home.as_ref().map(|home| home.join(".pip/pip.conf"))));
        let xdg = get("XDG_CONFIG_HOME").or_else(|| home.as_ref().map(|home| home.join(".config")));
        let mac = home.map(|home| home.join("Library/Application Support/pip"));
        let user = match mac {
            Some(mac) if cfg!(target_os = "macos") && mac.is_dir() => Some(mac.join("pip.conf")),
            _ => xdg.map(|dir| dir.join("pip/pip.conf")),
        };
        files.extend(optional(user));
    }
    files.extend(named.map(|path| (path, true)));
    files
}

fn global_files(env: &Environment) -> Vec<(PathBuf, bool)> {
    if cfg!(target_os = "macos") {
        return vec![("/Library/Application Support/pip/pip.conf".into(), false)];
    }
    let dirs = env.get("XDG_CONFIG_DIRS").filter(|dirs| !dirs.is_empty()).map_or("/etc/xdg", String::as_str);
    let xdg = dirs.split(':').filter(|dir| !dir.is_empty()).map(|dir| Path::new(dir).join("pip/pip.conf"));
    let mut files: Vec<_> = xdg.map(|path| (path, false)).collect();
    files.push(("/etc/pip.conf".into(), false));
    files
}

/// The keys of `[global]`, overridden by those of `[install]`, as Python's configparser reads them: `key = value` or
/// `key: value`, more indented lines continue a value, `#` and `;` start a comment line.
pub(crate) fn parse(text: &str) -> HashMap<String, String> {
    let mut sections: HashMap<&str, HashMap<String, String>> = HashMap::new();
    let mut section = "";
    let mut key: Option<String> = None;
    for line in text.lines() {
        let trimmed = line.trim();
        if trimmed.is_empty() || trimmed.starts_with(['#', ';']) {
            continue;
        }
        if line.starts_with([' ', '\t'])
            && let Some(key) = &key
        {
            if let Some(value) = sections.get_mut(section).and_then(|values| values.get_mut(key)) {
                value.push('\n');
                value.push_str(trimmed);
            }
            continue;
        }
        key = None;
        if let Some(name) = trimmed.strip_prefix('[').and_then(|rest| rest.split(']').next()) {
            section = name.trim();
        } else if let Some(at) = trimmed.find(['=', ':']) {
            let name = trimmed[..at].trim().to_ascii_lowercase().replace('_', "-");
            sections.entry(section).or_default().insert(name.clone(), trimmed[at + 1..].trim().to_owned());
            key = Some(name);
        }
    }
    let mut values = sections.remove("global").unwrap_or_default();
    values.extend(sections.remove("install").unwrap_or_default());
    values.retain(|_, value| !value.is_empty());
    values
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_sections_continuations_and_comments() {
        let values = parse(
            "index-url = https://lost.example\n[global]\n# no\n; no\nIndex_URL = https://g.example/simple\ntimeout: 7\n\
             extra-index-url =\n    https://a.example/simple\n\n    # no\n    https://b.example/simple\n\
             [install]\ntimeout = 9\n[list]\ncert = /x\n",
        );
        let config = PipConfig::from_values(values);
        assert_eq!(config.index_url.as_deref(), Some("https://g.example/simple"));
        assert_eq!(config.extra_index_urls, ["https://a.example/simple", "https://b.example/simple"]);
        assert_eq!(config.timeout_seconds.as_deref(), Some("9"));
        assert_eq!(config.cert, None);
    }

    #[test]
    fn survives_anything() {
        for text in ["[", "]", "=", "[a\n=x", "  x = y", "[global]\n  lost\nk\n v", "\u{0}[global]\r\nkey=1"] {
            parse(text);
        }
    }

    #[test]
    fn variables_win_over_files_and_files_over_each_other() {
        let dir = tempfile::tempdir().unwrap();
        let home = dir.path();
        std::fs::create_dir_all(home.join(".config/pip")).unwrap();
        std::fs::create_dir_all(home.join(".pip")).unwrap();
        let old = "[global]\nindex-url = https://old.example\ncert = /old";
        std::fs::write(home.join(".pip/pip.conf"), old).unwrap();
        let new = "[global]\nindex-url = https://user.example";
        std::fs::write(home.join(".config/pip/pip.conf"), new).unwrap();
        std::fs::write(home.join("named"), "[install]\ntrusted-host = h:1 i").unwrap();
        let mut env: Environment = [
            ("HOME", home.to_str().unwrap()),
            ("XDG_CONFIG_DIRS", home.to_str().unwrap()),
            ("PIP_CONFIG_FILE", home.join("named").to_str().unwrap()),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .into();
        let config = PipConfig::load(&env).unwrap();
        assert_eq!(config.index_url.as_deref(), Some("https://user.example"));
        assert_eq!(config.cert.as_deref(), Some(Path::new("/old")));
        assert_eq!(config.trusted_hosts, ["h:1", "i"]);

        env.insert("PIP_INDEX_URL".into(), "https://env.example".into());
        env.insert("PIP_CERT".into(), String::new());
        assert_eq!(PipConfig::load(&env).unwrap().index_url.as_deref(), Some("https://env.example"));

        env.insert("PIP_CONFIG_FILE".into(), "/dev/null".into());
        assert_eq!(PipConfig::load(&env).unwrap().cert, None);

        env.insert("PIP_CONFIG_FILE".into(), home.join("absent").to_str().unwrap().into());
        assert!(matches!(PipConfig::load(&env), Err(Error::BadConfiguration { .. })));
    }

    #[test]
    fn what_a_wheel_put_into_the_environment_says_nothing() {
        let dir = tempfile::tempdir().unwrap();
        for name in ["pip.conf", "pip.ini"] {
            std::fs::write(dir.path().join(name), "[global]\nindex-url = https://evil.example").unwrap();
        }
        let path = dir.path().to_str().unwrap();
        let mut env: Environment =
            [("VIRTUAL_ENV", path), ("XDG_CONFIG_DIRS", path)].map(|(name, value)| (name.into(), value.into())).into();
        assert_eq!(PipConfig::load(&env).unwrap().index_url, None);
        // The user may still name it.
        env.insert("PIP_CONFIG_FILE".into(), dir.path().join("pip.conf").to_str().unwrap().into());
        assert_eq!(PipConfig::load(&env).unwrap().index_url.as_deref(), Some("https://evil.example"));
    }
}
