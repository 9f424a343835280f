//! Included by the crates' tests: runs a fuzz target over its seeds and over what the fuzzer found once.

use std::path::Path;

/// Pure crates read files here alone.
#[allow(clippy::disallowed_methods)]
pub fn replay(target: &str, run: fn(&[u8])) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz");
    let mut count = 0;
    for folder in ["seeds", "regressions"] {
        // A target may have no regressions yet.
        let Ok(entries) = std::fs::read_dir(root.join(folder).join(target)) else { continue };
        for entry in entries {
            let path = entry.expect("the directory can be listed").path();
            println!("{}", path.display());
            run(&std::fs::read(&path).expect("an input can be read"));
            count += 1;
        }
    }
    assert!(count > 0, "`{target}` has no seeds");
}
