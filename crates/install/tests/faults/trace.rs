//! A child whose system calls are stopped one by one.

use std::io;
use std::os::unix::process::CommandExt;
use std::process::Command;

/// What happens to one call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    Errno(i32),
    Kill,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    Exit(i32),
    Signal(i32),
}

/// Calls that ask or change the file system.
const FILES: [libc::c_long; 38] = [
    libc::SYS_open,
    libc::SYS_openat,
    libc::SYS_creat,
    libc::SYS_mkdir,
    libc::SYS_mkdirat,
    libc::SYS_link,
    libc::SYS_linkat,
    libc::SYS_rename,
    libc::SYS_renameat,
    libc::SYS_renameat2,
    libc::SYS_unlink,
    libc::SYS_unlinkat,
    libc::SYS_rmdir,
    libc::SYS_read,
    libc::SYS_pread64,
    libc::SYS_write,
    libc::SYS_pwrite64,
    libc::SYS_writev,
    libc::SYS_stat,
    libc::SYS_fstat,
    libc::SYS_lstat,
    libc::SYS_newfstatat,
    libc::SYS_statx,
    libc::SYS_access,
    libc::SYS_faccessat,
    libc::SYS_readlink,
    libc::SYS_readlinkat,
    libc::SYS_getdents64,
    libc::SYS_chmod,
    libc::SYS_fchmod,
    libc::SYS_fchmodat,
    libc::SYS_utimensat,
    libc::SYS_ftruncate,
    libc::SYS_lseek,
    libc::SYS_copy_file_range,
    libc::SYS_flock,
    libc::SYS_symlink,
    libc::SYS_symlinkat,
];

/// Runs `command`; the call number `at` between its two marks meets `fault`. Says how it ended and how many calls there
/// were.
pub fn run(mut command: Command, at: usize, fault: Fault) -> (End, usize) {
    // SAFETY: between fork and exec only a system call is made.
    unsafe {
        command.pre_exec(|| match libc::ptrace(libc::PTRACE_TRACEME, 0, 0, 0) {
            0 => Ok(()),
            _ => Err(io::Error::last_os_error()),
        });
    }
    #[expect(clippy::zombie_processes, reason = "`wait` below is the system call itself, for its stops")]
    let child = command.spawn().expect("these tests need ptrace, which something here forbids");
    let pid = child.id() as libc::pid_t;
    wait(pid);
    let options = libc::PTRACE_O_TRACESYSGOOD | libc::PTRACE_O_EXITKILL;
    // SAFETY: the child is stopped and ours.
    unsafe { libc::ptrace(libc::PTRACE_SETOPTIONS, pid, 0, options) };
    let (mut marks, mut calls, mut signal) = (0, 0, 0);
    loop {
        resume(pid, signal);
        signal = 0;
        match wait(pid) {
            Stop::Ended(end) => return (end, calls),
            Stop::Signal(number) => {
                signal = number;
                continue;
            }
            Stop::Call => {}
        }
        let mut registers = registers(pid);
        let number = registers.orig_rax as libc::c_long;
        let mut injected = None;
        if number == libc::SYS_getppid {
            marks += 1;
        } else if marks == 1 && FILES.contains(&number) {
            if calls == at {
                match fault {
                    Fault::Kill => {
                        // SAFETY: the child is ours and not waited for yet.
                        unsafe { libc::kill(pid, libc::SIGKILL) };
                    }
                    Fault::Errno(errno) => {
                        registers.orig_rax = u64::MAX;
                        set_registers(pid, &registers);
                        injected = Some(errno);
                    }
                }
            }
            calls += 1;
        }
        resume(pid, 0);
        match wait(pid) {
            Stop::Ended(end) => return (end, calls),
            Stop::Signal(number) => signal = number,
            Stop::Call => {
                if let Some(errno) = injected {
                    let mut registers = self::registers(pid);
                    registers.rax = (-i64::from(errno)) as u64;
                    set_registers(pid, &registers);
                }
            }
        }
    }
}

enum Stop {
    Call,
    Signal(i32),
    Ended(End),
}

fn wait(pid: libc::pid_t) -> Stop {
    let mut status = 0;
    // SAFETY: `status` outlives the call.
    let found = unsafe { libc::waitpid(pid, &raw mut status, 0) };
    assert_eq!(found, pid, "{}", io::Error::last_os_error());
    if libc::WIFEXITED(status) {
        return Stop::Ended(End::Exit(libc::WEXITSTATUS(status)));
    }
    if libc::WIFSIGNALED(status) {
        return Stop::Ended(End::Signal(libc::WTERMSIG(status)));
    }
    match libc::WSTOPSIG(status) {
        signal if signal == libc::SIGTRAP | 0x80 => Stop::Call,
        libc::SIGTRAP => Stop::Signal(0),
        signal => Stop::Signal(signal),
    }
}

fn resume(pid: libc::pid_t, signal: i32) {
    // SAFETY: the child is stopped; one that was killed meanwhile is found by the wait that follows.
    unsafe { libc::ptrace(libc::PTRACE_SYSCALL, pid, 0, signal) };
}

fn registers(pid: libc::pid_t) -> libc::user_regs_struct {
    // SAFETY: all zeros are valid registers, and they outlive the call.
    unsafe {
        let mut registers: libc::user_regs_struct = std::mem::zeroed();
        libc::ptrace(libc::PTRACE_GETREGS, pid, 0, &raw mut registers);
        registers
    }
}

fn set_registers(pid: libc::pid_t, registers: &libc::user_regs_struct) {
    // SAFETY: the child is stopped, and the registers outlive the call.
    unsafe { libc::ptrace(libc::PTRACE_SETREGS, pid, 0, std::ptr::from_ref(registers)) };
}
