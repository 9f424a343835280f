//! The last files of one distribution: scripts, `.dist-info`, and RECORD as the very last.

use super::linked::Linked;
use super::overlap::{Notes, Others};
use super::package::{Bases, Package};
use crate::bytecode::{self, Bytecode};
use crate::contents::create;
use crate::entry_points::EntryPoint;
use crate::error::io_error;
use crate::fault;
use crate::layout::Layout;
use crate::link::{Method, Pair, PairError, Place, Placing, Root};
use crate::manifest::{Command, join};
use crate::record::{write_bare_row, write_row};
use crate::script::{entry_point_scripts, rewrite_shebang};
use crate::{Error, WHEEL_FILE};
use pybun_model::Emit;
use sha2::Digest;
use std::collections::HashMap;
use std::fs;
use std::io::{self, Write};
use std::path::Path;

/// Which distribution of the batch has the last word about each command.
pub(crate) struct ScriptOwners<'a>(HashMap<&'a str, usize>);

impl<'a> ScriptOwners<'a> {
    /// Also tells about commands that the batch or the environment has twice.
    pub fn of(layout: &Layout, packages: &'a [Package<'_>], emit: Emit<'_>) -> Self {
        let mut owners: HashMap<&str, usize> = HashMap::new();
        let mut notes = Notes::default();
        let mut others = Others::new(layout);
        for package in packages {
            for name in script_names(package) {
                let full = layout.scripts.join(name);
                if let Some(earlier) = owners.insert(name, package.index) {
                    notes.add(&packages[earlier].subject, &package.subject, name);
                } else if full.symlink_metadata().is_ok()
                    && let Some(other) = others.find(&full)
                {
                    notes.add(&other.subject, &package.subject, name);
                }
            }
        }
        notes.tell(emit);
        Self(owners)
    }

    fn owns(&self, package: &Package<'_>, name: &str) -> bool {
        self.0.get(name) == Some(&package.index)
    }
}

fn script_names<'p>(package: &'p Package<'_>) -> impl Iterator<Item = &'p str> {
    let scripts = package.outline.scripts.iter().map(|file| file.name);
    scripts.chain(package.outline.entry_points.iter().map(|command| command.name))
}

/// `record` is room for a RECORD, whatever it holds.
pub(crate) fn finish(
    layout: &Layout,
    package: &Package<'_>,
    bases: &Bases,
    owners: &ScriptOwners<'_>,
    (bytecode, linked): (Option<&Bytecode>, &Linked),
    (method, record): (&Method, &mut String),
) -> Result<(), Error> {
    let library = package.library(layout);
    let mut rows = Rows::default();
    data_rows(layout, package, library, &mut rows)?;
    if package.has_scripts() {
        let prefix = layout.record_prefix(library, &layout.scripts);
        place_scripts(layout, package, owners, method, &prefix, &mut rows)?;
    }
    let info = package.outline.dist_info;
    let directory = library.join(info);
    let (source, root) = (package.info()?, bases.root(package.library_base));
    let open = package.fill_info((&source, ""), (root, "", info), usize::MAX, || directory.clone())?;
    place_info(package, (&source, &open), (bases, linked), method)?;
    let mut write = |name: &str, content: &str| {
        write_into(&open, &directory, name, content)?;
        rows.add(&join(info, name), &sha2::Sha256::digest(content), content.len() as u64);
        Ok::<_, Error>(())
    };
    if package.install.requested {
        write("REQUESTED", "")?;
    }
    if let Some(direct_url) = &package.install.direct_url {
        write("direct_url.json", direct_url)?;
    }
    if let Some(bytecode) = bytecode {
        let prefix = |group: usize| {
            let group = &package.outline.groups[group];
            layout.record_prefix(library, &layout.directory(group.scheme, package.outline.name))
        };
        rows.0.extend(bytecode::rows(bytecode, prefix, |group, path| linked.covers(package, group, path)));
    }
    rows.bare(&format!("{info}/RECORD"));
    rows.write(record, linked.links(package), package.outline.record);
    write_into(&open, &directory, "RECORD", record)
}

/// Lines of RECORD that depend on the environment.
#[derive(Default)]
struct Rows(Vec<String>);

impl Rows {
    fn add(&mut self, path: &str, sha256: &[u8], size: u64) {
        let mut row = String::new();
        write_row(&mut row, path, sha256, size);
        self.0.push(row);
    }

    fn bare(&mut self, path: &str) {
        let mut row = String::new();
        write_bare_row(&mut row, path);
        self.0.push(row);
    }

    /// The whole of a RECORD. Links come first (see `tree_links`).
    fn write(mut self, text: &mut String, links: &[String], fixed: &str) {
        self.0.sort();
        text.clear();
        for link in links {
            write_bare_row(text, link);
        }
        text.push_str(fixed);
        text.extend(self.0);
    }
}

/// The groups outside of the wheel's root.
fn data_rows(layout: &Layout, package: &Package<'_>, library: &Path, rows: &mut Rows) -> Result<(), Error> {
    if package.outline.groups.iter().all(|group| group.prefix.is_empty()) {
        return Ok(());
    }
    for group in package.whole()?.groups.iter().filter(|group| !group.prefix.is_empty()) {
        let directory = layout.directory(group.scheme, package.outline.name);
        let prefix = layout.record_prefix(library, &directory);
        for dir in &group.dirs {
            // `lib/x` of the environment is `../../x` for its library, and not `../../../lib/x`.
            let inside = layout.record_inside(library, &directory, dir.path);
            for file in &dir.files {
                let path = match &inside {
                    Some(inside) => format!("{inside}{}", file.name),
                    None => format!("{prefix}{}", join(dir.path, file.name)),
                };
                rows.add(&path, file.sha256, file.size);
            }
        }
    }
    Ok(())
}

/// A script that a later distribution of the batch has too gets its line, and not its file.
fn place_scripts(
    layout: &Layout,
    package: &Package<'_>,
    owners: &ScriptOwners<'_>,
    method: &Method,
    prefix: &str,
    rows: &mut Rows,
) -> Result<(), Error> {
    let outline = &package.outline;
    let source = outline.scripts_dir;
    for file in &outline.scripts {
        let path = package.tree_path.join(source).join(file.name);
        let owned = owners.owns(package, file.name);
        if file.shebang {
            let content = fs::read(&path).map_err(|error| package.place_error(error, path.clone()))?;
            let content = rewrite_shebang(&content, &layout.python).unwrap_or(content);
            rows.add(&format!("{prefix}{}", file.name), &sha2::Sha256::digest(&content), content.len() as u64);
            if owned {
                write_file(&layout.scripts.join(file.name), &content, true)?;
            }
            continue;
        }
        rows.add(&format!("{prefix}{}", file.name), file.sha256, file.size);
        if owned {
            let target = layout.scripts.join(file.name);
            let root = Root::open(&layout.scripts).map_err(io_error("open", &layout.scripts))?;
            let pair = package.open(source, &root, "", || layout.scripts.clone())?;
            method.replace(&pair, file.name, file.executable).map_err(|error| package.place_error(error, target))?;
        }
    }
    for command in &outline.entry_points {
        for script in entry_point_scripts(&entry_point(command), &layout.python) {
            let digest = sha2::Sha256::digest(&script.content);
            rows.add(&format!("{prefix}{}", script.name), &digest, script.content.len() as u64);
            if owners.owns(package, command.name) {
                write_file(&layout.scripts.join(&script.name), &script.content, true)?;
            }
        }
    }
    Ok(())
}

pub(crate) fn entry_point(command: &Command<'_>) -> EntryPoint {
    EntryPoint {
        name: command.name.to_owned(),
        module: command.module.to_owned(),
        attribute: command.attribute.to_owned(),
        gui: command.gui,
    }
}

/// `source` is the `.dist-info` directory of the store, and `open` leads from it into that of the environment.
fn place_info(
    package: &Package<'_>,
    (source, open): (&Root, &Pair<'_>),
    (bases, linked): (&Bases, &Linked),
    method: &Method,
) -> Result<(), Error> {
    let tree = linked.tree(package);
    let info = package.outline.dist_info;
    let mut known = info;
    for dir in &package.outline.info {
        let target = bases.path(package.library_base).join(dir.path);
        let below;
        let pair = if dir.path == info {
            open
        } else {
            let into = (bases.root(package.library_base), known, dir.path);
            known = dir.path;
            let inside = dir.path.strip_prefix(info).and_then(|path| path.strip_prefix('/')).unwrap_or_default();
            below = package.fill_info((source, inside), into, dir.files.len(), || target.clone())?;
            &below
        };
        for file in &dir.files {
            if tree.is_some() && file.name == WHEEL_FILE && dir.path == info {
                continue;
            }
            let placed = match method.place(pair, file.name, file.executable) {
                Ok(Placing::Exists) => method.replace(pair, file.name, file.executable),
                other => other.map(drop),
            };
            placed.map_err(|error| package.place_error(error, target.join(file.name)))?;
        }
    }
    match tree {
        Some(tree) => place_mark(package, tree, bases, method),
        None => Ok(()),
    }
}

/// The tree's own mark in place of the wheel's says that an environment leads there. It comes after the links: when
/// the tree was taken away since they were made, this fails.
fn place_mark(package: &Package<'_>, tree: &Path, bases: &Bases, method: &Method) -> Result<(), Error> {
    let info = package.outline.dist_info;
    let mark = tree.join(WHEEL_FILE);
    fault::point().map_err(io_error("link", &mark))?;
    if bases.root(package.library_base).hardlink(&mark, &join(info, WHEEL_FILE)).is_ok() {
        return Ok(());
    }
    let source = Root::open(tree).map_err(|error| package.place_error(error, mark.clone()))?;
    let pair = Pair::open(&source, "", bases.root(package.library_base), info).map_err(|error| match error {
        PairError::Source(error) => package.place_error(error, mark.clone()),
        PairError::Target(error) => io_error("create", &bases.path(package.library_base).join(info))(error),
    })?;
    let placed = match method.place(&pair, WHEEL_FILE, false) {
        Ok(Placing::Exists) => method.replace(&pair, WHEEL_FILE, false),
        other => other.map(drop),
    };
    placed.map_err(|error| package.place_error(error, mark))
}

/// The same as `write_file` for a file of a directory that is open.
fn write_into(open: &Pair<'_>, directory: &Path, name: &str, content: &str) -> Result<(), Error> {
    let failed = |error| io_error("write", &directory.join(name))(error);
    fault::point().map_err(failed)?;
    let written = match open.create(name, false) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            open.remove(name).and_then(|()| open.create(name, false))
        }
        result => result,
    };
    let mut file = written.map_err(failed)?;
    fault::point().map_err(failed)?;
    file.write_all(content.as_bytes()).map_err(failed)
}

/// Never writes into an existing file, which may share its content with others.
fn write_file(path: &Path, content: &[u8], executable: bool) -> Result<(), Error> {
    fault::point().map_err(io_error("write", path))?;
    let mut file = match create(path, executable) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            fs::remove_file(path).and_then(|()| create(path, executable))
        }
        result => result,
    }
    .map_err(io_error("write", path))?;
    fault::point().map_err(io_error("write", path))?;
    file.write_all(content).map_err(io_error("write", path))
}
