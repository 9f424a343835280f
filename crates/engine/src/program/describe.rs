//! The sentences about what was done.

use pybun_engine::changes::Change;
use pybun_engine::sync::{Move, MoveKind};

pub fn packages(count: usize) -> String {
    if count == 1 { "1 package".to_owned() } else { format!("{count} packages") }
}

pub fn up_to_date(count: usize, place: &str) -> String {
    format!("Up to date: {} in {place}", packages(count))
}

pub fn change_line(change: &Change) -> String {
    let Change { name, from, to } = change;
    match (from, to) {
        (None, to) => format!(" + {name} {}", to.as_deref().unwrap_or_default()),
        (Some(from), None) => format!(" - {name} {from}"),
        (Some(from), Some(to)) => format!(" ~ {name} {from} -> {to}"),
    }
}

pub fn headline(moves: &[Move], place: &str) -> String {
    let count = |wanted: &dyn Fn(MoveKind) -> bool| moves.iter().filter(|one| wanted(one.kind)).count();
    let kept = count(&|kind| kind == MoveKind::Keep);
    if kept == moves.len() {
        return format!("Nothing to do: {} in {place}", packages(kept));
    }
    let removed = count(&|kind| kind == MoveKind::Remove);
    let installed = moves.len() - kept - removed;
    let mut parts = Vec::new();
    if installed > 0 {
        parts.push(format!("Installed {}", packages(installed)));
    }
    if removed > 0 {
        parts.push(format!("{} {}", if installed > 0 { "removed" } else { "Removed" }, packages(removed)));
    }
    format!("{} in {place}", parts.join(", "))
}

/// `None` for what stays as it is.
pub fn move_line(one: &Move) -> Option<String> {
    let Move { kind, name, version, from, .. } = one;
    match (kind, from) {
        (MoveKind::Keep, _) => None,
        (MoveKind::Install, _) => Some(format!(" + {name} {version}")),
        (MoveKind::Remove, _) => Some(format!(" - {name} {version}")),
        (MoveKind::Replace, Some(from)) if from != version => Some(format!(" ~ {name} {from} -> {version}")),
        (MoveKind::Replace, _) => Some(format!(" ~ {name} {version}")),
    }
}
