//! URLs that differ in their path alone, made without parsing each: a page holds thousands of them.

use url::Url;

/// Scheme and authority of URLs. A URL is a text and the places of its parts in it, and without query and fragment the
/// places depend on scheme and authority alone, so they can be taken from any URL that was parsed.
#[derive(Clone, Debug)]
pub struct UrlBase {
    /// `https://host:port`, without a slash at the end.
    text: Box<str>,
    /// What follows the text in the serialised form of every URL of this base.
    places: Vec<u8>,
    buffer: Vec<u8>,
}

impl UrlBase {
    /// `None` for URLs that have no host.
    pub fn of(url: &Url) -> Option<Self> {
        url.host_str()?;
        let mut root = url.clone();
        root.set_query(None);
        root.set_fragment(None);
        root.set_path("/");
        let text = root.as_str().strip_suffix('/')?;
        let mut serializer = postcard::Serializer { output: postcard::ser_flavors::AllocVec::new() };
        root.serialize_internal(&mut serializer).ok()?;
        let bytes = postcard::ser_flavors::Flavor::finalize(serializer.output).ok()?;
        let (stored, places) = postcard::take_from_bytes::<&str>(&bytes).ok()?;
        (stored == root.as_str()).then(|| Self { text: text.into(), places: places.to_vec(), buffer: Vec::new() })
    }

    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The URL with the path `directory` + `name`, which must be the path of a URL already: absolute and normalised.
    pub fn join(&mut self, directory: &str, name: &str) -> Option<Url> {
        if !directory.starts_with('/') {
            return None;
        }
        self.buffer.clear();
        let mut length = self.text.len() + directory.len() + name.len();
        while length >= 0x80 {
            self.buffer.push(length as u8 | 0x80);
            length >>= 7;
        }
        self.buffer.push(length as u8);
        for part in [self.text.as_bytes(), directory.as_bytes(), name.as_bytes(), &self.places] {
            self.buffer.extend_from_slice(part);
        }
        Url::deserialize_internal(&mut postcard::Deserializer::from_bytes(&self.buffer)).ok()
    }

    /// The URL `text` if it is one of this base and its path needs no normalising.
    pub fn parse(&mut self, text: &str) -> Option<Url> {
        let path = text.strip_prefix(&*self.text)?;
        is_plain(path).then(|| self.join(path, "")).flatten()
    }
}

/// Characters that stand for themselves in a path, and no segment that is a dot or two.
fn is_plain(path: &str) -> bool {
    let allowed =
        |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'/' | b'.' | b'_' | b'-' | b'+' | b'!' | b'~');
    path.starts_with('/') && path.bytes().all(allowed) && !path.contains("/.")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn joined_urls_equal_parsed_ones() {
        for base in
            ["https://h.example", "http://u:p@h.example:81", "http://[::1]:8080", "http://127.0.0.1", "https://x:9"]
        {
            let url = Url::parse(&format!("{base}/a/b?q#f")).unwrap();
            let mut base = UrlBase::of(&url).unwrap();
            for path in [
                "/",
                "/a",
                "/packages/ab/a-1.0+x-py3-none-any.whl",
                "/a//b/",
                "/a%20b",
                &format!("/{}", "x".repeat(500)),
            ] {
                let text = format!("{}{path}", base.as_str());
                let expected = Url::parse(&text).unwrap();
                for joined in [base.join(path, "").unwrap(), base.parse(&text).unwrap_or_else(|| expected.clone())] {
                    assert_eq!((joined.as_str(), &joined), (expected.as_str(), &expected));
                    assert_eq!((joined.host(), joined.port()), (expected.host(), expected.port()));
                    assert_eq!((joined.path(), joined.query(), joined.fragment()), (path, None, None));
                    assert_eq!(joined.username(), expected.username());
                }
            }
        }
    }

    #[test]
    fn leaves_what_needs_normalising() {
        let mut base = UrlBase::of(&Url::parse("https://h.example/").unwrap()).unwrap();
        for text in [
            "https://h.example",
            "https://h.example.evil/a",
            "https://h.example:8/a",
            "https://h.example/a?b",
            "https://h.example/../a",
            "https://h.example/a/./b",
            "https://h.example/a#b",
            "https://h.example/a b",
            "https://h.example\\a",
            "https://h.example/ä",
            "https://h.example@evil/",
            "HTTPS://h.example/a",
        ] {
            assert_eq!(base.parse(text), None, "{text}");
        }
        assert!(UrlBase::of(&Url::parse("data:x").unwrap()).is_none());
    }
}
