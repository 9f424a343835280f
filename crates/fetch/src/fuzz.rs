//! What the fuzzer calls (`fuzz/`).

use crate::cache::{self, Entry};
use crate::netrc::Netrc;
use crate::zip_tail::{self, Part, Step};
use crate::{compact_page, pip_config};
use pybun_model::{IndexFile, PackageName, ProjectPage};
use url::Url;

/// A file of the cache of answers; the first byte says how much of the others is the head.
pub fn cache_entry(bytes: &[u8]) {
    drop(Entry::parse(bytes.to_vec()));
    let Some((size, rest)) = bytes.split_first() else { return };
    let (head, front) = rest.split_at(usize::from(*size).min(rest.len()));
    if let Some(entry) = Entry::parse(cache::sealed(head, front)) {
        entry.head.is_fresh(1_700_000_000);
        assert_eq!(entry.front(), front);
    }
}

/// As the front of a page in the cache, and as a page that is put there: it must come back as it was.
pub fn compact_page(bytes: &[u8]) {
    let name: PackageName = "six".parse().expect("`six` is a name");
    if let Some(page) = compact_page::decode(&name, bytes, Box::new(bytes.to_vec())) {
        page.files.iter().for_each(drop);
    }
    let base = Url::parse("https://index.example/simple/six/").expect("it is a URL");
    if let Ok(page) = ProjectPage::from_json(&name, bytes, &base) {
        let written = compact_page::encode(&page);
        let read = compact_page::decode(&name, &written.front, Box::new(written.rest));
        let read = read.expect("what was written can be read");
        let key = |page: &ProjectPage| {
            let mut files: Vec<IndexFile> = page.files.iter().cloned().collect();
            files.sort_by(|a, b| (a.distribution.version(), &a.filename).cmp(&(b.distribution.version(), &b.filename)));
            files
        };
        assert_eq!(key(&read), key(&page));
    }
}

pub fn netrc(bytes: &[u8]) {
    let netrc = Netrc::parse(&String::from_utf8_lossy(bytes));
    netrc.machine("index.example");
    netrc.default_login();
}

pub fn pip_configuration(bytes: &[u8]) {
    pip_config::parse(&String::from_utf8_lossy(bytes));
}

/// The end of a wheel as a server sends it; the first byte says how much of it comes first.
pub fn zip_tail(bytes: &[u8]) {
    let Some((window, bytes)) = bytes.split_first() else { return };
    let size = bytes.len() as u64;
    let cut = |from: u64, to: u64| Part { start: from, bytes: &bytes[from.min(size) as usize..to.min(size) as usize] };
    let mut start = size.saturating_sub(u64::from(*window) * 16);
    let member = loop {
        match zip_tail::find(cut(start, size), "METADATA", |name| name.ends_with("METADATA")) {
            Err(_) => return,
            Ok(Step::Done(member)) => break member,
            Ok(Step::Need(from, to)) => {
                assert!(from < to && to == start, "{from}..{to} from {start}: it would never end");
                start = from;
            }
        }
    };
    let mut part = cut(start, size);
    for _ in 0..3 {
        match zip_tail::extract(&member, part) {
            Ok(Step::Need(from, to)) => part = cut(from, to),
            Ok(Step::Done(content)) => return assert!(content.len() as u64 <= zip_tail::MAX_MEMBER),
            Err(_) => return,
        }
    }
}

#[cfg(test)]
#[path = "../../../fuzz/replay.rs"]
mod replay;

#[cfg(test)]
mod tests {
    use super::replay::replay;
    use super::*;

    #[test]
    fn known_inputs_do_no_harm() {
        replay("cache_entry", cache_entry);
        replay("compact_page", compact_page);
        replay("netrc", netrc);
        replay("pip_configuration", pip_configuration);
        replay("zip_tail", zip_tail);
    }
}
