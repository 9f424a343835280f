//! RECORD: the list of a distribution's files. Source: "Recording installed projects", PEP 376 and PEP 627.

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD as URL_SAFE_NO_PAD;
use pybun_model::Sha256;
use std::str::FromStr;

/// One line: a path relative to the directory that holds the `.dist-info`, and what the file must be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Row {
    pub path: String,
    /// `sha256=...`, empty for files such as RECORD itself and bytecode.
    pub hash: String,
    pub size: Option<u64>,
}

impl Row {
    /// What it says of the content, when that is a SHA-256.
    pub fn sha256(&self) -> Option<Sha256> {
        let (algorithm, digest) = self.hash.split_once('=')?;
        if !algorithm.eq_ignore_ascii_case("sha256") {
            return None;
        }
        // Some write what the specification wants in Base64 as hexadecimal digits: gmsh does.
        let bytes = URL_SAFE_NO_PAD.decode(digest.trim_end_matches('=')).ok().and_then(|bytes| bytes.try_into().ok());
        bytes.map(Sha256).or_else(|| Sha256::from_str(&digest.to_ascii_lowercase()).ok())
    }
}

/// Reads the whole of a RECORD. Lines without a path are skipped, columns after the third are not looked at.
pub(crate) fn parse_record(bytes: &[u8]) -> Result<Vec<Row>, &'static str> {
    let text = str::from_utf8(bytes).map_err(|_| "it is not UTF-8")?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut rows = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        let mut fields = [String::new(), String::new(), String::new()];
        let mut column = 0;
        loop {
            let (field, after, last) = take_field(rest)?;
            if let Some(place) = fields.get_mut(column) {
                *place = field;
            }
            column += 1;
            rest = after;
            if last {
                break;
            }
        }
        let [path, hash, size] = fields;
        if !path.is_empty() {
            let size = if size.is_empty() { None } else { Some(size.parse().map_err(|_| "a size is no number")?) };
            rows.push(Row { path, hash, size });
        }
    }
    Ok(rows)
}

/// One field, what follows it, and whether it was the last one of its line.
fn take_field(text: &str) -> Result<(String, &str, bool), &'static str> {
    let Some(mut rest) = text.strip_prefix('"') else {
        let end = text.find([',', '\n', '\r']).unwrap_or(text.len());
        let (field, rest) = text.split_at(end);
        return end_field(field.to_owned(), rest);
    };
    let mut field = String::new();
    loop {
        let (part, after) = rest.split_once('"').ok_or("a quote is not closed")?;
        field.push_str(part);
        match after.strip_prefix('"') {
            Some(after) => {
                field.push('"');
                rest = after;
            }
            None => return end_field(field, after),
        }
    }
}

fn end_field(field: String, rest: &str) -> Result<(String, &str, bool), &'static str> {
    if let Some(rest) = rest.strip_prefix(',') {
        return Ok((field, rest, false));
    }
    let after = rest.strip_prefix("\r\n").or_else(|| rest.strip_prefix(['\n', '\r']));
    match after {
        Some(rest) => Ok((field, rest, true)),
        None if rest.is_empty() => Ok((field, rest, true)),
        None => Err("something follows a closing quote"),
    }
}

/// Appends a line with digest and size.
pub(crate) fn write_row(out: &mut String, path: &str, sha256: &[u8], size: u64) {
    write_path(out, path);
    out.push_str(",sha256=");
    write_base64(out, sha256);
    out.push(',');
    out.push_str(&size.to_string());
    out.push('\n');
}

/// Appends a line for a file that has no fixed content: RECORD itself, bytecode.
pub(crate) fn write_bare_row(out: &mut String, path: &str) {
    write_path(out, path);
    out.push_str(",,\n");
}

fn write_path(out: &mut String, path: &str) {
    // A byte order mark at the start would be taken for that of the file.
    if path.contains([',', '"', '\n', '\r']) || path.starts_with('\u{feff}') {
        out.push('"');
        out.push_str(&path.replace('"', "\"\""));
        out.push('"');
    } else {
        out.push_str(path);
    }
}

/// URL-safe base64 without padding.
pub(crate) fn write_base64(out: &mut String, bytes: &[u8]) {
    URL_SAFE_NO_PAD.encode_string(bytes, out);
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn record_hash(sha256: &Sha256) -> String {
        let mut text = "sha256=".to_owned();
        write_base64(&mut text, &sha256.0);
        text
    }

    #[test]
    fn reads_quotes_and_every_line_end() {
        let text = "\u{feff}a.py,sha256=x,3\r\n\"b,\"\"c\"\"\n.py\",,\nRECORD,,\r\n\n,,\nlast,h";
        let rows = parse_record(text.as_bytes()).unwrap();
        let paths: Vec<_> = rows.iter().map(|row| row.path.as_str()).collect();
        assert_eq!(paths, ["a.py", "b,\"c\"\n.py", "RECORD", "last"]);
        assert_eq!((rows[0].hash.as_str(), rows[0].size), ("sha256=x", Some(3)));
        assert_eq!(rows[1].size, None);
    }

    #[test]
    fn refuses_what_it_cannot_understand() {
        for text in [&b"\"a"[..], b"\"a\"b,,", b"a,,x", b"\xff,,"] {
            assert!(parse_record(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn a_digest_has_two_spellings() {
        let row = |hash: &str| Row { path: "a".to_owned(), hash: hash.to_owned(), size: None };
        let digest = Sha256([0xfb; 32]);
        for hash in [record_hash(&digest), format!("{}=", record_hash(&digest)), format!("SHA256={digest}")] {
            assert_eq!(row(&hash).sha256(), Some(digest), "{hash}");
        }
        for hash in ["", "sha256=", "sha256=AAAA", "sha256", "md5=1B2M2Y8AsgTpgAmY7PhCfg", "sha512=47DEQpj8HBSa"] {
            assert_eq!(row(hash).sha256(), None, "{hash}");
        }
    }

    proptest! {
        #[test]
        fn never_panics(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
            let _ = parse_record(&bytes);
        }

        #[test]
        fn never_panics_on_csv(text in "[a\",\r\n1é]{0,60}") {
            let _ = parse_record(text.as_bytes());
        }

        #[test]
        fn reads_what_it_writes(paths in prop::collection::vec("[a-z\",\r\n é/]{1,12}", 0..8), size in any::<u64>()) {
            let mut text = String::new();
            for path in &paths {
                write_row(&mut text, path, &[7; 32], size);
            }
            let rows = parse_record(text.as_bytes()).unwrap();
            let read: Vec<_> = rows.iter().map(|row| row.path.clone()).collect();
            prop_assert_eq!(read, paths);
            prop_assert!(rows.iter().all(|row| row.size == Some(size) && row.hash == record_hash(&Sha256([7; 32]))));
        }
    }
}
