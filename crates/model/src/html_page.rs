//! Project pages as HTML (PEP 503), for indexes that serve nothing else.

use crate::index_page::{BadPage, Builder, RawFile, Yanked};
use crate::{PackageName, ProjectPage, Sha256};
use html5gum::{StartTag, Token, Tokenizer};
use std::borrow::Cow;
use url::Url;

pub(crate) fn parse(name: &PackageName, bytes: &[u8], base: &Url) -> Result<ProjectPage, BadPage> {
    let text = std::str::from_utf8(bytes).map_err(|_| BadPage::NotText)?;
    let base = &base_of(text, base);
    let mut builder = Builder::new(name, base);
    for tag in start_tags(text).filter(|tag| tag.name.as_slice() == b"a") {
        let Some(href) = attribute(&tag, "href") else { continue };
        let (path, fragment) = href.split_once('#').unwrap_or((&href, ""));
        let filename = path.split(['?']).next().unwrap_or(path).rsplit('/').next().unwrap_or(path);
        let metadata = attribute(&tag, "data-core-metadata").or_else(|| attribute(&tag, "data-dist-info-metadata"));
        builder.push(RawFile {
            filename: percent_decode(filename),
            url: path.into(),
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
        })?;
    }
    Ok(builder.finish())
}

/// `<base href>` moves what the links are relative to.
fn base_of(text: &str, base: &Url) -> Url {
    let tag = start_tags(text).take_while(|tag| tag.name.as_slice() != b"a").find(|tag| tag.name.as_slice() == b"base");
    tag.and_then(|tag| attribute(&tag, "href")).and_then(|href| base.join(&href).ok()).unwrap_or_else(|| base.clone())
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
