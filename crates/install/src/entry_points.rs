//! `entry_points.txt`: which commands a distribution brings. Source: entry points specification.

use std::collections::BTreeMap;

/// A command: calls `module.attribute` without arguments.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct EntryPoint {
    pub name: String,
    pub module: String,
    /// May hold dots.
    pub attribute: String,
    /// Has no console window on Windows.
    pub gui: bool,
}

/// The commands in `[console_scripts]` and `[gui_scripts]`. Of two with one name the last one counts.
pub(crate) fn parse_entry_points(text: &str) -> Result<Vec<EntryPoint>, String> {
    let mut points: BTreeMap<String, EntryPoint> = BTreeMap::new();
    let mut section = "";
    for line in text.strip_prefix('\u{feff}').unwrap_or(text).lines() {
        let content = line.trim();
        // Indented lines continue a value, which no command needs.
        if content.is_empty() || content.starts_with(['#', ';']) {
            continue;
        }
        if let Some(name) = content.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            section = name.trim();
            continue;
        }
        let gui = section == "gui_scripts";
        if !gui && section != "console_scripts" {
            continue;
        }
        let point = parse_line(content, gui)?;
        points.insert(point.name.clone(), point);
    }
    Ok(points.into_values().collect())
}

fn parse_line(line: &str, gui: bool) -> Result<EntryPoint, String> {
    let bad = || format!("`{}` in its entry_points.txt is no command", line.chars().take(200).collect::<String>());
    let (name, value) = line.split_once(['=', ':']).ok_or_else(bad)?;
    // Extras in brackets are to be ignored.
    let object = value.split_once('[').map_or(value, |(object, _)| object);
    let (module, attribute) = object.split_once(':').ok_or_else(bad)?;
    let (name, module, attribute) = (name.trim(), module.trim(), attribute.trim());
    if !is_dotted_name(module) || !is_dotted_name(attribute) {
        return Err(bad());
    }
    Ok(EntryPoint { name: name.to_owned(), module: module.to_owned(), attribute: attribute.to_owned(), gui })
}

/// Identifiers joined by dots: nothing else may get into the text of a script.
fn is_dotted_name(text: &str) -> bool {
    text.split('.').all(|part| {
        part.starts_with(|c: char| c.is_alphabetic() || c == '_')
            && part.chars().all(|c| c.is_alphanumeric() || c == '_')
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_commands_and_nothing_else() {
        let text = "# note\n[console_scripts]\nfoo = pkg.mod:main\n  bar-1.x=pkg : a.b [extra,other] \n\n\
            [other]\nx = ???\n[gui_scripts]\nwin = w:run\nfoo = pkg.mod:other\n";
        let points = parse_entry_points(text).unwrap();
        let seen: Vec<_> =
            points.iter().map(|p| (p.name.as_str(), p.module.as_str(), p.attribute.as_str(), p.gui)).collect();
        assert_eq!(
            seen,
            [("bar-1.x", "pkg", "a.b", false), ("foo", "pkg.mod", "other", true), ("win", "w", "run", true)]
        );
    }

    #[test]
    fn refuses_what_would_not_be_a_call() {
        for line in ["foo", "foo = mod", "foo = mod:", "foo = mod:f()", "foo = a b:c", "f = m:x;import os", "f = 1m:x"]
        {
            assert!(parse_entry_points(&format!("[console_scripts]\n{line}\n")).is_err(), "{line}");
        }
    }
}
