//! Where a command stands, as long as nothing is special: no configuration files, no `[tool.pybun]`, no environment
//! chosen by hand, and requirements by name only.

use crate::options::Options;
use pybun_engine::bytecode::Compile;
use pybun_engine::files;
use pybun_install::LinkMode;
use pybun_manifest::Manifest;
use pybun_model::VersionOrUrl;
use pybun_project::{Found, Me, data_directory, ensure_data_directory, find, find_pin, user_configuration, with_home};
use pybun_python::{Choice, Interpreter, Search, Wanted};
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

/// Variables of ours that are understood here; any other one is the CLI's.
const UNDERSTOOD: [&str; 12] = [
    "PYBUN_TRUSTED_DIRECTORIES",
    "PYBUN_HOME",
    "PYBUN_CACHE_DIR",
    "PYBUN_INDEX_URL",
    "PYBUN_PYTHON",
    "PYBUN_OFFLINE",
    "PYBUN_LINK_MODE",
    "PYBUN_COMPILE_BYTECODE",
    "PYBUN_CLI",
    "PYBUN_KEEP_BIN",
    "PYBUN_ADDON",
    "PYBUN_ENGINE",
];

pub struct Place {
    pub root: PathBuf,
    pub cwd: PathBuf,
    pub manifest_path: PathBuf,
    pub text: String,
    pub manifest: Manifest,
    pub lock_path: PathBuf,
    pub environment_path: PathBuf,
    pub cache_dir: PathBuf,
    pub index_url: Option<String>,
    pub offline: bool,
    pub steered: bool,
    pub link_mode: LinkMode,
    pub compile: Compile,
    pub me: Me,
    python: Option<String>,
    pub variables: BTreeMap<String, String>,
}

impl Place {
    pub fn load(options: &Options) -> Option<Self> {
        let variables = variables()?;
        let get = |name: &str| variables.get(name).map(String::as_str).filter(|value| !value.is_empty());
        let unknown =
            |(name, value): (&String, &String)| name.starts_with("PYBUN_") && !value.is_empty() && !is_understood(name);
        if variables.iter().any(unknown) || cfg!(windows) {
            return None;
        }
        let cwd = std::env::current_dir().ok()?;
        let any = |name: &str| with_home(name, variables.get(name).map(OsString::from));
        let me = Me::new(&any, []);
        let user_config = user_configuration(&any)?;
        let cache_dir = match options.cache_dir.as_deref() {
            Some(path) => absolute(&cwd, path)?,
            None => absolute(&cwd, data_directory(&any)?.to_str()?)?,
        };
        ensure_data_directory(&cache_dir, &me).ok()?;
        let link_mode = match options.link_mode.as_deref().or(get("PYBUN_LINK_MODE")) {
            Some(text) => text.parse().ok()?,
            None => LinkMode::Auto,
        };
        let compile: Compile = match get("PYBUN_COMPILE_BYTECODE") {
            Some(text) => text.parse().ok()?,
            None => Compile::default(),
        };
        let offline = options.offline || is_true(get("PYBUN_OFFLINE"))?;
        let Found::Project(root) = find(&cwd, &me) else { return None };
        if user_config.exists() || root.join(".pybun/config.toml").exists() {
            return None;
        }
        if is_merging(&root) {
            return None;
        }
        let manifest_path = root.join("pyproject.toml");
        let text = String::from_utf8(files::read(&manifest_path, &me).ok()??).ok()?;
        let manifest = read_manifest(&text, &manifest_path)?;
        Some(Self {
            lock_path: root.join("pybun.lockb"),
            environment_path: root.join(".pybun").join("venv"),
            python: options.python.as_deref().or(get("PYBUN_PYTHON")).map(str::to_owned),
            index_url: options.index_url.as_deref().or(get("PYBUN_INDEX_URL")).map(str::to_owned),
            steered: options.is_steered(),
            link_mode,
            compile: compile.here(get),
            root,
            cwd,
            manifest_path,
            text,
            manifest,
            cache_dir,
            offline,
            me,
            variables,
        })
    }

    /// Was the manifest edited since it was read?
    pub fn is_current(&self) -> bool {
        files::read(&self.manifest_path, &self.me).is_ok_and(|bytes| bytes.as_deref() == Some(self.text.as_bytes()))
    }

    /// The interpreter that the CLI would choose here.
    pub fn interpreter(&self) -> Option<Interpreter> {
        let pin = find_pin(&self.root, &self.me);
        let wanted = Wanted {
            request: self.python.as_deref(),
            // There is none without `[tool.pybun]` and configuration files.
            project: None,
            pin: pin.as_deref(),
            requires_python: self.manifest.requires_python.as_ref(),
        };
        let search = self.search(&self.cwd);
        let Choice { interpreter, ignored, .. } = pybun_python::choose(&search, wanted).ok()?;
        // What is not followed has to be told, which the CLI does.
        ignored.is_none().then_some(interpreter)
    }

    pub fn search(&self, cwd: &Path) -> Search {
        Search { cwd: cwd.to_owned(), cache_dir: self.cache_dir.clone(), environment: self.variables.clone() }
    }

    /// A path as a person here would write it.
    pub fn short(&self, path: &Path) -> String {
        path.strip_prefix(&self.cwd).unwrap_or(path).display().to_string()
    }
}

/// A work tree's `.git` names a directory in one line.
const MAX_GIT_FILE_BYTES: u64 = 64 << 10;

/// Does git wait for somebody to settle a merge, a rebase, a cherry-pick or a stash? Then the lock may be one side of it,
/// which the CLI mends.
fn is_merging(root: &Path) -> bool {
    let Some(git) = root.ancestors().map(|directory| directory.join(".git")).find(|path| path.exists()) else {
        return false;
    };
    // In a linked work tree it is a file that names the directory.
    let file = pybun_files::read(&git, MAX_GIT_FILE_BYTES).ok().and_then(|bytes| String::from_utf8(bytes).ok());
    let directory = file.and_then(|text| {
        let named = text.lines().find_map(|line| line.strip_prefix("gitdir: "))?;
        Some(git.with_file_name("").join(named))
    });
    let directory = directory.unwrap_or(git);
    ["MERGE_HEAD", "CHERRY_PICK_HEAD", "REVERT_HEAD", "REBASE_HEAD", "AUTO_MERGE"]
        .iter()
        .any(|name| directory.join(name).exists())
}

/// `None` unless everything in it is understood here.
fn read_manifest(text: &str, path: &Path) -> Option<Manifest> {
    let manifest = Manifest::parse(text, &path.display().to_string()).ok()?;
    let groups = manifest.dependency_groups.values().chain(manifest.optional_dependencies.values());
    let by_name = |requirement: &pybun_model::Requirement| {
        !matches!(requirement.version_or_url, Some(VersionOrUrl::Url(_)))
            && Some(&requirement.name) != manifest.name.as_ref()
    };
    let plain = groups.flatten().chain(&manifest.dependencies).all(|declared| by_name(&declared.requirement));
    (manifest.has_project && manifest.tool_pybun.is_none() && plain).then_some(manifest)
}

/// `None` where one of ours is no text.
fn variables() -> Option<BTreeMap<String, String>> {
    let mut variables = BTreeMap::new();
    for (name, value) in std::env::vars_os() {
        match (name.into_string(), value.into_string()) {
            (Ok(name), Ok(value)) => drop(variables.insert(name, value)),
            (Ok(name), Err(_)) if name.starts_with("PYBUN_") || name.starts_with("PIP_") => return None,
            _ => {}
        }
    }
    Some(variables)
}

fn is_understood(name: &str) -> bool {
    UNDERSTOOD.contains(&name) || name.starts_with("PYBUN_HTTP_")
}

fn is_true(value: Option<&str>) -> Option<bool> {
    match value.map(str::to_ascii_lowercase).as_deref() {
        None | Some("0" | "false" | "no" | "off") => Some(false),
        Some("1" | "true" | "yes" | "on") => Some(true),
        Some(_) => None,
    }
}

/// `None` for paths with `.` or `..` in them, which the CLI takes out.
fn absolute(cwd: &Path, path: &str) -> Option<PathBuf> {
    path.split('/').all(|part| !matches!(part, "." | "..")).then(|| cwd.join(path))
}
