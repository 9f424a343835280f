//! An index in memory, written as text.

use crate::{Direct, Fixes, Future, OtherPython, Request, Source, Target, Upgrade};
use pybun_lock::{Inputs, Prereleases, Root, RootKind};
use pybun_model::{
    Architecture, CoreMetadata, IndexFile, Libc, MarkerEnvironment, PackageName, Platform, Problem, ProjectPage,
    PythonTag, Requirement, Tags,
};
use serde_json::json;
use std::collections::BTreeMap;
use std::sync::Arc;

/// One release per line, `name version {flag, flag}: requirement, requirement`. Flags: `yanked`, `python>=3.10`,
/// `uploaded 2024-01-31`, `wheel cp39-cp39-win_arm64` instead of one for every platform, `unreadable` metadata.
#[derive(Clone, Debug, Default)]
pub(crate) struct Index {
    pub(crate) releases: Vec<Release>,
    /// Minor versions of Python 3 that could be chosen too.
    pub(crate) pythons: Vec<u8>,
    /// Answers come in another order for each number.
    pub(crate) order: u64,
}

#[derive(Clone, Debug)]
pub(crate) struct Release {
    pub(crate) name: String,
    pub(crate) version: String,
    pub(crate) flags: Vec<String>,
    pub(crate) requires: Vec<String>,
}

impl Index {
    pub(crate) fn new(text: &str) -> Self {
        let split = |text: &str| -> Vec<String> {
            text.split(',').map(|part| part.trim().to_owned()).filter(|part| !part.is_empty()).collect()
        };
        let release = |line: &str| {
            let (head, tail) = line.split_once(':').unwrap();
            let (head, flags) = head.split_once('{').unwrap_or((head, "}"));
            let (name, version) = head.trim().split_once(' ').unwrap();
            Release {
                name: name.to_owned(),
                version: version.trim().to_owned(),
                flags: split(flags.trim().trim_end_matches('}')),
                requires: split(&tail.replace(';', " ; ")),
            }
        };
        let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
        Self { releases: lines.map(release).collect(), pythons: Vec::new(), order: 0 }
    }

    /// Lets others go first, as often as chance has it.
    async fn wait(order: u64, about: String) {
        use std::hash::BuildHasher;
        let turns = if order == 0 { 0 } else { rustc_hash::FxBuildHasher.hash_one((order, about)) % 7 };
        for _ in 0..turns {
            tokio::task::yield_now().await;
        }
    }

    fn file(release: &Release) -> serde_json::Value {
        let flag = |prefix: &str| release.flags.iter().find_map(|flag| flag.strip_prefix(prefix));
        let tag = flag("wheel ").unwrap_or("py3-none-any");
        let filename = format!("{}-{}-{tag}.whl", release.name.replace('-', "_"), release.version);
        let python = flag("python").map(ToOwned::to_owned);
        let yanked = flag("yanked").is_some();
        let uploaded = flag("uploaded ").unwrap_or("2020-01-01");
        let uploaded = format!("{uploaded}T00:00:00Z");
        json!({ "upload-time": uploaded, "filename": filename, "url": "x.whl", "hashes": {}, "requires-python": python, "yanked": yanked })
    }
}

impl Source for Index {
    fn page<'a>(&'a self, name: &'a PackageName) -> Future<'a, Option<Arc<ProjectPage>>> {
        let own = self.releases.iter().filter(|release| release.name == name.as_ref());
        let files: Vec<_> = own.map(Self::file).collect();
        let text = json!({ "name": name.as_ref(), "files": files }).to_string();
        let base = "http://index/simple/".parse().unwrap();
        let page = ProjectPage::from_json(name, text.as_bytes(), &base).unwrap();
        let turns = Self::wait(self.order, name.to_string());
        Box::pin(async move {
            turns.await;
            Ok((!page.files.is_empty()).then(|| Arc::new(page)))
        })
    }

    fn metadata<'a>(&'a self, file: &'a IndexFile) -> Future<'a, CoreMetadata> {
        let mut parts = file.filename.split('-');
        let (name, version) = (parts.next().unwrap().replace('_', "-"), parts.next().unwrap().to_owned());
        let release = self.releases.iter().find(|release| release.name == name && release.version == version).unwrap();
        let requires: String = release.requires.iter().map(|text| format!("Requires-Dist: {text}\n")).collect();
        let text = format!("Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n{requires}");
        let unreadable = release.flags.iter().any(|flag| flag == "unreadable");
        let turns = Self::wait(self.order, file.filename.to_string());
        Box::pin(async move {
            turns.await;
            if unreadable {
                return Err(Problem::new("fetch/bad-metadata", "line 3 is nonsense"));
            }
            Ok(CoreMetadata::parse(text.as_bytes()).unwrap())
        })
    }

    fn direct<'a>(&'a self, _: &'a crate::Wanted) -> Future<'a, Direct> {
        Box::pin(async { Err(Problem::new("fetch/unreachable", "there are no URLs here")) })
    }

    fn indexes(&self) -> Vec<String> {
        vec!["index.example".to_owned()]
    }

    fn interpreters(&self) -> Future<'_, Vec<OtherPython>> {
        let all = self.pythons.iter().map(|minor| OtherPython { markers: markers(*minor), tags: tags(*minor) });
        let all = all.collect();
        Box::pin(async { Ok(all) })
    }
}

/// For Python 3.11 on Linux, universal and for 3.8 and newer. A requirement may begin with the list it stands in:
/// `group dev: a>=2`, `extra x: a`.
pub(crate) fn request(requirements: &[&str]) -> Request {
    let mut roots: BTreeMap<RootKind, Vec<_>> = BTreeMap::from([(RootKind::Project, Vec::new())]);
    for text in requirements {
        let (kind, text) = match (text.strip_prefix("group "), text.strip_prefix("extra ")) {
            (Some(rest), _) => {
                let (name, text) = rest.split_once(':').unwrap();
                (RootKind::Group(name.parse().unwrap()), text)
            }
            (None, Some(rest)) => {
                let (name, text) = rest.split_once(':').unwrap();
                (RootKind::Extra(name.parse().unwrap()), text)
            }
            (None, None) => (RootKind::Project, *text),
        };
        roots.entry(kind).or_default().push(text.trim().parse().unwrap());
    }
    Request {
        inputs: Inputs {
            requires_python: Some(">=3.8".parse().unwrap()),
            ..Inputs::of(roots.into_iter().map(|(kind, requirements)| Root { kind, requirements }).collect())
        },
        target: Target::Universal,
        markers: markers(11),
        tags: tags(11),
        hashes: BTreeMap::new(),
        previous: None,
        upgrade: Upgrade::Nothing,
        fixes: Fixes::Manifest { adding: None },
        cutoff: None,
        own: None,
    }
}

fn markers(minor: u8) -> MarkerEnvironment {
    let full = format!("3.{minor}.7");
    let markers = json!({
        "implementation_name": "cpython", "implementation_version": full, "os_name": "posix",
        "platform_machine": "x86_64", "platform_python_implementation": "CPython", "platform_release": "6",
        "platform_system": "Linux", "platform_version": "1", "python_full_version": full,
        "python_version": format!("3.{minor}"), "sys_platform": "linux",
    });
    serde_json::from_value(markers).unwrap()
}

fn tags(minor: u8) -> Arc<Tags> {
    let python = PythonTag { implementation: "cp".into(), major: 3, minor, free_threaded: false };
    let libc = Libc::Glibc { major: 2, minor: 36 };
    Arc::new(Tags::new(&python, &Platform::Linux { architecture: Architecture::X86_64, libc }))
}

/// What a user's request is after the command. Fails for a command that PyBun does not have.
pub(crate) fn following(request: &Request, command: &[String]) -> Request {
    let mut out = request.clone();
    let words: Vec<&str> = command.iter().map(String::as_str).collect();
    let (verb, mut rest) = match words[..] {
        ["pybun", verb, ref rest @ ..] => (verb, rest),
        _ => panic!("{command:?}"),
    };
    if let ("--python", [version, "lock"]) = (verb, rest) {
        let minor = version.strip_prefix("3.").unwrap().parse().unwrap();
        return Request { markers: markers(minor), tags: tags(minor), ..out };
    }
    if verb == "lock" {
        assert_eq!(rest, ["--prereleases", "if-necessary"]);
        out.inputs.prereleases = Prereleases::IfNecessary;
        return out;
    }
    let list = match *rest {
        ["--dev", ref more @ ..] => {
            rest = more;
            RootKind::Group("dev".parse().unwrap())
        }
        ["--group", name, ref more @ ..] => {
            rest = more;
            RootKind::Group(name.parse().unwrap())
        }
        ["--optional", name, ref more @ ..] => {
            rest = more;
            RootKind::Extra(name.parse().unwrap())
        }
        _ => RootKind::Project,
    };
    let root = out.inputs.roots.iter_mut().find(|root| root.kind == list).unwrap();
    for word in rest {
        match verb {
            "add" => {
                let new: Requirement = word.parse().unwrap();
                let same = |old: &&mut Requirement| old.name == new.name && old.marker == new.marker;
                match root.requirements.iter_mut().find(same) {
                    Some(old) => *old = new,
                    None if word.contains("==") => root.requirements.push(new),
                    None => panic!("{command:?} changes nothing that is there"),
                }
            }
            "remove" => {
                let before = root.requirements.len();
                root.requirements.retain(|requirement| requirement.name.as_ref() != *word);
                assert!(root.requirements.len() < before, "{command:?} removes nothing");
            }
            _ => panic!("{command:?}"),
        }
    }
    out
}
