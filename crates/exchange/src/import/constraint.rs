//! Version constraints of Poetry as those of PEP 440. Source: Poetry's documentation, "Dependency specification".

/// A constraint in PEP 440: specifiers joined by commas, and whether it says exactly the same.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Converted {
    pub specifier: String,
    pub exact: bool,
}

/// `None` for a text that is no constraint. PEP 440 has no "or": of `^1 || ^2` the whole span is taken.
pub(super) fn convert(text: &str) -> Option<Converted> {
    let alternatives: Vec<Vec<String>> =
        text.split("||").flat_map(|part| part.split('|')).map(alternative).collect::<Option<_>>()?;
    match &alternatives[..] {
        [one] => Some(Converted { specifier: one.join(","), exact: true }),
        all => {
            let first = all.first()?.iter().find(|part| part.starts_with('>'));
            let last = all.last()?.iter().find(|part| part.starts_with('<'));
            let span: Vec<String> = [first, last].into_iter().flatten().cloned().collect();
            Some(Converted { specifier: span.join(","), exact: false })
        }
    }
}

/// The same as a marker for the Python it is for; a constraint that always holds is an empty text.
pub(super) fn python_marker(text: &str) -> Option<String> {
    let all: Vec<String> = text
        .split("||")
        .flat_map(|part| part.split('|'))
        .map(|part| {
            let parts = alternative(part)?;
            let markers: Vec<String> = parts.iter().map(|part| python_part(part)).collect::<Option<_>>()?;
            Some(markers.join(" and "))
        })
        .collect::<Option<_>>()?;
    Some(match &all[..] {
        [one] => one.clone(),
        all if all.iter().any(String::is_empty) => String::new(),
        all => all.iter().map(|one| format!("({one})")).collect::<Vec<_>>().join(" or "),
    })
}

fn python_part(part: &str) -> Option<String> {
    let split = part.find(|c: char| c.is_ascii_digit())?;
    let (operator, version) = part.split_at(split);
    // `python_version` has two components, and compares as a version.
    let variable = if version.matches('.').count() < 2 || version.ends_with(".*") {
        "python_version"
    } else {
        "python_full_version"
    };
    Some(format!("{variable} {operator} '{version}'"))
}

fn alternative(text: &str) -> Option<Vec<String>> {
    let mut out = Vec::new();
    for part in parts(text) {
        out.extend(one(&part)?);
    }
    Some(out)
}

/// At commas, and at spaces where an operator follows.
fn parts(text: &str) -> Vec<String> {
    let mut out: Vec<String> = Vec::new();
    for word in text.split([',', ' ']).map(str::trim).filter(|word| !word.is_empty()) {
        match out.last_mut() {
            Some(last) if last.chars().all(|c| "<>=!~^".contains(c)) => last.push_str(word),
            _ => out.push(word.to_owned()),
        }
    }
    out
}

fn one(part: &str) -> Option<Vec<String>> {
    if part == "*" {
        return Some(Vec::new());
    }
    if let Some(version) = part.strip_prefix('^') {
        return bounds(version, caret);
    }
    if let Some(version) = part.strip_prefix("~=") {
        return is_version(version).then(|| vec![format!("~={version}")]);
    }
    if let Some(version) = part.strip_prefix('~') {
        return bounds(version, |release| if release.len() > 1 { 1 } else { 0 });
    }
    for operator in ["===", "==", "!=", ">=", "<=", ">", "<"] {
        if let Some(version) = part.strip_prefix(operator) {
            let starred = version.strip_suffix(".*").filter(|_| matches!(operator, "==" | "!="));
            return is_version(starred.unwrap_or(version)).then(|| vec![part.to_owned()]);
        }
    }
    let version = part.strip_prefix('=').unwrap_or(part);
    is_version(version.strip_suffix(".*").unwrap_or(version)).then(|| vec![format!("=={version}")])
}

/// Which component of a version may not change: the first that is not zero.
fn caret(release: &[u64]) -> usize {
    release.iter().position(|part| *part != 0).unwrap_or(release.len() - 1)
}

fn bounds(version: &str, fixed: impl Fn(&[u64]) -> usize) -> Option<Vec<String>> {
    let version = version.trim_start_matches('v');
    let parsed: pybun_model::Version = version.parse().ok()?;
    let release: Vec<u64> = parsed.release().to_vec();
    let at = fixed(&release);
    let mut upper: Vec<u64> = release[..=at].to_vec();
    upper[at] = upper[at].checked_add(1)?;
    let upper: Vec<String> = upper.iter().map(ToString::to_string).collect();
    Some(vec![format!(">={version}"), format!("<{}", upper.join("."))])
}

fn is_version(text: &str) -> bool {
    text.parse::<pybun_model::Version>().is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn converted(text: &str) -> String {
        convert(text)
            .map_or("?".to_owned(), |found| format!("{}{}", found.specifier, if found.exact { "" } else { " (wider)" }))
    }

    /// The tables of Poetry's documentation, and what projects write besides.
    #[test]
    fn what_poetry_documents() {
        for (text, expected) in [
            ("^1.2.3", ">=1.2.3,<2"),
            ("^1.2", ">=1.2,<2"),
            ("^1", ">=1,<2"),
            ("^0.2.3", ">=0.2.3,<0.3"),
            ("^0.0.3", ">=0.0.3,<0.0.4"),
            ("^0.0", ">=0.0,<0.1"),
            ("^0", ">=0,<1"),
            ("~1.2.3", ">=1.2.3,<1.3"),
            ("~1.2", ">=1.2,<1.3"),
            ("~1", ">=1,<2"),
            ("*", ""),
            ("", ""),
            ("1.*", "==1.*"),
            ("1.2.*", "==1.2.*"),
            (">= 1.2.0", ">=1.2.0"),
            (">=1.2, <1.5", ">=1.2,<1.5"),
            (">=1.2 <1.5", ">=1.2,<1.5"),
            ("1.2.3", "==1.2.3"),
            ("==1.2.3", "==1.2.3"),
            ("~=1.4.2", "~=1.4.2"),
            ("!=1.5.*", "!=1.5.*"),
            ("^1.0b1", ">=1.0b1,<2"),
            ("^1.2 || ^2.0", ">=1.2,<3 (wider)"),
            ("latest", "?"),
            (">=1; rm -rf", "?"),
            ("^99999999999999999999", "?"),
        ] {
            assert_eq!(converted(text), expected, "{text}");
        }
    }

    #[test]
    fn constraints_on_python_are_markers() {
        let cases = [
            ("^3.8", "python_version >= '3.8' and python_version < '4'"),
            ("<3.11", "python_version < '3.11'"),
            (">=3.8.1", "python_full_version >= '3.8.1'"),
            (
                "~2.7 || ^3.6",
                "(python_version >= '2.7' and python_version < '2.8') or (python_version >= '3.6' and python_version < '4')",
            ),
            ("*", ""),
        ];
        for (text, expected) in cases {
            assert_eq!(python_marker(text).as_deref(), Some(expected), "{text}");
        }
    }
}
