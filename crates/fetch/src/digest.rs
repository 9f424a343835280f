//! Digests of files on this machine, which no page states: computed once for each state of a file, and kept.

use crate::cache::{Head, Kind};
use crate::http::now;
use crate::{Client, local};
use pybun_model::{IndexFile, Sha256};
use sha2::Digest;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

/// A file that changed so lately may change again without that its time of change does.
const SETTLED: Duration = Duration::from_secs(2);
const BUFFER: usize = 256 << 10;

impl Client {
    /// The same files, those of this machine with their digest. One that cannot be read stays as it is: whoever needs
    /// it will say so.
    pub(crate) async fn with_digests(&self, files: Vec<IndexFile>) -> Vec<IndexFile> {
        let mut out = Vec::with_capacity(files.len());
        for mut file in files {
            if file.sha256.is_none()
                && let Some(path) = local::path(&file.url)
            {
                file.sha256 = self.digest_of(&file, path).await;
            }
            out.push(file);
        }
        out
    }

    async fn digest_of(&self, file: &IndexFile, path: PathBuf) -> Option<Sha256> {
        let meta = std::fs::metadata(&path).ok()?;
        let changed = meta.modified().ok()?;
        let since = changed.duration_since(SystemTime::UNIX_EPOCH).ok()?.as_nanos();
        let entry = self.cache().path(Kind::Metadata, &file.url, &format!("sha256 {} {since}", meta.len()));
        if let Some(known) = self.cache().load(&entry).and_then(|entry| entry.front().try_into().ok().map(Sha256)) {
            return Some(known);
        }
        let digest = self.compute(move || digest(&path)).await?;
        if changed.elapsed().is_ok_and(|age| age > SETTLED) {
            let head = Head { fetched_at: now(), ..Head::default() };
            self.note_cache(self.cache().save(&entry, &head, &digest.0));
        }
        Some(digest)
    }
}

fn digest(path: &Path) -> Option<Sha256> {
    let mut file = crate::local::open(path).ok()?;
    let mut hasher = sha2::Sha256::new();
    let mut buffer = vec![0; BUFFER];
    loop {
        match file.read(&mut buffer).ok()? {
            0 => return Some(Sha256(hasher.finalize().into())),
            count => hasher.update(&buffer[..count]),
        }
    }
}
