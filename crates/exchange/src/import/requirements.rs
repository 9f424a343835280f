//! A requirements file, with the one that it was compiled from when that is there.

use super::{Foreign, ImportError, Imported, index, pin, short, without_credentials};
use pybun_manifest::requirements::{Requirements, parse};
use pybun_model::{PUBLIC_INDEX_URL, VersionOrUrl};
use std::collections::{BTreeMap, BTreeSet};

pub(super) fn import(foreign: Foreign) -> Result<Imported, ImportError> {
    let mut out = Imported::default();
    let listed = read(foreign.path, foreign.text, &mut out)?;
    for one in &listed.requirements {
        let requirement = &one.declared.requirement;
        if let Some(VersionOrUrl::VersionSpecifier(specifiers)) = &requirement.version_or_url
            && let [only] = &specifiers[..]
            && *only.operator() == pybun_model::Operator::Equal
        {
            pin(&mut out, requirement.name.as_ref(), &only.version().to_string());
        }
    }
    let wanted = match foreign.beside {
        Some(text) => read(foreign.path, text, &mut out)?,
        None => listed.clone(),
    };
    let exact =
        wanted.requirements.len() > 1 && out.pins.len() >= wanted.requirements.len() && foreign.beside.is_none();
    out.dependencies = wanted.requirements.iter().map(|one| one.declared.text.clone()).collect();
    if exact {
        out.lost.push("every requirement is one exact version; loosen those that are the project's own".to_owned());
    }
    for source in &wanted.sources {
        // What is plainly no path may be anything, and is not shown.
        let is_path = source.place.starts_with("./") || source.place.starts_with("../");
        let what = if is_path { format!("`{}`", short(&source.place)) } else { format!("line {}", source.line) };
        out.lost.push(format!("{what} has no name before it is built; add it with `NAME @ URL`"));
    }
    let constraints: Vec<String> = wanted.constraints.iter().map(|one| one.declared.text.clone()).collect();
    if !constraints.is_empty() {
        out.settings.push(("constraints", constraints.into()));
    }
    let indexes = if wanted.index_url.is_some() || !wanted.extra_index_urls.is_empty() { &wanted } else { &listed };
    let mut urls: Vec<(Option<&str>, &str)> = indexes.extra_index_urls.iter().map(|url| (None, url.as_str())).collect();
    // Without `--index-url` pip asks the public index as well.
    urls.push((None, indexes.index_url.as_deref().unwrap_or(PUBLIC_INDEX_URL)));
    index::take_all(&mut out, &urls);
    for links in wanted.find_links.iter().chain(&listed.find_links).collect::<BTreeSet<_>>() {
        out.unplaced.push(format!("the list of files {}", short(&without_credentials(links))));
    }
    if wanted.no_index || listed.no_index {
        out.settings.push(("no-index", true.into()));
    }
    Ok(out)
}

/// Files that are included are not followed: they may be anything.
fn read(path: &str, text: &str, out: &mut Imported) -> Result<Requirements, ImportError> {
    let mut included = Vec::new();
    let mut give = |asked: &str| {
        if asked == path {
            return Ok(text.as_bytes().to_vec());
        }
        included.push(asked.to_owned());
        Ok(Vec::new())
    };
    let read = parse(&[path], &BTreeMap::new(), &mut give);
    for path in included {
        out.lost.push(format!("{} is included and was not read; import it as well", short(&path)));
    }
    read.map_err(|mut errors| ImportError::Manifest(errors.swap_remove(0)))
}
