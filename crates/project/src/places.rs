//! The places that are told by environment variables alone.

use crate::{Env, Me, stated};
use std::path::{Path, PathBuf};

/// The data directory, where configuration does not move it. Absolute, or as relative as its variable.
pub fn data_directory(env: Env<'_>) -> Option<PathBuf> {
    match stated(env, "PYBUN_CACHE_DIR").or_else(|| stated(env, "PYBUN_HOME")) {
        Some(directory) => Some(PathBuf::from(directory)),
        None => platform_data(env),
    }
}

/// The file with the user's own configuration.
pub fn user_configuration(env: Env<'_>) -> Option<PathBuf> {
    let root = match cfg!(windows) {
        true => stated(env, "APPDATA").map(PathBuf::from).or_else(|| Some(home(env)?.join("AppData").join("Roaming"))),
        false => xdg(env, "XDG_CONFIG_HOME").or_else(|| Some(home(env)?.join(".config"))),
    };
    Some(root?.join("pybun").join("config.toml"))
}

fn platform_data(env: Env<'_>) -> Option<PathBuf> {
    if cfg!(windows) {
        return local_app_data(env).map(|root| root.join("pybun").join("cache"));
    }
    if cfg!(target_os = "macos") {
        return Some(home(env)?.join("Library/Caches/pybun"));
    }
    Some(xdg(env, "XDG_CACHE_HOME").or_else(|| Some(home(env)?.join(".cache")))?.join("pybun"))
}

/// Where `me` keeps state, and where else it may lie: root's counts for everybody.
pub(crate) fn state_directories(env: Env<'_>, me: &Me) -> Option<(PathBuf, Vec<PathBuf>)> {
    let given = stated(env, "PYBUN_HOME").map(|path| std::path::absolute(path).map(|path| path.join("state")));
    let given = given.transpose().ok()?;
    // What root made for others to use holds root's state, which they cannot add to.
    let is_roots = given.as_deref().and_then(Path::parent).is_some_and(|home| {
        !me.is_root()
            && home.metadata().ok().and_then(|found| crate::me::owner(&found)).is_some_and(|uid| !me.is_mine(uid))
    });
    let own = match &given {
        Some(given) if !is_roots => given.clone(),
        _ => own_state(env, me)?,
    };
    let shared = if me.is_root() { None } else { SHARED_STATE.map(PathBuf::from) };
    let others = given.into_iter().chain(shared).filter(|path| *path != own).collect();
    Some((own, others))
}

/// Root's home is closed to others, who run what root made ready.
const SHARED_STATE: Option<&str> = match () {
    () if cfg!(windows) => None,
    () if cfg!(target_os = "macos") => Some("/Library/Application Support/pybun"),
    () => Some("/var/lib/pybun"),
};

fn own_state(env: Env<'_>, me: &Me) -> Option<PathBuf> {
    if cfg!(windows) {
        return local_app_data(env).map(|root| root.join("pybun").join("state"));
    }
    if let Some(root) = xdg(env, "XDG_STATE_HOME") {
        return Some(root.join("pybun"));
    }
    let home = home(env);
    let at_home = |home: &PathBuf| ["/root", "/var/root"].iter().any(|root| home == Path::new(root));
    match SHARED_STATE {
        Some(shared) if me.is_root() && home.as_ref().is_none_or(at_home) => Some(shared.into()),
        _ if cfg!(target_os = "macos") => Some(home?.join("Library/Application Support/pybun")),
        _ => Some(home?.join(".local/state/pybun")),
    }
}

/// The XDG specification says that relative paths are invalid and to be ignored.
fn xdg(env: Env<'_>, name: &str) -> Option<PathBuf> {
    stated(env, name).map(PathBuf::from).filter(|path| path.is_absolute())
}

fn local_app_data(env: Env<'_>) -> Option<PathBuf> {
    stated(env, "LOCALAPPDATA").map(PathBuf::from).or_else(|| Some(home(env)?.join("AppData").join("Local")))
}

fn home(env: Env<'_>) -> Option<PathBuf> {
    stated(env, if cfg!(windows) { "USERPROFILE" } else { "HOME" }).map(PathBuf::from)
}
