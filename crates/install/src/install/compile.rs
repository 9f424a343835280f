//! Bytecode, written by the environment's own interpreter while it is still nobody's.

use super::package::Package;
use crate::Error;
use crate::error::io_error;
use crate::layout::Layout;
use crate::manifest::join;
use crate::parallel::for_each;
use std::io::{self, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Mutex;

/// Reads paths from stdin, one a line; prints those of the compiled files in the same order, an empty line for a
/// source that has no valid syntax.
const PROGRAM: &str = include_str!("compile.py");

/// The compiled files of each package, relative to its library.
pub(crate) fn compile(layout: &Layout, packages: &[Package<'_>], threads: usize) -> Result<Vec<Vec<String>>, Error> {
    let sources: Vec<(usize, String)> = packages.iter().flat_map(sources).collect();
    let compiled: Vec<Mutex<Vec<String>>> = packages.iter().map(|_| Mutex::default()).collect();
    let size = (sources.len() / threads.max(1) / 4).clamp(50, 1000);
    let chunks: Vec<&[(usize, String)]> = sources.chunks(size).collect();
    for_each(
        threads,
        &chunks,
        || (),
        |(), chunk| {
            let full: Vec<String> = chunk
                .iter()
                .map(|(index, path)| packages[*index].library(layout).join(path).to_string_lossy().into_owned())
                .collect();
            let output = run(&layout.python, &full).map_err(io_error("compile with", &layout.python))?;
            for ((index, source), line) in chunk.iter().zip(output.lines()) {
                let Some(name) = Path::new(line).file_name().filter(|_| !line.is_empty()) else { continue };
                let directory = source.rsplit_once('/').map_or("", |(directory, _)| directory);
                let path = join(directory, &format!("__pycache__/{}", name.to_string_lossy()));
                compiled[*index].lock().expect("no thread panics while it holds this lock").push(path);
            }
            Ok(())
        },
    )?;
    Ok(compiled.into_iter().map(|slot| slot.into_inner().expect("no thread panics while it holds this lock")).collect())
}

/// The sources that lie in the library of `package`, without those whose names are no lines.
fn sources<'p>(package: &'p Package<'_>) -> impl Iterator<Item = (usize, String)> + 'p {
    let groups = package.manifest.groups.iter().zip(&package.bases);
    groups
        .filter(|(_, base)| **base == package.library_base)
        .flat_map(|(group, _)| &group.dirs)
        .flat_map(|dir| dir.files.iter().map(|file| join(dir.path, file.name)))
        .filter(|path| path.ends_with(".py") && !path.contains(['\n', '\r']))
        .map(|path| (package.index, path))
}

fn run(python: &Path, sources: &[String]) -> io::Result<String> {
    let mut child = Command::new(python)
        .args(["-I", "-S", "-c", PROGRAM])
        .env_remove("PYTHONDONTWRITEBYTECODE")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()?;
    let mut stdin = child.stdin.take().expect("the child was given a pipe");
    let text = sources.join("\n");
    let written = std::thread::scope(|scope| {
        let writer = scope.spawn(move || stdin.write_all(text.as_bytes()));
        let output = child.wait_with_output();
        (writer.join(), output)
    });
    let output = written.1?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    Err(io::Error::other(format!("it ended with {}", output.status)))
}
