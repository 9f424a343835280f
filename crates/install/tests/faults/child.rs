//! The process that installs: what it does is in PYBUN_FAULTS_CHILD, `<task> <root> <environment> <link mode>`.

use crate::wheels::{Wheel, World, python};
use pybun_install::{
    Change, Collection, Error, Late, Layout, Limits, LinkMode, Options, Unpacking, change, collect, complete_bytecode,
};
use std::process::exit;
use std::time::{Duration, SystemTime};

/// It ended as an expected failure does.
pub const FAILED: i32 = 3;

pub fn main() {
    let task = std::env::var("PYBUN_FAULTS_CHILD").expect("the parent has set it");
    let words: Vec<&str> = task.split(' ').collect();
    let [task, root, environment, link] = words[..] else { panic!("four words are expected") };
    let world = World { root: root.into(), link: link.parse().expect("the parent names a mode") };
    match task {
        "install" => {
            let wheels = world.wheels("new");
            mark();
            let result = place(&world, environment, &wheels, 1);
            mark();
            finish(result);
        }
        "insist" => finish(install(&world, environment, "new", 200)),
        "complete" => finish(complete(&world, environment)),
        // As if a day had passed, so that nothing is spared for having been used just now.
        "collect" => {
            let mut breath = Duration::from_millis(50);
            loop {
                let limits = Limits { max_size: Some(0), max_age: None };
                let now = SystemTime::now() + Duration::from_secs(24 * 60 * 60);
                collect(&world.cache(), &Collection { limits, dry_run: false, now }).expect("nothing fails here");
                // Without longer and longer breaths nobody would ever come to the end of compiling.
                if world.link == LinkMode::Tree {
                    std::thread::sleep(breath);
                    breath = (breath * 2).min(Duration::from_secs(5));
                }
            }
        }
        _ => panic!("unknown task {task}"),
    }
}

/// As commands do it: what is not in the store any more is brought there again.
pub fn install(world: &World, environment: &str, set: &str, tries: usize) -> Result<(), Error> {
    place(world, environment, &world.wheels(set), tries)
}

fn place(world: &World, environment: &str, wheels: &[Wheel], tries: usize) -> Result<(), Error> {
    let (store, layout) = (world.store(), world.environment(environment));
    let installs: Vec<_> = wheels.iter().map(|wheel| wheel.install()).collect();
    let options = Options { threads: 1, link: world.link, ..Options::default() };
    let unpacking = Unpacking { threads: 1, check_record: false };
    for left in (0..tries).rev() {
        for wheel in wheels {
            store.add_wheel(&wheel.path, &wheel.name, wheel.sha256, unpacking, &pybun_model::silent)?;
        }
        let wish = Change { remove: &[], install: &installs };
        match change(&store, &layout, &wish, &options, &pybun_model::silent) {
            Err(Error::StoreDamaged { sha256, .. }) if left > 0 => store.discard(&sha256)?,
            Err(Error::NotInStore { .. }) if left > 0 => {}
            Err(Error::Io { ref source, .. }) if left > 0 && source.kind() == std::io::ErrorKind::NotFound => {}
            result => return result.map(drop),
        }
    }
    Ok(())
}

/// As the process does that comes after a command.
pub fn complete(world: &World, environment: &str) -> Result<(), Error> {
    let layout = Layout { python: python(), ..world.environment(environment) };
    complete_bytecode(&Late { store: &world.store(), layout: &layout, link: world.link }, 2)
}

fn finish(result: Result<(), Error>) {
    if let Err(error) = result {
        eprintln!("{error}");
        exit(FAILED);
    }
}

/// A call that nothing else makes tells the parent where the installation begins and ends.
fn mark() {
    // SAFETY: it takes and changes nothing.
    unsafe { libc::getppid() };
}
