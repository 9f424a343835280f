//! Indexes that another tool asked. Each stays the one to ask: a name that is private elsewhere may be anybody's on the
//! public index. What cannot be said here is told as `unplaced`, and stops an import.

use super::{Imported, short, without_credentials};
use pybun_model::{PUBLIC_INDEX_HOSTS, PackageName};
use serde_json::Value;
use std::collections::BTreeSet;

/// An entry of `[[tool.pybun.index]]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Index {
    pub name: String,
    pub url: String,
    pub role: Role,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Asked in the order of the list.
    Before,
    /// Asked last, in place of the public index.
    Default,
    /// Asked for what `[tool.pybun.sources]` assigns.
    Explicit,
}

impl Index {
    pub(super) fn fields(&self) -> Vec<(&'static str, Value)> {
        let mut fields = vec![("name", self.name.as_str().into()), ("url", self.url.as_str().into())];
        match self.role {
            Role::Before => {}
            Role::Default => fields.push(("default", true.into())),
            Role::Explicit => fields.push(("explicit", true.into())),
        }
        fields
    }

    /// Whether both are at the same place.
    pub(super) fn is_at(&self, url: &str) -> bool {
        normal(&self.url) == normal(&without_credentials(url))
    }
}

const MOST: usize = 100;

/// Takes an index over, and gives the name that it has here. `None`, which is told, where it cannot be said.
pub(super) fn take(out: &mut Imported, name: Option<&str>, url: &str, role: Role) -> Option<String> {
    let bare = without_credentials(url.trim());
    let Some(host) = host(&bare) else {
        let called = name.map(|name| format!("the index `{}`", short(name)));
        out.unplaced.push(called.unwrap_or_else(|| format!("the index {}", short(&bare))));
        return None;
    };
    if let Some(known) = out.indexes.iter_mut().find(|known| known.is_at(&bare)) {
        if known.role == Role::Explicit {
            known.role = role;
        }
        return Some(known.name.clone());
    }
    if out.indexes.len() == MOST {
        out.unplaced.push(format!("indexes beyond the first {MOST}"));
        return None;
    }
    let wanted: String =
        name.unwrap_or(host).chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect();
    let wanted = Some(wanted.trim_matches('-')).filter(|name| !name.is_empty()).unwrap_or("index");
    let free = |name: &String| out.indexes.iter().all(|index| index.name != *name);
    let numbered = (2..).map(|number| format!("{wanted}-{number}"));
    let name = std::iter::once(wanted.to_owned()).chain(numbered).find(free).expect("numbers do not end");
    if bare != url.trim() {
        out.lost.push(format!("the credentials of the index `{name}`, which belong in no manifest"));
    }
    // A second default is asked before the first.
    let has_default = out.indexes.iter().any(|index| index.role == Role::Default);
    let role = if role == Role::Default && has_default { Role::Before } else { role };
    out.indexes.push(Index { name: name.clone(), url: bare, role });
    Some(name)
}

/// Indexes that are asked for everything, of which one has to be the last: the public index if it is among them.
pub(super) fn take_all(out: &mut Imported, all: &[(Option<&str>, &str)]) {
    let (public, private): (Vec<_>, Vec<_>) = all.iter().partition(|(_, url)| is_public(url));
    for (at, (name, url)) in private.iter().enumerate() {
        let is_last = public.is_empty() && at + 1 == private.len();
        take(out, *name, url, if is_last { Role::Default } else { Role::Before });
    }
    if let [(name, url), ..] = public[..] {
        take(out, name, url, Role::Default);
    }
}

/// `[tool.pybun.sources]` says that `package` is from the index `name`.
pub(super) fn assign(out: &mut Imported, package: &str, name: String) {
    let Ok(package) = package.parse::<PackageName>() else { return };
    let wanted = vec![("index", Value::from(name))];
    match out.sources.get(package.as_ref()) {
        None => drop(out.sources.insert(package.to_string(), wanted)),
        Some(known) if *known == wanted => {}
        Some(_) => out.unplaced.push(format!("the second source of `{package}`")),
    }
}

/// The same for what is no index. A name that is none is told where its requirement is.
pub(super) fn place(out: &mut Imported, package: &str, source: Vec<(&'static str, Value)>) {
    if let Ok(package) = package.parse::<PackageName>() {
        out.sources.insert(package.to_string(), source);
    }
}

/// What a lock says of where each package is from, where that is not what the indexes so far would give.
pub(super) fn take_locked(out: &mut Imported, packages: &[(&str, &str)]) {
    let urls: BTreeSet<String> = packages.iter().map(|(_, url)| normal(&without_credentials(url)).to_owned()).collect();
    let has_default = out.indexes.iter().any(|index| index.role == Role::Default);
    if let [(_, only), ..] = packages
        && urls.len() == 1
        && !has_default
        && !is_public(only)
        && !out.indexes.iter().any(|index| index.is_at(only))
    {
        take(out, None, only, Role::Default);
        return;
    }
    let has_links = out.settings.iter().any(|(key, _)| *key == "find-links");
    for (package, url) in packages {
        let known = out.indexes.iter().find(|index| index.is_at(url));
        let is_asked = known.map_or(is_public(url), |index| index.role != Role::Explicit);
        let is_listed = has_links && host(&without_credentials(url)).is_none();
        let is_placed = package.parse().is_ok_and(|name: PackageName| out.sources.contains_key(name.as_ref()));
        if is_asked || is_listed || is_placed {
            continue;
        }
        if let Some(name) = take(out, None, url, Role::Explicit) {
            assign(out, package, name);
        }
    }
}

/// What is public anyway needs no word, unless something is assigned to it.
pub(super) fn settle(out: &mut Imported) {
    let assigned: BTreeSet<&str> = out
        .sources
        .values()
        .flatten()
        .filter(|(key, _)| *key == "index")
        .filter_map(|(_, name)| name.as_str())
        .collect();
    out.unplaced.extend(
        assigned
            .iter()
            .filter(|name| out.indexes.iter().all(|index| index.name != **name))
            .map(|name| format!("the index `{}`, which is not described", short(name))),
    );
    let needless =
        |index: &Index| index.role != Role::Before && is_public(&index.url) && !assigned.contains(index.name.as_str());
    let kept = out.indexes.iter().filter(|index| !needless(index)).cloned().collect();
    out.indexes = kept;
    out.unplaced.sort();
    out.unplaced.dedup();
}

/// The index that is asked when nobody says anything.
pub(super) fn is_public(url: &str) -> bool {
    host(&without_credentials(url)).is_some_and(|host| PUBLIC_INDEX_HOSTS.contains(&host))
}

fn normal(url: &str) -> &str {
    url.trim().trim_end_matches('/')
}

/// Without a port. `None` for what is no index over HTTP, or holds a variable that only the other tool fills in.
fn host(url: &str) -> Option<&str> {
    let rest = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"))?;
    if rest.contains(|c: char| c.is_whitespace() || c.is_control() || c == '$') {
        return None;
    }
    let host = rest.split(['/', '?', '#', ':']).next().unwrap_or_default();
    (!host.is_empty()).then_some(host)
}
