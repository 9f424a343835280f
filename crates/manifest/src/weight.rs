//! How much a TOML text will weigh once it is read. A parsed table takes two kilobytes, and three bytes of text make one.

/// A lock of seven megabytes has 460,000; what has as many as this takes some 300 MB.
const MAX_WEIGHT: usize = 600_000;

/// Does the text have more keys, tables and values than any file that a person or a tool writes?
pub(crate) fn is_too_heavy(text: &str) -> bool {
    let mut rest = text.as_bytes();
    let mut weight = 0;
    while let Some((&byte, after)) = rest.split_first() {
        rest = match byte {
            b'"' | b'\'' => &rest[string(rest, byte)..],
            b'#' => &rest[until_line_end(rest)..],
            _ => after,
        };
        weight += match byte {
            // Each is a table: `a.b`, `[a]`, `{ a = 1 }`.
            b'.' | b'{' => 4,
            b'=' | b'[' => 2,
            b',' => 1,
            _ => 0,
        };
    }
    weight > MAX_WEIGHT
}

/// The length of a string with its quotes. One that is never closed ends where the parser gives it up.
fn string(text: &[u8], quote: u8) -> usize {
    let many = [quote; 3];
    let (open, close) = if text.starts_with(&many) { (3, &many[..]) } else { (1, &many[..1]) };
    let mut at = open;
    while at < text.len() {
        match text[at] {
            b'\\' if quote == b'"' => at += 2,
            b'\n' if open == 1 => return at,
            _ if text[at..].starts_with(close) => {
                // Two quotes more may stand before the three that close.
                let more = text[at + open..].iter().take(if open == 3 { 2 } else { 0 });
                return at + open + more.take_while(|byte| **byte == quote).count();
            }
            _ => at += 1,
        }
    }
    text.len()
}

fn until_line_end(text: &[u8]) -> usize {
    text.iter().position(|byte| *byte == b'\n').unwrap_or(text.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(part: &str) -> bool {
        is_too_heavy(&part.repeat(900_000 / part.len().min(5)))
    }

    #[test]
    fn tables_and_values_weigh() {
        for part in ["a.b.c=1\n", "[[a]]\n", "[a.b]\n", "x={y={}},", "=="] {
            assert!(refused(part), "{part}");
        }
    }

    #[test]
    fn what_stands_in_strings_and_comments_does_not() {
        for part in ["#a.b.c={}\n", "'a.b\\'\n", "\"{{\\\".\"", "'''\n.\n'''''", "\"\"\"\\\"\"\"..\"\"\"\"\""] {
            assert!(!refused(part), "{part}");
        }
        assert!(refused("\"\\\\\"...\n") && refused("'\\'...\n") && refused("'''a'''...\n") && refused("\"\"...."));
    }
}
