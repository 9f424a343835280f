//! Measures unpacking and placing: `place CACHE VENV PYTHON_X.Y THREADS WHEEL...` puts wheels into the store, then into
//! a venv, and prints the milliseconds of both.

use pybun_install::{Install, Layout, LinkMode, Options, Store, Unpacking, install};
use pybun_model::{Problem, WheelName};
use std::path::{Path, PathBuf};
use std::time::Instant;

fn main() {
    let mut args = std::env::args().skip(1);
    let mut next = || args.next().expect("usage: place CACHE VENV PYTHON_X.Y THREADS WHEEL...");
    let (cache, venv, python, threads) = (next(), PathBuf::from(next()), next(), next());
    let threads = threads.parse().expect("the number of threads is a number");
    let wheels: Vec<PathBuf> = args.map(PathBuf::from).collect();
    if let Err(error) = place(Path::new(&cache), &venv, &python, threads, &wheels) {
        let problem = Problem::from(&error);
        eprintln!("{}: {}\n{}", problem.code, problem.message, problem.hint.unwrap_or_default());
        std::process::exit(1);
    }
}

fn place(
    cache: &Path,
    venv: &Path,
    python: &str,
    threads: usize,
    wheels: &[PathBuf],
) -> Result<(), pybun_install::Error> {
    let store = Store::open(cache);
    let emit = |event| {
        if let pybun_model::Event::Note { code, message } = event {
            eprintln!("{code}: {message}");
        }
    };
    let start = Instant::now();
    let mut installs = Vec::new();
    for wheel in wheels {
        let filename = wheel.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        let name: WheelName = filename.parse().unwrap_or_else(|error| panic!("{error}"));
        let sidecar = PathBuf::from(format!("{}.sha256", wheel.display()));
        // A digest beside the wheel stands for a download that was verified while it came in.
        let stored = match std::fs::read_to_string(sidecar).ok().and_then(|text| text.trim().parse().ok()) {
            Some(sha256) => store.add_wheel(wheel, &name, sha256, Unpacking { threads, check_record: false }, &emit)?,
            None => store.add_local_wheel(wheel, &name, None, threads, &emit)?,
        };
        installs.push(Install {
            sha256: stored.sha256,
            name: name.name,
            version: name.version,
            requested: false,
            direct_url: None,
        });
    }
    let unpacked = start.elapsed();
    let library = venv.join(format!("lib/python{python}/site-packages"));
    let layout = Layout {
        purelib: library.clone(),
        platlib: library,
        scripts: venv.join("bin"),
        data: venv.to_owned(),
        headers: venv.join(format!("include/site/python{python}")),
        python: venv.join("bin/python"),
        prefix: venv.to_owned(),
    };
    let start = Instant::now();
    let options = Options { threads, link: LinkMode::Auto, compile: false, verify: false };
    let installed = install(&store, &layout, &installs, &options, &emit)?;
    let placed = start.elapsed();
    println!("{} distributions: unpacked {:.1} ms, placed {:.1} ms", installed.len(), ms(unpacked), ms(placed));
    Ok(())
}

fn ms(duration: std::time::Duration) -> f64 {
    duration.as_secs_f64() * 1e3
}
