//! Text of others without what a terminal obeys, what turns the direction of writing, and what starts a new line. The one home
//! of this in Rust; `ts/report/harmless.ts` does the same.

use std::borrow::Cow;

/// Control characters (C0, DEL and C1, with all line ends and tabs), separators of lines and paragraphs, and marks that turn
/// the direction of writing.
pub fn is_harmful(c: char) -> bool {
    c.is_control()
        || matches!(
            c,
            '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}'
        )
}

/// The first harmful character of a text. Quick, for nearly every text is plain ASCII.
pub fn first_harmful(text: &str) -> Option<char> {
    if is_plain(text) { None } else { text.chars().find(|c| is_harmful(*c)) }
}

/// One line, whatever was in the text: harmful characters are shown by their numbers.
pub fn harmless(text: &str) -> Cow<'_, str> {
    escaped(text, |_| false)
}

/// The same for text that is lines: they and tabs stay.
pub fn harmless_lines(text: &str) -> Cow<'_, str> {
    escaped(text, |c| matches!(c, '\n' | '\t'))
}

/// A text of JSON that means the same and has no harmful character in its texts.
pub fn harmless_json(json: &str) -> Cow<'_, str> {
    replaced(json, |c| matches!(c, '\n' | '\t' | '\r'), |c, out| out.push_str(&format!("\\u{:04x}", u32::from(c))))
}

fn escaped(text: &str, stays: impl Fn(char) -> bool) -> Cow<'_, str> {
    replaced(text, stays, |c, out| {
        let code = u32::from(c);
        // Beyond ASCII as JSON has it, so that a text of JSON stays one.
        out.push_str(&if c < ' ' { format!("\\x{code:02x}") } else { format!("\\u{code:04x}") });
    })
}

fn is_plain(text: &str) -> bool {
    text.bytes().all(|byte| (b' '..0x7f).contains(&byte))
}

fn replaced(text: &str, stays: impl Fn(char) -> bool, write: impl Fn(char, &mut String)) -> Cow<'_, str> {
    if is_plain(text) || !text.chars().any(|c| is_harmful(c) && !stays(c)) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        if is_harmful(c) && !stays(c) { write(c, &mut out) } else { out.push(c) }
    }
    Cow::Owned(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_terminal_obeys_is_shown() {
        let text = "a\x1b]0;t\x07\r\n\u{202e}b\u{9b}\u{2028}\u{85}é日";
        assert_eq!(harmless(text), "a\\x1b]0;t\\x07\\x0d\\x0a\\u202eb\\u009b\\u2028\\u0085é日");
        assert_eq!(harmless_lines("a\n\tb\x1b[0m"), "a\n\tb\\x1b[0m");
        assert!(matches!(harmless("plain é"), Cow::Borrowed(_)));
    }

    #[test]
    fn json_means_the_same() {
        let value = serde_json::json!({ "a\u{2028}": "b\u{9b}\u{7f}\u{202e}\n" });
        let text = serde_json::to_string(&value).unwrap();
        let harmless = harmless_json(&text);
        assert!(!harmless.chars().any(is_harmful), "{harmless}");
        assert_eq!(serde_json::from_str::<serde_json::Value>(&harmless).unwrap(), value);
    }
    #[test]
    fn a_requirement_holds_none() {
        for c in ['\n', '\r', '\x1b', '\u{85}', '\u{2028}', '\u{202e}'] {
            let text = format!("a ; platform_version != 'x{c}--index-url y'");
            let why = crate::bounded_requirement(&text).unwrap_err();
            assert!(why.contains("U+"), "{why}");
        }
        crate::bounded_requirement("a\t>=1 ;\n  os_name == 'é'").unwrap();
    }
}
