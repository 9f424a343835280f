//! What indexes and URLs have said so far, and the questions that are still open.

use crate::facts::{file_to_ask, metadata_of, page_of};
use crate::failures::{Failure, text_of};
use crate::{Cutoff, Direct, Request, Source, Wanted};
use pybun_lock::Assigned;
use pybun_model::{CoreMetadata, Distribution, IndexFile, PackageName, Problem, ProjectPage, Tags, Version};
use pybun_resolver::{Fact, Metadata, Request as Question, Why};
use rustc_hash::FxHashMap;
use std::sync::Arc;
use tokio::task::JoinSet;

#[derive(Default)]
pub(crate) struct Known {
    pub(crate) pages: FxHashMap<PackageName, Arc<ProjectPage>>,
    direct: FxHashMap<PackageName, FxHashMap<Arc<str>, Direct>>,
    /// Who was seen to require a name first, and in which words.
    askers: FxHashMap<PackageName, (PackageName, Version, String)>,
}

pub(crate) type Open = JoinSet<Result<Answer, Failure>>;

pub(crate) struct Answer {
    pub(crate) question: Question,
    pub(crate) fact: Fact,
    found: Found,
}

/// What a lock will need of an answer.
enum Found {
    Page(Arc<ProjectPage>),
    Direct(Box<Direct>),
    Nothing,
}

impl Answer {
    /// For people; a URL may hold credentials and is not told.
    pub(crate) fn name(&self) -> String {
        match &self.question {
            Question::Page(name) | Question::Direct(name, _) => name.to_string(),
            Question::Metadata(name, version) => format!("{name} {version}"),
        }
    }
}

impl Known {
    /// Starts to find the answer to `question`.
    pub(crate) fn start(&self, question: Question, request: &Request, source: &Arc<dyn Source>, open: &mut Open) {
        let source = source.clone();
        let asked = question.clone();
        let told = |problem| Failure { question: asked, problem };
        match question {
            Question::Page(name) => {
                let cutoff = request.cutoff;
                open.spawn(async move { ask_page(source, name, cutoff).await.map_err(told) });
            }
            Question::Metadata(name, version) => {
                let file = self.pages.get(&name).and_then(|page| file_of(page, &version, &request.tags)).cloned();
                open.spawn(async move { ask_metadata(source, name, version, file).await.map_err(told) });
            }
            Question::Direct(name, url) => {
                let editable = request.inputs.sources.get(&name) == Some(&Assigned::Editable);
                let wanted = Wanted { name, url, editable };
                open.spawn(async move { ask_direct(source, wanted).await.map_err(told) });
            }
        }
    }

    /// Keeps what a lock will need of an answer, and returns the rest of it.
    pub(crate) fn learn(&mut self, answer: Answer) -> (Question, Fact) {
        let Answer { question, fact, found } = answer;
        match (&question, &fact) {
            (Question::Metadata(name, version), Fact::Metadata(metadata)) => self.note_asker(name, version, metadata),
            (Question::Direct(name, _), Fact::Direct(direct)) => {
                self.note_asker(name, &direct.version, &direct.metadata);
            }
            (_, Fact::Page(_) | Fact::Metadata(_) | Fact::Direct(_) | Fact::Missing(_)) => {}
        }
        match (found, &question) {
            (Found::Page(page), _) => drop(self.pages.insert(page.name.clone(), page)),
            (Found::Direct(direct), Question::Direct(name, url)) => {
                self.direct.entry(name.clone()).or_default().insert(url.clone(), *direct);
            }
            (Found::Direct(_) | Found::Nothing, _) => {}
        }
        (question, fact)
    }

    fn note_asker(&mut self, name: &PackageName, version: &Version, metadata: &Metadata) {
        for requirement in metadata.requires.iter().map(|need| &need.requirement) {
            let asked = || (name.clone(), version.clone(), text_of(requirement));
            self.askers.entry(requirement.name.clone()).or_insert_with(asked);
        }
    }

    /// The release that requires `name`, and in which words. The first that was seen, which need not be chosen.
    pub(crate) fn asker(&self, name: &PackageName) -> Option<&(PackageName, Version, String)> {
        self.askers.get(name)
    }

    /// Could something that was kept on disk no longer be read?
    pub(crate) fn is_damaged(&self) -> bool {
        self.pages.values().any(|page| page.files.is_damaged())
    }

    pub(crate) fn direct(&self, name: &PackageName, url: &str) -> Option<&Direct> {
        self.direct.get(name)?.get(url)
    }
}

fn file_of<'a>(page: &'a ProjectPage, version: &Version, tags: &Tags) -> Option<&'a IndexFile> {
    let of_version = || page.files.of(version);
    let kept = file_to_ask(of_version().filter(|file| !file.yanked.is_yanked()), tags);
    kept.or_else(|| file_to_ask(of_version(), tags))
}

async fn ask_page(source: Arc<dyn Source>, name: PackageName, cutoff: Option<Cutoff>) -> Result<Answer, Problem> {
    let page = source.page(&name).await?;
    let (fact, found) = match page {
        Some(page) if page.status.as_deref() == Some("quarantined") => {
            (Fact::Missing(Why::Quarantined), Found::Nothing)
        }
        Some(page) if page.files.is_empty() => (Fact::Missing(Why::NoFiles), Found::Nothing),
        Some(page) => {
            let counting = page_of(&page, cutoff);
            let too_new = cutoff.is_some() && counting.versions.is_empty();
            let fact = if too_new { Fact::Missing(Why::TooNew) } else { Fact::Page(Arc::new(counting)) };
            (fact, Found::Page(page))
        }
        None => (Fact::Missing(Why::NotFound), Found::Nothing),
    };
    Ok(Answer { question: Question::Page(name), fact, found })
}

async fn ask_direct(source: Arc<dyn Source>, wanted: Wanted) -> Result<Answer, Problem> {
    let direct = source.direct(&wanted).await?;
    let fact = Fact::Direct(Arc::new(pybun_resolver::Direct {
        version: direct.metadata.version.clone(),
        metadata: Arc::new(metadata_of(direct.metadata.clone())),
    }));
    Ok(Answer { question: Question::Direct(wanted.name, wanted.url), fact, found: Found::Direct(Box::new(direct)) })
}

async fn ask_metadata(
    source: Arc<dyn Source>,
    name: PackageName,
    version: Version,
    file: Option<IndexFile>,
) -> Result<Answer, Problem> {
    let fact = match file {
        None => Fact::Missing(Why::NoFiles),
        Some(file) => match source.metadata(&file).await {
            Ok(metadata) => Fact::Metadata(Arc::new(usable(metadata, &file))),
            // A version whose metadata nobody can read is skipped, as if the index did not have it; everything
            // else (no network, a failing build) says nothing about the version.
            Err(problem) if problem.code == "fetch/bad-metadata" => Fact::Missing(Why::BadMetadata(problem.message)),
            Err(problem) => return Err(problem),
        },
    };
    Ok(Answer { question: Question::Metadata(name, version), fact, found: Found::Nothing })
}

/// The index's own `requires-python` was looked at when the version was chosen; what an sdist's build says counts too.
fn usable(metadata: CoreMetadata, file: &IndexFile) -> Metadata {
    let mut metadata = metadata_of(metadata);
    if matches!(file.distribution, Distribution::Wheel(_)) && file.requires_python.is_some() {
        metadata.requires_python = None;
    }
    metadata
}
