//! From what a plan wants to wheels in the store.

use crate::Supply;
use crate::direct::{self, Place};
use crate::early::Early;
use pybun_fetch::Arrival;
use pybun_install::Unpacking;
use pybun_lock::Source;
use pybun_model::{
    Distribution, Event, IndexFile, PackageName, Phase, Problem, SdistName, Sha256, Unit, Version, WheelName,
};
use pybun_plan::Chosen;
use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use tokio::task::JoinSet;

/// A locked file that an environment is to get.
#[derive(Clone, Debug)]
pub struct Want {
    pub name: PackageName,
    pub version: Version,
    pub filename: Box<str>,
    pub source: Source,
    pub sha256: Option<Sha256>,
    pub size: Option<u64>,
    pub storage: Option<[u8; 32]>,
    /// `None` for an sdist.
    pub wheel: Option<WheelName>,
}

/// A wheel in the store, and how it came there.
#[derive(Clone, Copy, Debug)]
pub struct Supplied {
    /// The position of the want it answers.
    pub position: usize,
    pub sha256: Sha256,
    /// Zero when nothing had to be transferred.
    pub downloaded_bytes: u64,
    pub built: bool,
}

impl From<&Chosen<'_>> for Want {
    fn from(chosen: &Chosen<'_>) -> Self {
        Self {
            name: chosen.package.name.clone(),
            version: chosen.package.version.clone(),
            filename: chosen.file.filename.clone(),
            source: chosen.package.source.clone(),
            sha256: chosen.file.sha256,
            size: chosen.file.size,
            storage: chosen.file.storage,
            wheel: chosen.wheel.clone(),
        }
    }
}

impl Supply {
    /// Brings every want into the store, in parallel. Returns them in the order of `wants`; the first problem ends the
    /// work, and what is already in the store stays there.
    pub async fn wheels(&self, wants: Vec<Want>) -> Result<Vec<Supplied>, Problem> {
        let progress = Arc::new(Progress::new(self, &wants));
        let mut open = JoinSet::new();
        for (position, want) in from_both_ends(wants) {
            let (supply, progress) = (self.clone(), progress.clone());
            open.spawn(async move {
                let result = supply.one(&want, &progress).await;
                progress.finished(&want);
                result.map(|supplied| Supplied { position, ..supplied })
            });
        }
        let mut supplied = Vec::new();
        let mut missing = Vec::new();
        while let Some(one) = open.join_next().await {
            match one.map_err(|error| crashed(&error))? {
                Ok(one) => supplied.push(one),
                // Whoever is offline wants to know all of what is missing, and no work is lost by going on.
                Err(problem) if problem.code == "fetch/offline" => missing.push(problem),
                Err(problem) => {
                    open.shutdown().await;
                    self.come_to_rest().await;
                    return Err(problem);
                }
            }
        }
        if let Some(problem) = Problem::all_of_first(missing) {
            return Err(problem);
        }
        supplied.sort_by_key(|one| one.position);
        Ok(supplied)
    }

    /// What is being unpacked cannot be broken off, and is only cleaned up after while the process lives.
    async fn come_to_rest(&self) {
        let all = u32::try_from(pybun_install::cpu_threads()).unwrap_or(u32::MAX);
        let _ = self.shared.unpacking.acquire_many(all).await;
    }

    async fn one(&self, want: &Want, progress: &Progress) -> Result<Supplied, Problem> {
        if let Source::Git { .. } | Source::Directory { .. } = &want.source {
            let sha256 = self.wheel_of_tree(&want.name, &want.source).await?;
            return Ok(Supplied { position: 0, sha256, downloaded_bytes: 0, built: true });
        }
        match &want.wheel {
            None => {
                let (file, subdirectory) = self.file_of(want).await?;
                let (sha256, downloaded_bytes) = self.built_wheel(&file, subdirectory.as_deref()).await?;
                Ok(Supplied { position: 0, sha256, downloaded_bytes, built: true })
            }
            Some(wheel) => {
                if let Some(sha256) = want.sha256.filter(|sha256| self.shared.store.has(sha256)) {
                    return Ok(Supplied { position: 0, sha256, downloaded_bytes: 0, built: false });
                }
                let (sha256, downloaded_bytes) = self.downloaded(want, wheel, progress).await?;
                Ok(Supplied { position: 0, sha256, downloaded_bytes, built: false })
            }
        }
    }

    async fn downloaded(&self, want: &Want, wheel: &WheelName, progress: &Progress) -> Result<(Sha256, u64), Problem> {
        let (file, _) = self.file_of(want).await?;
        let permit = self.shared.downloading.acquire().await.expect("the semaphore is never closed");
        let unpacking = &self.shared.unpacking;
        let problem = |error: pybun_install::Error| Problem::from(&error);
        let early = Early::new(&self.shared.store, wheel, unpacking.clone());
        // Nothing is done early with what may be anything.
        let arrival = want.sha256.is_some().then_some(&early as &dyn Arrival);
        let emit = |event| progress.emit(event);
        let download = self.shared.client.download_watched(&file, arrival, &emit).await;
        let download = download.map_err(|error| Problem::from(&error))?;
        drop(permit);
        let permit = unpacking.clone().acquire_owned().await.expect("the semaphore is never closed");
        // The last ones have the processors for themselves.
        let threads = (pybun_install::cpu_threads() / progress.left()).max(1);
        let options = Unpacking { threads, check_record: want.sha256.is_none() };
        let size = download.size;
        let unpack = move || {
            let _permit = permit;
            early.finish(&download.path, download.sha256, options)
        };
        let stored = tokio::task::spawn_blocking(unpack).await.map_err(|error| crashed(&error))?;
        stored.map(|stored| (stored.sha256, size)).map_err(problem)
    }

    /// Where the file is, and where in it the project.
    async fn file_of(&self, want: &Want) -> Result<(IndexFile, Option<String>), Problem> {
        let text = match &want.source {
            Source::Index { .. } => {
                let file = match want.sha256 {
                    Some(sha256) => {
                        let client = &self.shared.client;
                        let located = client.locate(&want.name, &want.filename, &sha256, want.storage).await;
                        located.map_err(|error| Problem::from(&error))?
                    }
                    None => self.file_without_digest(want).await?,
                };
                return Ok((file, None));
            }
            Source::Url(url) => self.with_credentials(url),
            Source::Path(path) => self.url_of_path(path),
            Source::Git { .. } | Source::Directory { .. } => unreachable!("trees are no files"),
        };
        match direct::parse(&want.name, &text)? {
            Place::Archive(archive) => {
                let sha256 = want.sha256.or(archive.file.sha256);
                let distribution = match &want.wheel {
                    Some(_) => archive.file.distribution,
                    // The URL's own name may say nothing.
                    None => Distribution::Sdist(SdistName { name: want.name.clone(), version: want.version.clone() }),
                };
                let file = IndexFile { sha256, size: want.size, distribution, ..archive.file };
                Ok((file, archive.subdirectory))
            }
            Place::Directory(_) | Place::Git(_) => {
                Err(direct::unusable(&want.name, &text, "it is no archive any more"))
            }
        }
    }

    /// An index that states no digests is asked by file name alone.
    async fn file_without_digest(&self, want: &Want) -> Result<IndexFile, Problem> {
        let page = self.shared.client.page(&want.name).await.map_err(|error| Problem::from(&error))?;
        let mut files = page.iter().flat_map(|page| &page.files);
        files.find(|file| file.filename == want.filename).cloned().ok_or_else(|| {
            Problem::new("fetch/file-gone", format!("no configured index has `{}` any more", want.filename))
                .hint("Resolve again to choose another file")
                .with("package", want.name.as_ref())
        })
    }
}

/// With their positions: the largest, the smallest, the second largest and so on. Large ones take longest, so that none
/// may begin late; many small ones wait for answers more than for bytes, in which time a large one fills the line.
fn from_both_ends(wants: Vec<Want>) -> Vec<(usize, Want)> {
    let mut order: VecDeque<(usize, Want)> = wants.into_iter().enumerate().collect();
    order.make_contiguous().sort_by_key(|(_, want)| std::cmp::Reverse(want.size.unwrap_or(0)));
    let mut mixed = Vec::with_capacity(order.len());
    while let Some(large) = order.pop_front() {
        mixed.push(large);
        mixed.extend(order.pop_back());
    }
    mixed
}

pub(crate) fn crashed(error: &tokio::task::JoinError) -> Problem {
    Problem::new("supply/crash", format!("a piece of work ended without an answer ({error})"))
        .hint("This is a fault of PyBun; please report it")
}

/// Adds up what the parallel downloads report, so that a person sees one bar.
struct Progress {
    supply: Supply,
    total: Option<u64>,
    finished: AtomicU64,
}

impl Progress {
    fn new(supply: &Supply, wants: &[Want]) -> Self {
        Self { supply: supply.clone(), total: Some(wants.len() as u64), finished: AtomicU64::new(0) }
    }

    /// Bytes of single files are of interest only while there is one file.
    fn emit(&self, event: Event) {
        let is_bytes = matches!(&event, Event::Progress { unit: Unit::Bytes, .. });
        if !is_bytes || self.total == Some(1) {
            (self.supply.shared.emit)(event);
        }
    }

    /// How many are not finished, at least one.
    fn left(&self) -> usize {
        let left = self.total.unwrap_or(0).saturating_sub(self.finished.load(Ordering::Relaxed));
        usize::try_from(left).unwrap_or(usize::MAX).max(1)
    }

    fn finished(&self, want: &Want) {
        let done = self.finished.fetch_add(1, Ordering::Relaxed) + 1;
        let name = Some(want.filename.to_string());
        let event = Event::Progress { phase: Phase::Download, name, done, total: self.total, unit: Unit::Packages };
        (self.supply.shared.emit)(event);
    }
}
