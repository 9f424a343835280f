//! The nouns of Python packaging that every other crate speaks in. Pure: no file system, network, clock or environment.

mod bounded;
mod distribution;
mod event;
mod files;
mod flat_page;
#[cfg(any(test, feature = "fuzz"))]
#[doc(hidden)]
pub mod fuzz;
mod harmless;
mod hash;
mod html_page;
mod index_page;
mod metadata;
mod problem;
mod processors;
mod public_index;
mod redact;
mod requirement;
mod tags;
mod url_base;

pub use bounded::{
    Joins, TooComplicated, locked_marker, locked_marker_holds, marker as bounded_marker,
    requirement as bounded_requirement, requirement_of as bounded_requirement_of,
};
pub use distribution::{BadDistributionName, Distribution, SdistName, WheelName};
pub use event::{Emit, Event, Phase, Unit, silent};
pub use files::{Files, ReadRelease};
pub use flat_page::FlatPage;
pub use harmless::{first_harmful, harmless, harmless_json, harmless_lines, is_harmful};
pub use hash::{BadSha256, Sha256};
pub use index_page::{BadPage, IndexFile, ProjectPage, Yanked};
pub use metadata::{BadMetadata, CoreMetadata};
pub use problem::{Fix, Problem, Safety};
pub use processors::processors;
pub use public_index::{PUBLIC_INDEX_HOSTS, PUBLIC_INDEX_URL, PUBLIC_STORAGE_URL};
pub use redact::{passed_on, redacted_text, redacted_url, text_without_credentials, without_credentials};
pub use requirement::{lenient_requirement, lenient_requires_python};
pub use tags::{Architecture, Libc, Platform, PythonTag, TagRank, Tags};
pub use url_base::UrlBase;

pub use uv_normalize::{ExtraName, GroupName, PackageName};
pub use uv_pep440::{Operator, Version, VersionSpecifier, VersionSpecifiers};
pub use uv_pep508::{
    ExtraOperator, MarkerEnvironment, MarkerExpression, MarkerTree, MarkerValueExtra, VerbatimUrl, VersionOrUrl,
};

/// A requirement as in PEP 508.
pub type Requirement = uv_pep508::Requirement<VerbatimUrl>;
