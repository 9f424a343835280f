//! Where an installed package that is from no index came from, as `direct_url.json` says it (PEP 610).

use pybun_lock::{Source, absolute};
use pybun_model::Sha256;
use pybun_plan::Origin;
use serde_json::{Map, Value, json};
use std::path::Path;
use url::Url;

/// The origin of a source of the lock of the project at `root`; `None` for an index.
pub(crate) fn origin_of(root: &Path, source: &Source) -> Option<Origin> {
    let split = |text: &str| match text.split_once("#subdirectory=") {
        Some((url, subdirectory)) => (url.to_owned(), Some(subdirectory.to_owned())),
        None => (text.to_owned(), None),
    };
    Some(match source {
        Source::Index { .. } => return None,
        Source::Url(text) => {
            let (url, subdirectory) = split(text);
            Origin { url, subdirectory, ..Origin::default() }
        }
        Source::Path(text) => {
            let (path, subdirectory) = split(text);
            Origin { url: file_url(root, &path), subdirectory, ..Origin::default() }
        }
        Source::Git { url, commit, subdirectory, .. } => Origin {
            url: url.clone(),
            subdirectory: subdirectory.clone(),
            commit: Some(commit.clone()),
            editable: false,
        },
        Source::Directory { path, editable, .. } => {
            Origin { url: file_url(root, path), editable: *editable, ..Origin::default() }
        }
    })
}

/// The text of `direct_url.json`; `sha256` is that of the archive.
pub(crate) fn direct_url(root: &Path, source: &Source, sha256: Option<Sha256>) -> Option<String> {
    let origin = origin_of(root, source)?;
    let mut out = Map::from_iter([("url".to_owned(), json!(origin.url))]);
    match source {
        Source::Index { .. } => return None,
        Source::Url(_) | Source::Path(_) => {
            let hashes: Map<String, Value> =
                sha256.iter().map(|digest| ("sha256".to_owned(), json!(digest.to_string()))).collect();
            out.insert("archive_info".to_owned(), json!({ "hashes": hashes }));
        }
        Source::Git { commit, reference, .. } => {
            let mut info = json!({ "vcs": "git", "commit_id": commit });
            if let Some(reference) = reference {
                info["requested_revision"] = json!(reference);
            }
            out.insert("vcs_info".to_owned(), info);
        }
        Source::Directory { editable, .. } => {
            let info = if *editable { json!({ "editable": true }) } else { json!({}) };
            out.insert("dir_info".to_owned(), info);
        }
    }
    out.extend(origin.subdirectory.map(|path| ("subdirectory".to_owned(), json!(path))));
    Some(Value::Object(out).to_string())
}

/// What a `direct_url.json` says, whoever wrote it.
pub(crate) fn read(text: &str) -> Option<Origin> {
    let value: Value = serde_json::from_str(text).ok()?;
    let text = |value: Option<&Value>| Some(value?.as_str()?.to_owned());
    Some(Origin {
        url: text(value.get("url"))?,
        subdirectory: text(value.get("subdirectory")),
        commit: text(value.pointer("/vcs_info/commit_id")),
        editable: value.pointer("/dir_info/editable") == Some(&Value::Bool(true)),
    })
}

fn file_url(root: &Path, path: &str) -> String {
    let path = absolute(root, path);
    Url::from_file_path(&path).map_or_else(|()| path.display().to_string(), String::from)
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_what_is_looked_for() {
        let text = str::to_owned;
        for (source, expected) in [
            (Source::INDEX, None),
            (
                Source::Url(text("https://h.example/a-1.zip#subdirectory=d")),
                Some(
                    r#"{"archive_info":{"hashes":{"sha256":"DIGEST"}},"subdirectory":"d","url":"https://h.example/a-1.zip"}"#,
                ),
            ),
            (
                Source::Path(text("../a-1.zip")),
                Some(r#"{"archive_info":{"hashes":{"sha256":"DIGEST"}},"url":"file:///w/a-1.zip"}"#),
            ),
            (
                Source::Git {
                    url: text("https://h.example/r"),
                    commit: text("c0"),
                    reference: Some(text("v1")),
                    subdirectory: None,
                },
                Some(
                    r#"{"url":"https://h.example/r","vcs_info":{"commit_id":"c0","requested_revision":"v1","vcs":"git"}}"#,
                ),
            ),
            (
                Source::Directory { path: text("../a"), editable: true, metadata: None },
                Some(r#"{"dir_info":{"editable":true},"url":"file:///w/a"}"#),
            ),
            (
                Source::Directory { path: text("."), editable: false, metadata: None },
                Some(r#"{"dir_info":{},"url":"file:///w/project"}"#),
            ),
        ] {
            let (root, digest) = (Path::new("/w/project"), Sha256([0xab; 32]));
            let written = direct_url(root, &source, Some(digest));
            assert_eq!(written, expected.map(|text| text.replace("DIGEST", &digest.to_string())));
            assert_eq!(written.and_then(|text| read(&text)), origin_of(root, &source));
        }
    }
}
