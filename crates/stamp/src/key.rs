use std::path::{Component, Path, PathBuf};

/// What `pybun x` was asked for, as typed on the command line (configuration is watched by the stamp instead).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ToolRequest {
    /// The tool with its version, as typed: `ruff`, `black@24.1.0`.
    pub command: String,
    pub from: Option<String>,
    pub with: Vec<String>,
    pub python: Option<String>,
    pub index_url: Option<String>,
    pub extra_index_urls: Vec<String>,
    /// The root of the project whose own configuration counts, if it has any.
    pub configured_by: Option<String>,
}

/// The name of a project's stamp.
pub fn project_key(root: &str) -> String {
    let mut hasher = blake3::Hasher::new();
    hasher.update(b"project\0");
    hasher.update(root.as_bytes());
    short(&hasher)
}

/// The name of a script's stamp, and of its environment's directory below `envs/scripts/`. `script` comes from `absolute`; `python` is the
/// request as typed on the command line.
pub fn script_key(script: &str, python: Option<&str>, configured_by: Option<&str>) -> String {
    let mut hasher = blake3::Hasher::new();
    hasher.update(script.as_bytes());
    hasher.update(b"\0");
    hasher.update(python.unwrap_or_default().trim().as_bytes());
    if let Some(root) = configured_by {
        hasher.update(b"\0");
        hasher.update(root.as_bytes());
    }
    short(&hasher)
}

/// The name of a tool's stamp, and of its environment's directory below `envs/tools/`. The order and repetition of `with` do not matter.
pub fn tool_key(request: &ToolRequest) -> String {
    let mut with: Vec<&str> = request.with.iter().map(|requirement| requirement.trim()).collect();
    with.sort_unstable();
    with.dedup();
    let optional = |value: &Option<String>| value.iter().map(|text| text.trim().to_owned()).collect::<Vec<_>>();
    let groups: [Vec<String>; 7] = [
        vec![request.command.trim().to_owned()],
        optional(&request.from),
        with.into_iter().map(str::to_owned).collect(),
        optional(&request.python),
        optional(&request.index_url),
        request.extra_index_urls.iter().map(|url| url.trim().to_owned()).collect(),
        optional(&request.configured_by),
    ];
    let mut hasher = blake3::Hasher::new();
    for group in &groups {
        hasher.update(&(group.len() as u64).to_le_bytes());
        for text in group {
            hasher.update(&(text.len() as u64).to_le_bytes());
            hasher.update(text.as_bytes());
        }
    }
    short(&hasher)
}

/// `path` seen from `cwd`, with `.` and `..` taken away by text alone, as Node's `path.resolve` does.
pub fn absolute(cwd: &Path, path: &Path) -> PathBuf {
    let mut resolved = PathBuf::new();
    for component in cwd.join(path).components() {
        match component {
            Component::CurDir => {}
            Component::ParentDir => {
                resolved.pop();
            }
            Component::Prefix(_) | Component::RootDir | Component::Normal(_) => resolved.push(component),
        }
    }
    resolved
}

/// The first 32 hexadecimal digits.
pub(crate) fn short(hasher: &blake3::Hasher) -> String {
    let mut hex = hasher.finalize().to_hex().to_string();
    hex.truncate(32);
    hex
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_keys_never_change() {
        let script = script_key("/home/me/a.py", None, None);
        assert_eq!(script, blake3::hash(b"/home/me/a.py\0").to_hex()[..32]);
        assert_ne!(script, script_key("/home/me/a.py", Some("3.12"), None));
        assert_ne!(script, script_key("/home/me/a.py", None, Some("/home/me")));
    }

    #[test]
    fn a_tool_is_its_request() {
        let request = ToolRequest {
            command: "http".into(),
            from: Some("httpie".into()),
            with: vec!["b".into(), "a".into(), "b".into()],
            ..ToolRequest::default()
        };
        let key = tool_key(&request);
        assert_eq!(key.len(), 32);
        assert_eq!(key, tool_key(&ToolRequest { with: vec!["a".into(), "b".into()], ..request.clone() }));
        for other in [
            ToolRequest { from: None, ..request.clone() },
            ToolRequest { with: vec!["a".into()], ..request.clone() },
            ToolRequest { python: Some("3.12".into()), ..request.clone() },
            ToolRequest { index_url: Some("http://i/".into()), ..request.clone() },
            ToolRequest { extra_index_urls: vec!["http://i/".into()], ..request.clone() },
            ToolRequest { configured_by: Some("/p".into()), ..request.clone() },
        ] {
            assert_ne!(key, tool_key(&other), "{other:?}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn absolute_is_lexical() {
        let at = |path: &str| absolute(Path::new("/a/b"), Path::new(path)).to_str().unwrap().to_owned();
        assert_eq!(at("c.py"), "/a/b/c.py");
        assert_eq!(at("./x/../c.py"), "/a/b/c.py");
        assert_eq!(at("../../../c.py"), "/c.py");
        assert_eq!(at("/d//c.py"), "/d/c.py");
    }
}
