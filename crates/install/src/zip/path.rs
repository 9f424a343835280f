//! Which paths an archive or a RECORD may name: relative, with `/`, staying below their root on every system.

const MAX_PATH: usize = 4096;
const MAX_COMPONENT: usize = 255;
const MAX_DEPTH: usize = 128;

/// Why `path` is refused, or nothing. A trailing `/` (a directory of an archive) must be taken off before.
pub(crate) fn check_path(path: &str) -> Result<(), &'static str> {
    if is_usual(path) {
        return Ok(());
    }
    if path.is_empty() {
        return Err("is an empty path");
    }
    if path.len() > MAX_PATH {
        return Err("is longer than 4096 bytes");
    }
    if path.contains('\0') {
        return Err("holds a NUL byte");
    }
    if path.contains('\\') {
        return Err("holds a backslash");
    }
    if path.starts_with('/') {
        return Err("is an absolute path");
    }
    if path.as_bytes().get(1) == Some(&b':') && path.as_bytes()[0].is_ascii_alphabetic() {
        return Err("starts with a drive letter");
    }
    let mut depth = 0;
    for component in path.split('/') {
        depth += 1;
        match component {
            "" => return Err("has an empty component"),
            "." | ".." => return Err("leaves its directory"),
            long if long.len() > MAX_COMPONENT => return Err("has a component longer than 255 bytes"),
            bad if cfg!(windows) && !windows_can_name(bad) => return Err("cannot exist on Windows"),
            _ => {}
        }
    }
    if depth > MAX_DEPTH { Err("is nested deeper than 128 directories") } else { Ok(()) }
}

/// Nearly all are, which one look tells: short, of letters, digits and `_`, and `-` and `.` but at the beginning of a
/// component.
fn is_usual(path: &str) -> bool {
    let mut begins = true;
    let usual = |byte: u8| {
        let began = std::mem::replace(&mut begins, byte == b'/');
        byte.is_ascii_alphanumeric() || byte == b'_' || (!began && matches!(byte, b'-' | b'.' | b'/'))
    };
    // Windows has names of its own.
    !cfg!(windows) && path.len() <= MAX_DEPTH && path.bytes().all(usual) && !begins
}

/// Devices, alternate streams, and the names whose end Windows silently cuts off.
fn windows_can_name(component: &str) -> bool {
    let stem = component.split('.').next().unwrap_or_default().trim_end().to_ascii_uppercase();
    let numbered = |device: &str| stem.strip_prefix(device).is_some_and(|n| n.len() == 1 && n != "0");
    !(component.ends_with(['.', ' '])
        || component.contains(['<', '>', ':', '"', '|', '?', '*'])
        || component.bytes().any(|byte| byte < 0x20)
        || matches!(stem.as_str(), "CON" | "PRN" | "AUX" | "NUL")
        || numbered("COM")
        || numbered("LPT"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn accepts_what_stays_below() {
        for path in ["a", "a/b.py", "a/...", "..a", "ü/ñ", "a b/c", "ab:c/d", ".hidden"] {
            assert_eq!(check_path(path), Ok(()), "{path}");
        }
    }

    proptest! {
        #[test]
        fn what_is_usual_is_right(path in "[a_/.:~-]{0,9}") {
            if is_usual(&path) {
                prop_assert!(path.split('/').all(|part| !matches!(part, "" | "." | "..") && part != "~"), "{}", path);
                prop_assert!(!path.contains(':') && !path.starts_with('/'), "{}", path);
            }
            let careful = path.split('/').all(|part| !matches!(part, "" | "." | ".."));
            prop_assert_eq!(check_path(&path).is_ok(), careful && !path.starts_with("a:"), "{}", path);
        }
    }

    #[test]
    fn refuses_what_leaves() {
        let long = "a/".repeat(3000) + "a";
        let deep = "a/".repeat(200) + "a";
        let wide = "a".repeat(300);
        for path in [
            "", "/", "/a", "..", "a/../b", "a/..", "./a", "a//b", "a/", "a\\b", "..\\a", "C:/a", "c:a", "a\0b", &long,
            &deep, &wide,
        ] {
            assert!(check_path(path).is_err(), "{path}");
        }
    }

    #[test]
    fn knows_what_windows_cannot_name() {
        for name in ["con", "NUL.txt", "com1", "a.", "a ", "a:b", "a?"] {
            assert!(!windows_can_name(name), "{name}");
        }
        for name in ["console", "com0", "com10", "a.b", "lpt"] {
            assert!(windows_can_name(name), "{name}");
        }
    }
}
