//! Giving way to everybody else, and to nobody for long: this process and those it starts.

/// Of one process: whoever compiles for so long does not end at all.
#[cfg(unix)]
const CPU_SECONDS: u64 = 600;
#[cfg(target_os = "linux")]
const MEMORY_BYTES: u64 = 2 << 30;

/// What the system refuses is left.
#[cfg(unix)]
pub fn become_lowest() {
    use rustix::process::{Resource, Rlimit, setpriority_process, setrlimit};

    let limit = |most| Rlimit { current: Some(most), maximum: Some(most) };
    let _ = setpriority_process(None, 19);
    let _ = setrlimit(Resource::Cpu, limit(CPU_SECONDS));
    #[cfg(target_os = "linux")]
    {
        let _ = setrlimit(Resource::As, limit(MEMORY_BYTES));
        when_idle();
    }
}

#[cfg(not(unix))]
pub fn become_lowest() {}

/// The scheduler and the disk have a class of their own for those who only take what nobody wants.
#[cfg(target_os = "linux")]
fn when_idle() {
    const IOPRIO_WHO_PROCESS: libc::c_int = 1;
    const IOPRIO_CLASS_IDLE: libc::c_int = 3 << 13;
    // SAFETY: the structure, which has more fields with some C libraries, is plain numbers; both calls read their arguments
    // and change nothing but how this process is scheduled.
    unsafe {
        let none: libc::sched_param = std::mem::zeroed();
        libc::sched_setscheduler(0, libc::SCHED_IDLE, &none);
        libc::syscall(libc::SYS_ioprio_set, IOPRIO_WHO_PROCESS, 0, IOPRIO_CLASS_IDLE);
    }
}
