//! Project pages as HTML (PEP 503), for indexes that serve nothing else.

use crate::index_page::{BadPage, Builder, RawFile, Yanked};
use crate::{PackageName, ProjectPage, Sha256};
use html5gum::{StartTag, Token, Tokenizer};
use std::borrow::Cow;
use url::Url;

pub(crate) fn parse(name: &PackageName, bytes: &[u8], base: &Url) -> Result<ProjectPage, BadPage> {
    let text = std::str::from_utf8(bytes).map_err(|_| BadPage::NotText)?;
    let base = &base_of(text, base);
    if let Some(version) = meta(text, "pypi:repository-version").filter(|text| text.split('.').next() != Some("1")) {
        return Err(BadPage::api_version(&version));
    }
    let mut builder = Builder::new(name, base);
    for file in files(text) {
        builder.push(file)?;
    }
    let mut page = builder.finish();
    if page.files.is_empty() && start_tags(text).any(|tag| matches!(tag.name.as_slice(), b"form" | b"script")) {
        return Err(BadPage::WebPage);
    }
    page.status = meta(text, "pypi:project-status").map(Into::into);
    Ok(page.obeying_status())
}

/// What a `<meta>` before the links says (PEP 629, PEP 792).
fn meta(text: &str, name: &str) -> Option<String> {
    let mut head = start_tags(text).take_while(|tag| tag.name.as_slice() != b"a");
    let tag = head.find(|tag| tag.name.as_slice() == b"meta" && attribute(tag, "name").as_deref() == Some(name))?;
    attribute(&tag, "content")
}

/// Every link of a page, as a file.
pub(crate) fn files(text: &str) -> impl Iterator<Item = RawFile<'static>> + '_ {
    start_tags(text).filter(|tag| tag.name.as_slice() == b"a").filter_map(|tag| {
        let href = attribute(&tag, "href")?;
        let (path, fragment) = href.split_once('#').unwrap_or((&href, ""));
        let filename = path.split(['?']).next().unwrap_or(path).rsplit('/').next().unwrap_or(path);
        let metadata = attribute(&tag, "data-core-metadata").or_else(|| attribute(&tag, "data-dist-info-metadata"));
        Some(RawFile {
            filename: percent_decode(filename).into_owned().into(),
            url: path.to_owned().into(),
            sha256: digest(fragment),
            size: None,
            requires_python: attribute(&tag, "data-requires-python").map(Cow::Owned),
            yanked: match attribute(&tag, "data-yanked") {
                None => Yanked::No,
                Some(reason) if reason.is_empty() => Yanked::Yes(None),
                Some(reason) => Yanked::Yes(Some(reason.into())),
            },
            core_metadata: metadata.filter(|text| text != "false").map(|text| digest(&text)),
            upload_time: None,
        })
    })
}

/// `<base href>` moves what the links are relative to. It may not lead from the network to the files of this machine.
pub(crate) fn base_of(text: &str, base: &Url) -> Url {
    let tag = start_tags(text).take_while(|tag| tag.name.as_slice() != b"a").find(|tag| tag.name.as_slice() == b"base");
    let moved = tag.and_then(|tag| attribute(&tag, "href")).and_then(|href| base.join(&href).ok());
    let allowed = |moved: &Url| matches!(moved.scheme(), "http" | "https") || moved.scheme() == base.scheme();
    moved.filter(allowed).unwrap_or_else(|| base.clone())
}

fn start_tags(text: &str) -> impl Iterator<Item = StartTag<()>> + '_ {
    Tokenizer::new(text).filter_map(|token| match token {
        Ok(Token::StartTag(tag)) => Some(tag),
        _ => None,
    })
}

fn attribute(tag: &StartTag<()>, name: &str) -> Option<String> {
    let value = tag.attributes.get(name.as_bytes())?;
    Some(String::from_utf8_lossy(value).into_owned())
}

/// `sha256=<hex>`
fn digest(text: &str) -> Option<Sha256> {
    text.split('&').find_map(|part| part.strip_prefix("sha256=")).and_then(|hex| hex.parse().ok())
}

/// File names hold `%2B` for the `+` of a local version.
fn percent_decode(text: &str) -> Cow<'_, str> {
    if !text.contains('%') {
        return text.into();
    }
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, tail @ ..] = rest {
        let hex = |byte: &u8| (*byte as char).to_digit(16).map(|digit| digit as u8);
        match (first, tail) {
            (b'%', [high, low, after @ ..]) if hex(high).is_some() && hex(low).is_some() => {
                bytes.push(hex(high).unwrap_or(0) * 16 + hex(low).unwrap_or(0));
                rest = after;
            }
            _ => {
                bytes.push(*first);
                rest = tail;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned().into()
}
