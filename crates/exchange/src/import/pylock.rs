//! `pylock.toml` (PEP 751).

use super::without_credentials;
use super::{Foreign, ImportError, Imported, Parts, pin, requirement, short, table, table_at, tables_at, text_at};
use std::collections::BTreeSet;

pub(super) fn import(foreign: Foreign) -> Result<Imported, ImportError> {
    let lock = table(foreign.text, foreign.path)?;
    if text_at(&lock, "lock-version").and_then(|version| version.split('.').next()) != Some("1") {
        let why = "its `lock-version` is not 1.x".to_owned();
        return Err(ImportError::Unreadable { path: foreign.path.to_owned(), why });
    }
    let mut out =
        Imported { requires_python: text_at(&lock, "requires-python").map(str::to_owned), ..Imported::default() };
    let mut needed = BTreeSet::new();
    for package in tables_at(&lock, "packages") {
        needed.extend(tables_at(package, "dependencies").filter_map(|one| text_at(one, "name")));
    }
    for package in tables_at(&lock, "packages") {
        let Some(name) = text_at(package, "name") else { continue };
        if let Some(version) = text_at(package, "version") {
            pin(&mut out, name, version);
        }
        if needed.contains(name) {
            continue;
        }
        let archive = table_at(package, &["archive"]).and_then(|archive| text_at(archive, "url"));
        let git = table_at(package, &["vcs"]).filter(|vcs| text_at(vcs, "type") == Some("git"));
        let git = git.and_then(|vcs| Some(format!("git+{}@{}", text_at(vcs, "url")?, text_at(vcs, "commit-id")?)));
        if package.contains_key("directory") || archive.is_none() && package.contains_key("archive") {
            out.lost.push(format!("`{}` is in a directory or a file; add it with `NAME @ URL`", short(name)));
            continue;
        }
        let markers = text_at(package, "marker").map(str::to_owned).into_iter().collect();
        let url = git.or(archive.map(str::to_owned)).map(|url| without_credentials(&url));
        let text = requirement(&mut out, Parts { name, url, markers, ..Parts::default() });
        out.dependencies.extend(text);
    }
    if needed.is_empty() && out.dependencies.len() > 1 {
        out.lost.push("which packages the project itself requires is not in it; all of them are listed".to_owned());
    }
    Ok(out)
}
