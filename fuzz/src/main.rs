//! One program for all targets: `PYBUN_FUZZ_TARGET` names the one to run, the arguments are libFuzzer's.
#![no_main]

use libfuzzer_sys::fuzz_target;
use std::sync::OnceLock;

/// The nine that read what strangers publish come first.
const TARGETS: [(&str, fn(&[u8])); 29] = [
    ("html_page", pybun_model::fuzz::html_page),
    ("json_page", pybun_model::fuzz::json_page),
    ("metadata", pybun_model::fuzz::metadata),
    ("requirement", pybun_model::fuzz::requirement),
    ("lock", pybun_lock::fuzz::lock),
    ("zip", pybun_install::fuzz::zip),
    ("record", pybun_install::fuzz::record),
    ("entry_points", pybun_install::fuzz::entry_points),
    ("store_manifest", pybun_install::fuzz::store_manifest),
    ("wheel", pybun_install::fuzz::wheel),
    ("tar_sdist", pybun_build::fuzz::tar_sdist),
    ("zip_sdist", pybun_build::fuzz::zip_sdist),
    ("zip_tail", pybun_fetch::fuzz::zip_tail),
    ("compact_page", pybun_fetch::fuzz::compact_page),
    ("cache_entry", pybun_fetch::fuzz::cache_entry),
    ("file_name", pybun_model::fuzz::file_name),
    ("wheel_file", pybun_install::fuzz::wheel_file),
    ("shebang", pybun_install::fuzz::shebang),
    ("requirements_file", pybun_manifest::fuzz::requirements_file),
    ("manifest", pybun_manifest::fuzz::manifest),
    ("script_block", pybun_manifest::fuzz::script_block),
    ("toml", pybun_manifest::fuzz::toml),
    ("joins", pybun_model::fuzz::joins),
    ("resolution", pybun_resolver::fuzz::resolution),
    ("graph", pybun_exchange::fuzz::graph),
    ("stamp", pybun_stamp::fuzz::stamp),
    ("environment_record", pybun_project::fuzz::environment_record),
    ("netrc", pybun_fetch::fuzz::netrc),
    ("pip_configuration", pybun_fetch::fuzz::pip_configuration),
];

static RUN: OnceLock<fn(&[u8])> = OnceLock::new();

fuzz_target!(
    init: {
        let name = std::env::var("PYBUN_FUZZ_TARGET").unwrap_or_default();
        let found = TARGETS.iter().find(|(target, _)| *target == name);
        let (_, run) = found.unwrap_or_else(|| panic!("`{name}` is no target; see TARGETS"));
        RUN.get_or_init(|| *run);
    },
    |bytes: &[u8]| RUN.get().expect("it was set before the first input")(bytes)
);
