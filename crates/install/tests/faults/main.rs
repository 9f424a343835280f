//! What no installation may leave behind, whatever fails and whenever it is killed. Real processes and real system
//! calls: a child installs, and its parent lets single calls fail, kills it, or starts many at once.
//!
//! `cargo test -p pybun-install --test faults` takes some seconds; `PYBUN_FAULTS=long` tries every call with every
//! error and a thousand kills. Linux on x86-64 alone: elsewhere calls cannot be made to fail like this, and the tests
//! inside the crate have to do.

#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
mod cases;
#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
mod child;
#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
mod trace;
#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
mod wheels;

#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
fn main() {
    match std::env::var_os("PYBUN_FAULTS_CHILD") {
        Some(_) => child::main(),
        None => cases::main(),
    }
}

#[cfg(not(all(target_os = "linux", target_arch = "x86_64")))]
fn main() {
    println!("calls cannot be made to fail on this platform");
}
