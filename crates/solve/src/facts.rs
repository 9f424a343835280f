//! Pages and metadata of an index as the resolver takes them.

use crate::Cutoff;
use pybun_model::{CoreMetadata, Distribution, IndexFile, ProjectPage, TagRank, Tags, lenient_requires_python};
use pybun_resolver::{File, Metadata, Page, RequiresPython};
use rustc_hash::FxHashMap;
use std::sync::{Arc, Mutex, PoisonError};

/// The files of a page by version that count. From a cache they are read when they are asked for, unless a cutoff makes
/// the versions themselves depend on them.
pub(crate) fn page_of(page: &Arc<ProjectPage>, cutoff: Option<Cutoff>) -> Page {
    let mut pythons = Pythons::default();
    match (page.files.versions(), cutoff) {
        (Some(versions), None) => {
            let (page, pythons) = (page.clone(), Mutex::new(pythons));
            Page::read_later(versions.to_vec(), move |place| {
                let mut pythons = pythons.lock().unwrap_or_else(PoisonError::into_inner);
                page.files.at(place).iter().map(|file| pythons.file(file)).collect()
            })
        }
        (_, cutoff) => {
            let files = page.files.iter().filter(|file| cutoff.is_none_or(|cutoff| cutoff.admits(file)));
            Page::new(files.map(|file| (file.distribution.version().clone(), pythons.file(file))).collect())
        }
    }
}

/// `requires-python`, parsed once per distinct text.
#[derive(Default)]
struct Pythons(FxHashMap<Arc<str>, Option<Arc<RequiresPython>>>);

impl Pythons {
    fn file(&mut self, file: &IndexFile) -> File {
        let requires_python = file.requires_python.as_ref().and_then(|text| {
            let parse = || lenient_requires_python(text).map(|specifiers| Arc::new(RequiresPython::from(specifiers)));
            self.0.entry(text.clone()).or_insert_with(parse).clone()
        });
        File::new(file.filename.clone(), requires_python, file.yanked.is_yanked())
    }
}

pub(crate) fn metadata_of(metadata: CoreMetadata) -> Metadata {
    Metadata {
        requires: metadata.requires_dist.into_iter().map(Into::into).collect(),
        extras: metadata.provides_extra,
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
