use super::*;
use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::path::{Path, PathBuf};

fn env<'a>(known: &'a BTreeMap<&str, PathBuf>) -> impl Fn(&str) -> Option<std::ffi::OsString> + 'a {
    |name| known.get(name).map(|path| path.clone().into())
}

#[test]
fn the_nearest_manifest_makes_the_project() {
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path().join("a");
    fs::create_dir_all(root.join("b/c")).unwrap();
    let me = Me::new(&|_| None, []);
    assert_eq!(find(&root.join("b/c"), &me), Found::Nothing);
    fs::write(root.join("pyproject.toml"), "").unwrap();
    assert_eq!(find(&root.join("b/c"), &me), Found::Project(root.clone()));
    // It is the project's although it cannot be read.
    symlink("nowhere", root.join("b/pyproject.toml")).unwrap();
    assert_eq!(find(&root.join("b/c"), &me), Found::Project(root.join("b")));
}

/// Only root can give files away.
#[test]
fn what_another_user_owns_is_no_project() {
    if !rustix::process::geteuid().is_root() {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path();
    let none = Me::new(&|_| None, []);
    let stranger = 65534;
    for what in ["pyproject.toml", ".pybun", ""] {
        fs::create_dir_all(root.join(".pybun")).unwrap();
        fs::write(root.join("pyproject.toml"), "").unwrap();
        let path = if what.is_empty() { root.to_owned() } else { root.join(what) };
        let give = |owner| std::os::unix::fs::chown(&path, Some(owner), None).unwrap();
        give(stranger);
        assert_eq!(find(root, &none), Found::Foreign(Foreign { path: path.clone(), owner: stranger }), "{what}");
        let own = Found::Project(root.to_owned());
        assert_eq!(find(root, &Me::new(&|_| None, [root.to_owned()])), own, "admitted");
        let listed = BTreeMap::from([("PYBUN_TRUSTED_DIRECTORIES", PathBuf::from(format!("/x:{}", root.display())))]);
        assert_eq!(find(root, &Me::new(&env(&listed), [])), own, "admitted by the variable");
        let sudo = BTreeMap::from([("SUDO_UID", PathBuf::from("65534"))]);
        assert_eq!(find(root, &Me::new(&env(&sudo), [])), own, "who called sudo");
        give(0);
    }
    fs::write(root.join(".python-version"), "3.12").unwrap();
    assert_eq!(find_pin(root, &none).as_deref(), Some("3.12"));
    std::os::unix::fs::chown(root.join(".python-version"), Some(stranger), None).unwrap();
    assert_eq!(find_pin(root, &none), None);
    assert!(matches!(read(&root.join(".python-version"), 9, &none), Err(Unread::Foreign(_))));
}

#[test]
fn state_follows_the_variables() {
    let dir = tempfile::tempdir().unwrap();
    let home = dir.path();
    let of = |known: &[(&'static str, PathBuf)]| {
        let known = known.iter().cloned().collect::<BTreeMap<_, _>>();
        State::new(&env(&known), &Me::new(&|_| None, [])).unwrap().own_directory().to_owned()
    };
    let at_home = if cfg!(target_os = "macos") { "Library/Application Support/pybun" } else { ".local/state/pybun" };
    let known = |name, path: &str| (name, home.join(path));
    assert_eq!(of(&[known("HOME", "h")]), home.join("h").join(at_home));
    assert_eq!(of(&[known("HOME", "h"), known("XDG_STATE_HOME", "s")]), home.join("s/pybun"));
    let all =
        [known("HOME", "h"), known("XDG_STATE_HOME", "s"), known("PYBUN_HOME", "p"), known("PYBUN_CACHE_DIR", "c")];
    assert_eq!(of(&all), home.join("p/state"), "a cache directory moves no state");
    assert_eq!(of(&[known("HOME", "h"), ("XDG_STATE_HOME", "relative".into())]), home.join("h").join(at_home));
}

#[test]
fn state_is_private_and_not_believed_when_others_may_write_it() {
    let dir = tempfile::tempdir().unwrap();
    let known = BTreeMap::from([("PYBUN_HOME", dir.path().to_owned())]);
    let me = Me::new(&|_| None, []);
    let state = State::new(&env(&known), &me).unwrap();
    let read = || state.read(Room::Stamps, "key", 99).next().map(|kept| String::from_utf8(kept.bytes).unwrap());
    assert_eq!(read(), None);
    state.write(Room::Stamps, "key", |inode| format!("{} text", inode > 0)).unwrap();
    assert_eq!(read().as_deref(), Some("true text"));
    let own = dir.path().join("state");
    let mode = |path: &Path| fs::metadata(path).unwrap().mode() & 0o777;
    assert_eq!(mode(&own), if me.is_root() { 0o755 } else { 0o700 });
    for open in [0o777, 0o770] {
        fs::set_permissions(&own, fs::Permissions::from_mode(open)).unwrap();
        assert_eq!(read(), None, "{open:o}");
        assert!(state.write(Room::Stamps, "key", |_| String::new()).is_err());
    }
    fs::set_permissions(&own, fs::Permissions::from_mode(0o700)).unwrap();
    assert!(read().is_some());
    let file = walk(&own).into_iter().find(|path| path.ends_with("key")).unwrap();
    fs::rename(&file, own.join("elsewhere")).unwrap();
    symlink(own.join("elsewhere"), &file).unwrap();
    assert_eq!(read(), None, "a link");
}

fn walk(directory: &Path) -> Vec<PathBuf> {
    let entries =
        fs::read_dir(directory).expect("it can be listed").map(|entry| entry.expect("it can be listed").path());
    entries.flat_map(|path| if path.is_dir() { walk(&path) } else { vec![path] }).collect()
}

#[test]
fn a_record_is_known_by_its_root_and_by_what_nobody_can_choose() {
    let dir = tempfile::tempdir().unwrap();
    let known = BTreeMap::from([("PYBUN_HOME", dir.path().to_owned())]);
    let state = State::new(&env(&known), &Me::new(&|_| None, [])).unwrap();
    let seen = Seen { device: 1, inode: 2, born_ns: 3, config: (4, 5_300_000_000), python: "/usr/bin/python3".into() };
    let root = Path::new("/p/line\nend\n/venv");
    Record::new(root, seen.clone()).write(&state, root).unwrap();
    let record = || Record::read(&state, root).unwrap();
    assert!(record().is_of(&seen) && record().is_of_directory(&seen));
    assert!(record().is_of(&Seen { device: 9, ..seen.clone() }), "the machine was started again");
    let other = [
        Seen { inode: 9, config: (4, 5_300_000_001), ..seen.clone() },
        Seen { born_ns: 9, config: (3, 5_300_000_000), ..seen.clone() },
        Seen { python: "/bin/true".into(), ..seen.clone() },
    ];
    assert!(other.iter().all(|other| !record().is_of(other)));
    assert!(record().is_of(&Seen { inode: 9, born_ns: 9, ..seen.clone() }), "a copy that was put back");
    assert_eq!(Record::read(&state, Path::new("/q/.pybun/venv")), None);
    // As in an image: everything lies in another file now.
    let file = walk(&dir.path().join("state")).remove(0);
    fs::copy(&file, dir.path().join("copy")).unwrap();
    fs::rename(dir.path().join("copy"), &file).unwrap();
    let elsewhere = Seen { device: 8, inode: 8, born_ns: 8, config: (4, 5_000_000_000), ..seen.clone() };
    assert!(record().is_of(&elsewhere) && !record().is_of_directory(&elsewhere));
    for other in [Seen { config: (4, 6_000_000_000), ..elsewhere.clone() }, Seen { python: String::new(), ..elsewhere }]
    {
        assert!(!record().is_of(&other));
    }
}

#[test]
fn a_data_directory_of_everybody_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("a/data");
    let me = Me::new(&|_| None, []);
    ensure_data_directory(&data, &me).unwrap();
    ensure_data_directory(&data, &me).unwrap();
    fs::set_permissions(&data, fs::Permissions::from_mode(0o777)).unwrap();
    assert!(matches!(ensure_data_directory(&data, &me), Err(BadData::Open)));
    assert!(ensure_data_directory(&data, &Me::new(&|_| None, [data.clone()])).is_ok());
}
