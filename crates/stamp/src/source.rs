/// Of a longer Python source nothing is said here; the CLI reads it.
pub const MAX_SOURCE_BYTES: u64 = 1 << 20;

/// Whether a line of the source opens a `script` block as in PEP 723. Errs on the side of yes: what looks like an
/// opening line is one, even where a parser would find the block unclosed.
pub fn has_script_block(source: &[u8]) -> bool {
    source
        .split(|byte| *byte == b'\n' || *byte == b'\r')
        .any(|line| line.strip_prefix(b"# /// script").is_some_and(|rest| rest.iter().all(u8::is_ascii_whitespace)))
}

/// Whether a manifest may hold a `[tool.pybun]` table. Errs on the side of yes.
pub fn mentions_pybun(manifest: &[u8]) -> bool {
    manifest.windows(5).any(|window| window == b"pybun")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_the_opening_line() {
        assert!(has_script_block(b"# /// script\n# dependencies = []\n# ///\n"));
        assert!(has_script_block(b"#!/usr/bin/env python\r\n\r\n# /// script \r\n"));
        assert!(!has_script_block(b"x = '# /// script'\n  # /// script\n# /// scripts\n# /// other\n"));
        assert!(!has_script_block(b""));
    }

    #[test]
    fn finds_the_table() {
        assert!(mentions_pybun(b"[project]\n[tool.pybun]\n"));
        assert!(!mentions_pybun(b"[tool.pybu"));
    }
}
