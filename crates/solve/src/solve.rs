//! The loop.

use crate::facts::{file_to_ask, metadata_of, page_of};
use crate::remedy::Bounds;
use crate::{Fixes, Source, conflict, lock, remedy};
use pybun_lock::Lock;
use pybun_model::{
    CoreMetadata, Distribution, Emit, Event, IndexFile, MarkerEnvironment, PackageName, Phase, Problem, ProjectPage,
    Requirement, Sha256, Tags, Unit, Version, VersionOrUrl,
};
use pybun_resolver::{Conflict, Fact, Metadata, Resolver, Step, Why};
use rustc_hash::{FxHashMap, FxHashSet};
use std::collections::BTreeMap;
use std::sync::Arc;
use tokio::task::JoinSet;

/// What to resolve, and for whom.
#[derive(Clone, Debug)]
pub struct Request {
    pub inputs: pybun_lock::Inputs,
    pub target: Target,
    /// The interpreter at hand: it builds sdists, and without `requires-python` its version is the oldest.
    pub markers: MarkerEnvironment,
    pub tags: Arc<Tags>,
    /// The only files that may be locked, where a requirements file states digests.
    pub hashes: BTreeMap<PackageName, Vec<Sha256>>,
    /// Versions to keep where they still fit.
    pub previous: Option<Lock>,
    pub upgrade: Upgrade,
    /// What may be proposed where nothing fits.
    pub fixes: Fixes,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    /// Every platform and every Python that `requires-python` allows.
    Universal,
    /// The interpreter at hand only.
    Machine,
}

/// Which versions of the previous lock to let go.
#[derive(Clone, Debug, Default)]
pub enum Upgrade {
    #[default]
    Nothing,
    Packages(FxHashSet<PackageName>),
    Everything,
}

/// Resolves `request` with what `source` says.
///
/// Must run inside a tokio runtime. Errors are problems of the source (`fetch/…`, `build/…`) and
/// `resolve/unknown-package`, `resolve/no-matching-version`, `resolve/no-solution`.
pub async fn solve(request: &Request, source: Arc<dyn Source>, emit: Emit<'_>) -> Result<Lock, Problem> {
    if let Some(problem) = several_sources(request) {
        return Err(problem);
    }
    let mut resolver = Resolver::new(lock::resolver_inputs(request));
    let mut known = Known { direct: direct_urls(request), pages: FxHashMap::default() };
    let mut open: JoinSet<Result<Answer, Problem>> = JoinSet::new();
    let mut done = 0;
    // Much is asked for ahead of its need; a failure counts only once nothing else can move the resolution on.
    let mut failure: Option<Problem> = None;
    loop {
        match resolver.step() {
            Step::Done(resolution) => return lock::lock_of(request, &resolution, &known.pages),
            Step::Conflict(conflict) => {
                drop(open);
                return Err(unsolved(&conflict, &resolver, request, &mut known, &source).await);
            }
            Step::Need(requests) => {
                for wanted in requests {
                    known.start(wanted, request, &source, &mut open);
                }
            }
        }
        let Some(answer) = open.join_next().await else {
            return Err(failure.expect("a resolver that waits has asked for something"));
        };
        done += 1;
        let answer = match answer.map_err(|error| crashed(&error))? {
            Ok(answer) => answer,
            Err(problem) => {
                failure.get_or_insert(problem);
                continue;
            }
        };
        let total = Some(done + open.len() as u64);
        emit(Event::Progress { phase: Phase::Resolve, name: Some(answer.name()), done, total, unit: Unit::Packages });
        known.learn(&answer);
        resolver.answer(&answer.request, answer.fact);
        if let Some((request, fact)) = answer.also {
            resolver.answer(&request, fact);
        }
    }
}

async fn unsolved(
    conflict: &Conflict,
    resolver: &Resolver,
    request: &Request,
    known: &mut Known,
    source: &Arc<dyn Source>,
) -> Problem {
    let world = conflict::World { resolver, request };
    let story = conflict::Story::new(conflict, world);
    let problem = conflict::problem(conflict, &story, world, &**source);
    remedy::with_remedies(problem, &story, world, known, source, remedy::BOUNDS).await
}

/// Resolves another request with what `latest` knows, and leaves it knowing more. `None` when that does not succeed
/// within the bounds.
pub(crate) async fn attempt(
    latest: &mut Resolver,
    request: &Request,
    known: &mut Known,
    source: &Arc<dyn Source>,
    bounds: Bounds,
) -> Option<Lock> {
    *latest = latest.again(lock::resolver_inputs(request));
    let mut open: JoinSet<Result<Answer, Problem>> = JoinSet::new();
    let mut asked = 0;
    loop {
        match latest.step() {
            Step::Done(resolution) => return lock::lock_of(request, &resolution, &known.pages).ok(),
            Step::Conflict(_) => return None,
            Step::Need(requests) => {
                asked += requests.len();
                if asked > bounds.facts || latest.statistics().decisions > bounds.decisions {
                    return None;
                }
                requests.into_iter().for_each(|wanted| known.start(wanted, request, source, &mut open));
            }
        }
        let Ok(answer) = open.join_next().await?.ok()? else { continue };
        known.learn(&answer);
        latest.answer(&answer.request, answer.fact);
        if let Some((request, fact)) = answer.also {
            latest.answer(&request, fact);
        }
    }
}

struct Answer {
    request: pybun_resolver::Request,
    fact: Fact,
    page: Option<Arc<ProjectPage>>,
    /// Learned on the way.
    also: Option<(pybun_resolver::Request, Fact)>,
}

impl Answer {
    fn name(&self) -> String {
        match &self.request {
            pybun_resolver::Request::Page(name) => name.to_string(),
            pybun_resolver::Request::Metadata(name, version) => format!("{name} {version}"),
        }
    }
}

pub(crate) struct Known {
    direct: FxHashMap<PackageName, String>,
    pages: FxHashMap<PackageName, Arc<ProjectPage>>,
}

impl Known {
    fn learn(&mut self, answer: &Answer) {
        if let Some(page) = &answer.page {
            self.pages.insert(page.name.clone(), page.clone());
        }
    }

    fn start(
        &self,
        wanted: pybun_resolver::Request,
        request: &Request,
        source: &Arc<dyn Source>,
        open: &mut JoinSet<Result<Answer, Problem>>,
    ) {
        let source = source.clone();
        match wanted {
            pybun_resolver::Request::Page(name) => match self.direct.get(&name) {
                Some(url) => drop(open.spawn(ask_direct(source, name, url.clone()))),
                None => drop(open.spawn(ask_page(source, name))),
            },
            pybun_resolver::Request::Metadata(name, version) => {
                let file = self.pages.get(&name).and_then(|page| file_of(page, &version, &request.tags)).cloned();
                open.spawn(ask_metadata(source, name, version, file));
            }
        }
    }
}

fn file_of<'a>(page: &'a ProjectPage, version: &Version, tags: &Tags) -> Option<&'a IndexFile> {
    let of_version = || page.files.iter().filter(|file| file.distribution.version() == version);
    let kept = file_to_ask(of_version().filter(|file| !file.yanked.is_yanked()), tags);
    kept.or_else(|| file_to_ask(of_version(), tags))
}

async fn ask_page(source: Arc<dyn Source>, name: PackageName) -> Result<Answer, Problem> {
    let page = source.page(&name).await?;
    let fact = match &page {
        Some(page) => Fact::Page(Arc::new(page_of(page))),
        None => Fact::Missing(Why::NotFound),
    };
    Ok(Answer { request: pybun_resolver::Request::Page(name), fact, page, also: None })
}

async fn ask_direct(source: Arc<dyn Source>, name: PackageName, url: String) -> Result<Answer, Problem> {
    let direct = source.direct(&name, &url).await?;
    let version = direct.file.distribution.version().clone();
    let page =
        Arc::new(ProjectPage { name: name.clone(), files: vec![direct.file], ignored: 0, status: None, index: None });
    let metadata = Fact::Metadata(Arc::new(metadata_of(direct.metadata)));
    Ok(Answer {
        request: pybun_resolver::Request::Page(name.clone()),
        fact: Fact::Page(Arc::new(page_of(&page))),
        page: Some(page),
        also: Some((pybun_resolver::Request::Metadata(name, version), metadata)),
    })
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
    Ok(Answer { request: pybun_resolver::Request::Metadata(name, version), fact, page: None, also: None })
}

/// The index's own `requires-python` was looked at when the version was chosen; what an sdist's build says counts too.
fn usable(metadata: CoreMetadata, file: &IndexFile) -> Metadata {
    let mut metadata = metadata_of(metadata);
    if matches!(file.distribution, Distribution::Wheel(_)) && file.requires_python.is_some() {
        metadata.requires_python = None;
    }
    metadata
}

fn direct_urls(request: &Request) -> FxHashMap<PackageName, String> {
    let inputs = &request.inputs;
    let roots = inputs.roots.iter().flat_map(|root| &root.requirements);
    roots
        .chain(&inputs.constraints)
        .chain(&inputs.overrides)
        .filter_map(|requirement| match &requirement.version_or_url {
            Some(VersionOrUrl::Url(url)) => Some((requirement.name.clone(), url.to_string())),
            Some(VersionOrUrl::VersionSpecifier(_)) | None => None,
        })
        .collect()
}

/// One name from two places cannot be told apart yet, not even where markers exclude each other.
fn several_sources(request: &Request) -> Option<Problem> {
    let inputs = &request.inputs;
    let all = || inputs.roots.iter().flat_map(|root| &root.requirements).chain(&inputs.constraints);
    let url = |requirement: &Requirement| match &requirement.version_or_url {
        Some(VersionOrUrl::Url(url)) => Some(url.to_string()),
        Some(VersionOrUrl::VersionSpecifier(_)) | None => None,
    };
    let differs = |one: &&Requirement| {
        url(one).is_some()
            && all().any(|other| other.name == one.name && url(other).is_some_and(|of| Some(of) != url(one)))
    };
    let requirement = all().find(differs)?;
    let message = format!("`{}` is required from several URLs", requirement.name);
    Some(
        Problem::new("requirement/several-sources", message)
            .hint("Name one URL for each project; several with different markers are not supported yet")
            .with("package", requirement.name.as_ref()),
    )
}

fn crashed(error: &tokio::task::JoinError) -> Problem {
    Problem::new("resolve/crash", format!("a request ended without an answer ({error})"))
        .hint("This is a fault of PyBun; please report it")
}
