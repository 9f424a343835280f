//! Requirements files, as pip reads them.
//!
//! Source: pip documentation, requirements file format.

mod line;

use crate::problems::MAX_ERRORS;
use crate::{Declared, Error};
use line::{Line, LineOption, logical_lines};
use pybun_model::Joins;
use std::collections::BTreeMap;

/// What a set of requirements files asks for.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Requirements {
    pub requirements: Vec<Listed>,
    pub constraints: Vec<Listed>,
    /// Paths and URLs of `-e` lines and local paths, which have no name before they are built.
    pub sources: Vec<SourceTree>,
    pub index_url: Option<String>,
    pub extra_index_urls: Vec<String>,
    pub find_links: Vec<String>,
    pub no_index: bool,
    pub pre: bool,
    pub require_hashes: bool,
    pub prefer_binary: bool,
    pub no_binary: Vec<String>,
    pub only_binary: Vec<String>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Listed {
    pub declared: Declared,
    /// `algorithm:hex`, from `--hash` options.
    pub hashes: Vec<String>,
    pub path: String,
    pub line: usize,
}

/// A directory, archive or repository that is named by its place.
#[derive(Clone, Debug, PartialEq)]
pub struct SourceTree {
    pub place: String,
    pub editable: bool,
    pub path: String,
    pub line: usize,
}

/// Gives the bytes of a file, or says why not.
pub type Read<'a> = &'a mut dyn FnMut(&str) -> Result<Vec<u8>, String>;

const MAX_FILES: usize = 500;
const MAX_BYTES: usize = 32 << 20;
const MAX_DEPTH: usize = 50;

/// Reads files and everything that they include with `-r` and `-c`. Nested paths are relative to the file that names
/// them. `environment` gives the values of `${NAME}`. Everything that is wrong is told at once.
pub fn parse(paths: &[&str], environment: &BTreeMap<String, String>, read: Read) -> Result<Requirements, Vec<Error>> {
    let mut reader = Reader {
        environment,
        read,
        files: 0,
        bytes: 0,
        joins: Joins::default(),
        chain: Vec::new(),
        errors: Vec::new(),
        out: Requirements::default(),
    };
    for path in paths {
        reader.file(path, false, None);
    }
    if reader.errors.is_empty() { Ok(reader.out) } else { Err(reader.errors) }
}

struct Reader<'a> {
    environment: &'a BTreeMap<String, String>,
    read: Read<'a>,
    files: usize,
    bytes: usize,
    joins: Joins,
    /// The files that are being read, from the outermost.
    chain: Vec<String>,
    errors: Vec<Error>,
    out: Requirements,
}

impl Reader<'_> {
    fn tell(&mut self, error: Error) {
        if self.errors.len() < MAX_ERRORS {
            self.errors.push(error);
        }
    }

    fn file(&mut self, path: &str, constraint: bool, from: Option<(String, usize)>) {
        if let Some(start) = self.chain.iter().position(|above| above == path) {
            let chain = self.chain[start..].iter().cloned().chain([path.to_owned()]).collect();
            return self.tell(Error::RequirementsCycle { path: path.to_owned(), chain });
        }
        self.files += 1;
        if self.files > MAX_FILES || self.chain.len() >= MAX_DEPTH {
            let why = format!("more than {MAX_FILES} files or {MAX_DEPTH} levels");
            return self.tell(Error::RequirementsBound { why });
        }
        let text = match (self.read)(path).and_then(|bytes| decode(&bytes)) {
            Ok(text) => text,
            Err(why) => return self.tell(Error::RequirementsUnreadable { path: path.to_owned(), why, from }),
        };
        self.bytes += text.len();
        if self.bytes > MAX_BYTES {
            let why = format!("more than {MAX_BYTES} bytes");
            return self.tell(Error::RequirementsBound { why });
        }
        self.chain.push(path.to_owned());
        for line in logical_lines(&text, self.environment) {
            self.line(path, constraint, &line);
        }
        self.chain.pop();
    }

    fn line(&mut self, path: &str, constraint: bool, line: &Line) {
        let result = match line.parse() {
            Err(why) => Err(why),
            Ok((None, options)) => self.options(path, constraint, line, options),
            Ok((Some(text), options)) => self.requirement(path, constraint, line, &text, options),
        };
        if let Err(why) = result {
            self.tell(Error::RequirementsLine { path: path.to_owned(), line: line.number, why });
        }
    }

    fn options(&mut self, path: &str, constraint: bool, line: &Line, options: Vec<LineOption>) -> Result<(), String> {
        for LineOption { name, value } in options {
            let packages = || value.split(',').map(|name| name.trim().to_owned());
            match name {
                "--requirement" => self.file(&beside(path, &value), constraint, Some((path.to_owned(), line.number))),
                "--constraint" => self.file(&beside(path, &value), true, Some((path.to_owned(), line.number))),
                "--editable" if constraint => return Err("cannot be a constraint".to_owned()),
                "--editable" => self.source(path, line, value, true),
                "--index-url" => self.out.index_url = Some(value),
                "--extra-index-url" => self.out.extra_index_urls.push(value),
                "--find-links" => self.out.find_links.push(beside(path, &value)),
                "--no-binary" => self.out.no_binary.extend(packages()),
                "--only-binary" => self.out.only_binary.extend(packages()),
                "--no-index" => self.out.no_index = true,
                "--pre" => self.out.pre = true,
                "--require-hashes" => self.out.require_hashes = true,
                "--prefer-binary" => self.out.prefer_binary = true,
                "--hash" | "--config-settings" | "--global-option" => {
                    return Err(format!("has `{name}`, which belongs behind a requirement"));
                }
                _ => return Err(format!("uses `{name}`, which PyBun does not support")),
            }
        }
        Ok(())
    }

    fn requirement(
        &mut self,
        path: &str,
        constraint: bool,
        line: &Line,
        text: &str,
        options: Vec<LineOption>,
    ) -> Result<(), String> {
        let mut hashes = Vec::new();
        for LineOption { name, value } in options {
            match name {
                "--hash" if is_hash(&value) => hashes.push(value.to_ascii_lowercase()),
                "--hash" => {
                    return Err("has a hash that is not `sha256:` and 64 digits or the like".to_owned());
                }
                _ => return Err(format!("has `{name}` behind a requirement, which PyBun does not support")),
            }
        }
        if is_place(text) {
            let Some(named) = named_url(text) else {
                if constraint {
                    return Err("has no name, so it cannot be a constraint".to_owned());
                }
                self.source(path, line, text.to_owned(), false);
                return Ok(());
            };
            return self.requirement_of(path, constraint, line, &named, hashes);
        }
        self.requirement_of(path, constraint, line, text, hashes)
    }

    fn requirement_of(
        &mut self,
        path: &str,
        constraint: bool,
        line: &Line,
        text: &str,
        hashes: Vec<String>,
    ) -> Result<(), String> {
        let declared = Declared::parse_of(text, &self.joins).map_err(|why| match quotes(&why) {
            true => "is not a requirement".to_owned(),
            false => format!("is not a requirement: {why}"),
        })?;
        let listed = Listed { declared, hashes, path: path.to_owned(), line: line.number };
        if constraint { &mut self.out.constraints } else { &mut self.out.requirements }.push(listed);
        Ok(())
    }

    fn source(&mut self, path: &str, line: &Line, place: String, editable: bool) {
        self.out.sources.push(SourceTree { place, editable, path: path.to_owned(), line: line.number });
    }
}

/// Has a sentence of the parser parts of the text in it?
fn quotes(why: &str) -> bool {
    why.contains(['`', '\'', '"', ':'])
}

/// A path as seen from the directory of the file that names it; URLs and absolute paths stand for themselves.
fn beside(file: &str, path: &str) -> String {
    let windows_drive = path.as_bytes().get(1) == Some(&b':');
    if path.contains("://") || path.starts_with(['/', '\\']) || windows_drive {
        return path.strip_prefix("file://").unwrap_or(path).to_owned();
    }
    let directory = file.rfind(['/', '\\']).map_or("", |at| &file[..=at]);
    let mut joined = format!("{directory}{path}");
    while let Some(rest) = joined.strip_prefix("./") {
        joined = rest.to_owned();
    }
    joined.replace("/./", "/")
}

/// Is this a path or URL rather than `name…`? As pip decides: a URL scheme, a separator, a dot first, or an archive.
fn is_place(text: &str) -> bool {
    let head = text.split([';', '[']).next().unwrap_or(text).trim();
    if let Some((name, _)) = text.split_once('@') {
        let name = name.trim().split('[').next().unwrap_or_default();
        if !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b)) {
            return false;
        }
    }
    let archive = [".whl", ".tar.gz", ".zip", ".tgz"].iter().any(|suffix| head.ends_with(suffix));
    head.contains("://") || head.starts_with('.') || head.contains(['/', '\\']) || archive
}

/// `name @ url` for a URL that tells its name: a wheel, or `#egg=name`.
fn named_url(text: &str) -> Option<String> {
    let (url, marker) = text.split_once(" ;").map_or((text, None), |(url, marker)| (url, Some(marker)));
    if !url.contains("://") {
        return None;
    }
    let (place, fragment) = url.split_once('#').unwrap_or((url, ""));
    let egg = fragment.split('&').find_map(|part| part.strip_prefix("egg="));
    let file = place.rsplit('/').next().unwrap_or_default();
    let wheel = file.ends_with(".whl").then(|| file.split('-').next()).flatten();
    let name = egg.or(wheel).filter(|name| !name.is_empty())?;
    let marker = marker.map(|marker| format!(" ;{marker}")).unwrap_or_default();
    Some(format!("{name} @ {url}{marker}"))
}

fn is_hash(text: &str) -> bool {
    let digits = |algorithm: &str| match algorithm {
        "md5" => 32,
        "sha1" => 40,
        "sha224" => 56,
        "sha256" => 64,
        "sha384" => 96,
        "sha512" => 128,
        _ => 0,
    };
    text.split_once(':').is_some_and(|(algorithm, hex)| {
        hex.len() == digits(algorithm) && !hex.is_empty() && hex.bytes().all(|b| b.is_ascii_hexdigit())
    })
}

/// UTF-8 unless a byte order mark says UTF-16 or UTF-32.
fn decode(bytes: &[u8]) -> Result<String, String> {
    let wrong = |encoding: &str| format!("it is not {encoding}");
    if let Some(rest) = bytes.strip_prefix(b"\xef\xbb\xbf") {
        return String::from_utf8(rest.to_vec()).map_err(|_| wrong("UTF-8"));
    }
    for (mark, big) in [(&b"\xff\xfe\0\0"[..], false), (b"\0\0\xfe\xff", true)] {
        if let Some(rest) = bytes.strip_prefix(mark) {
            let units = rest.chunks(4).map(|unit| {
                let unit: [u8; 4] = unit.try_into().ok()?;
                char::from_u32(if big { u32::from_be_bytes(unit) } else { u32::from_le_bytes(unit) })
            });
            return units.collect::<Option<String>>().ok_or_else(|| wrong("UTF-32"));
        }
    }
    for (mark, big) in [(b"\xff\xfe", false), (b"\xfe\xff", true)] {
        if let Some(rest) = bytes.strip_prefix(mark).filter(|rest| rest.len() % 2 == 0) {
            let units: Vec<u16> =
                rest.chunks_exact(2)
                    .map(|unit| {
                        if big {
                            u16::from_be_bytes([unit[0], unit[1]])
                        } else {
                            u16::from_le_bytes([unit[0], unit[1]])
                        }
                    })
                    .collect();
            return String::from_utf16(&units).map_err(|_| wrong("UTF-16"));
        }
    }
    String::from_utf8(bytes.to_vec()).map_err(|_| wrong("UTF-8"))
}

#[cfg(test)]
#[path = "requirements/tests.rs"]
mod tests;
