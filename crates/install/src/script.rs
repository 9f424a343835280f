//! Texts of the executables that an installation writes: entry points, and scripts whose interpreter it fills in.
//!
//! Windows: an entry point `x` becomes `x-script.py` (or `.pyw`) and `x.cmd`, which starts it. There is no `x.exe`
//! launcher yet, and this has not been verified on a Windows machine.

use crate::entry_points::EntryPoint;
use std::path::Path;

/// What Linux reads of a `#!` line; macOS reads more.
const MAX_SHEBANG: usize = 127;

/// One file in the directory of scripts.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Script {
    pub name: String,
    pub content: Vec<u8>,
}

/// The files that make the command `point` run by `python`.
pub(crate) fn entry_point_scripts(point: &EntryPoint, python: &Path) -> Vec<Script> {
    let body = entry_point_body(point);
    let suffix = match (cfg!(windows), point.gui) {
        (false, _) => "",
        (true, false) => "-script.py",
        (true, true) => "-script.pyw",
    };
    let interpreter = if point.gui { windowed(python) } else { python.to_string_lossy().into_owned() };
    let text = format!("{}{body}", shebang(&interpreter));
    let mut scripts = vec![Script { name: format!("{}{suffix}", point.name), content: text.into_bytes() }];
    if cfg!(windows) {
        let start = if point.gui { "start \"\" " } else { "" };
        let text = format!("@{start}\"{interpreter}\" \"%~dp0{}{suffix}\" %*\r\n", point.name);
        scripts.push(Script { name: format!("{}.cmd", point.name), content: text.into_bytes() });
    }
    scripts
}

/// Unlike the text that pip writes this imports no `re`, which costs milliseconds at every start.
fn entry_point_body(point: &EntryPoint) -> String {
    let first = point.attribute.split('.').next().unwrap_or_default();
    format!(
        "# -*- coding: utf-8 -*-\n\
         import sys\n\
         from {module} import {first}\n\
         if __name__ == '__main__':\n    \
             if sys.argv[0].endswith('-script.pyw'):\n        \
                 sys.argv[0] = sys.argv[0][:-11]\n    \
             elif sys.argv[0].endswith('-script.py'):\n        \
                 sys.argv[0] = sys.argv[0][:-10]\n    \
             elif sys.argv[0].endswith('.exe'):\n        \
                 sys.argv[0] = sys.argv[0][:-4]\n    \
             sys.exit({attribute}())\n",
        module = point.module,
        attribute = point.attribute,
    )
}

/// The content of a script of `.data/scripts` with its `#!python` line replaced, when it has one.
pub(crate) fn rewrite_shebang(content: &[u8], python: &Path) -> Option<Vec<u8>> {
    if !wants_shebang(content) {
        return None;
    }
    let end = content.iter().position(|&byte| byte == b'\n').map_or(content.len(), |at| at + 1);
    let windowed_script = content.starts_with(b"#!pythonw");
    let interpreter = if windowed_script { windowed(python) } else { python.to_string_lossy().into_owned() };
    let mut out = shebang(&interpreter).into_bytes();
    out.extend_from_slice(&content[end..]);
    Some(out)
}

/// Does the interpreter of this script have to be filled in? Source: binary distribution format, "Recommended
/// installer features": a first line that starts with exactly `#!python`.
pub(crate) fn wants_shebang(content: &[u8]) -> bool {
    content.starts_with(b"#!python")
}

/// The first line or lines. A path that the kernel would cut or split goes through `/bin/sh`: its `exec` line is a
/// string for Python, and the string's end is a no-op for the shell, which never gets there.
fn shebang(interpreter: &str) -> String {
    if cfg!(windows) || (interpreter.len() + 2 <= MAX_SHEBANG && !interpreter.contains([' ', '\t'])) {
        return format!("#!{interpreter}\n");
    }
    let mut quoted = String::with_capacity(interpreter.len() + 2);
    for c in interpreter.chars() {
        if matches!(c, '"' | '$' | '`' | '\\') {
            quoted.push('\\');
        }
        quoted.push(c);
    }
    format!("#!/bin/sh\n'''exec' \"{quoted}\" \"$0\" \"$@\"\n' '''\n")
}

/// The interpreter that opens no console window, which only Windows has.
fn windowed(python: &Path) -> String {
    let sibling = python.with_file_name("pythonw.exe");
    if cfg!(windows) && sibling.exists() { sibling } else { python.to_path_buf() }.to_string_lossy().into_owned()
}

/// Data that would replace what makes a directory an environment, its interpreter and its `pyvenv.cfg`, or that pip would read as the
/// user's configuration there: where further packages come from is not a package's to say.
pub(crate) fn replaces_environment(path: &str) -> bool {
    match path.split_once('/') {
        None => ["pyvenv.cfg", "pip.conf", "pip.ini"].iter().any(|name| path.eq_ignore_ascii_case(name)),
        Some((directory, name)) => {
            ["bin", "scripts"].iter().any(|scripts| directory.eq_ignore_ascii_case(scripts)) && names_interpreter(name)
        }
    }
}

fn names_interpreter(name: &str) -> bool {
    let lower = name.to_lowercase();
    let stem = lower.strip_suffix(".exe").unwrap_or(&lower);
    ["python", "pypy", "pythonw"].iter().any(|prefix| {
        stem.strip_prefix(prefix)
            .is_some_and(|rest| rest.trim_end_matches(['t', 'd', 'w']).chars().all(|c| c.is_ascii_digit() || c == '.'))
    })
}

/// Names that would replace an interpreter or could not be a file of the scripts directory.
pub(crate) fn is_reserved(name: &str) -> bool {
    names_interpreter(name)
        || matches!(name, "" | "." | "..")
        || name.len() > 200
        || name.starts_with(char::is_whitespace)
        || name.ends_with(char::is_whitespace)
        || name.contains(['/', '\\', ':'])
        || name.contains(char::is_control)
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use std::process::Command;

    fn point() -> EntryPoint {
        EntryPoint { name: "foo".into(), module: "a.b".into(), attribute: "c.d".into(), gui: false }
    }

    #[test]
    fn writes_a_call() {
        let [script] = &entry_point_scripts(&point(), Path::new("/v/bin/python"))[..] else { panic!("one file") };
        let text = str::from_utf8(&script.content).unwrap();
        assert!(
            text.starts_with("#!/v/bin/python\n# -*- coding: utf-8 -*-\nimport sys\nfrom a.b import c\n"),
            "{text}"
        );
        assert!(text.ends_with("    sys.exit(c.d())\n"), "{text}");
    }

    #[test]
    fn goes_through_the_shell_where_the_kernel_would_not_find_it() {
        for path in ["/a b/python".to_owned(), format!("/{}/python", "x".repeat(130))] {
            let text = shebang(&path);
            assert_eq!(text, format!("#!/bin/sh\n'''exec' \"{path}\" \"$0\" \"$@\"\n' '''\n"));
        }
    }

    #[test]
    fn the_shell_detour_runs() {
        let dir = tempfile::tempdir().unwrap();
        let odd = dir.path().join("a b$c\"d");
        std::fs::create_dir(&odd).unwrap();
        let fake = odd.join("python");
        std::fs::write(&fake, "#!/bin/sh\necho ran \"$2\"\n").unwrap();
        std::fs::set_permissions(&fake, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
        let script = dir.path().join("script");
        std::fs::write(&script, shebang(fake.to_str().unwrap())).unwrap();
        let output = Command::new("/bin/sh").arg(&script).arg("an argument").output().unwrap();
        assert_eq!(String::from_utf8_lossy(&output.stdout), "ran an argument\n");
    }

    #[test]
    fn fills_in_the_interpreter() {
        let python = Path::new("/v/bin/python");
        assert_eq!(rewrite_shebang(b"#!python\nx\n", python).unwrap(), b"#!/v/bin/python\nx\n");
        assert_eq!(rewrite_shebang(b"#!pythonw -E\r\nx", python).unwrap(), b"#!/v/bin/python\nx");
        assert_eq!(rewrite_shebang(b"#!python", python).unwrap(), b"#!/v/bin/python\n");
        assert_eq!(rewrite_shebang(b"#!/usr/bin/python\n", python), None);
        assert_eq!(rewrite_shebang(b"\x7fELF", python), None);
    }

    #[test]
    fn knows_reserved_names() {
        for name in [
            "python",
            "Python.EXE",
            "python3",
            "python3.12",
            "python3.13t",
            "pythonw.exe",
            "pypy3",
            "",
            ".",
            "..",
            "a/b",
            "a\\b",
            "a\n",
        ] {
            assert!(is_reserved(name), "{name}");
        }
        for name in ["pythonic", "python-argcomplete", "ipython", "ipython3", "a.b", "py.test", "python_x"] {
            assert!(!is_reserved(name), "{name}");
        }
    }
}
