//! Pages and metadata of an index as the resolver takes them.

use crate::Cutoff;
use pybun_model::{CoreMetadata, Distribution, IndexFile, ProjectPage, TagRank, Tags, lenient_requires_python};
use pybun_resolver::{File, Metadata, Page, RequiresPython};
use rustc_hash::FxHashMap;
use std::sync::Arc;

/// The files of a page by version that count, with `requires-python` parsed once per distinct text.
pub(crate) fn page_of(page: &ProjectPage, cutoff: Option<Cutoff>) -> Page {
    let mut pythons: FxHashMap<&str, Option<Arc<RequiresPython>>> = FxHashMap::default();
    let counts = |file: &&IndexFile| cutoff.is_none_or(|cutoff| cutoff.admits(file));
    let files = page.files.iter().filter(counts).map(|file| {
        let requires_python = file.requires_python.as_deref().and_then(|text| {
            let parse = || lenient_requires_python(text).map(|specifiers| Arc::new(RequiresPython::from(specifiers)));
            pythons.entry(text).or_insert_with(parse).clone()
        });
        let filename = file.filename.clone();
        (file.distribution.version().clone(), File { filename, requires_python, yanked: file.yanked.is_yanked() })
    });
    Page::new(files.collect())
}

pub(crate) fn metadata_of(metadata: CoreMetadata) -> Metadata {
    Metadata {
        requires: metadata.requires_dist,
        requires_python: metadata.requires_python.map(|specifiers| Arc::new(RequiresPython::from(specifiers))),
    }
}

/// The file of a version whose metadata is the cheapest to get and most likely right for this interpreter: a
/// wheel whose metadata the index serves, a wheel that fits, any wheel, an sdist.
pub(crate) fn file_to_ask<'a>(files: impl Iterator<Item = &'a IndexFile>, tags: &Tags) -> Option<&'a IndexFile> {
    files.min_by_key(|file| match &file.distribution {
        Distribution::Wheel(wheel) => {
            let rank = tags.rank(wheel);
            (0, rank.is_none(), file.core_metadata.is_none(), rank.unwrap_or(TagRank::MAX), file.filename.as_ref())
        }
        Distribution::Sdist(_) => (1, true, true, TagRank::MAX, file.filename.as_ref()),
    })
}
