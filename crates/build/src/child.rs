//! A child process whose output goes to a log, and which does not outlive the future that waits for it.
//!
//! Plain threads rather than an asynchronous process: those rely on SIGCHLD, which belongs to Node in our process.

use crate::log::Log;
use std::io;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// How often to look whether the child has ended while something else keeps its output open (a compiler's server).
const LOOK_AGAIN: Duration = Duration::from_millis(50);
/// How long to wait for the rest of the output then.
const LAST_WORDS: Duration = Duration::from_millis(500);

pub(crate) async fn run(mut command: Command, log: &Log) -> io::Result<ExitStatus> {
    let (mut reader, writer) = io::pipe()?;
    command.stdin(Stdio::null()).stdout(writer.try_clone()?).stderr(writer);
    let child = Arc::new(Mutex::new(command.spawn()?));
    // The command holds the writing ends of the pipe.
    drop(command);
    let (sender, ended) = mpsc::channel::<()>();
    let log = log.clone();
    std::thread::spawn(move || {
        log.take_in(&mut reader);
        drop(sender);
    });
    let guard = KillOnDrop(Arc::clone(&child));
    let waiting = tokio::task::spawn_blocking(move || wait(&child, &ended));
    let status = waiting.await.map_err(io::Error::other)?;
    drop(guard);
    status
}

fn wait(child: &Mutex<Child>, ended: &mpsc::Receiver<()>) -> io::Result<ExitStatus> {
    let locked = || child.lock().unwrap_or_else(PoisonError::into_inner);
    loop {
        let closed = ended.recv_timeout(LOOK_AGAIN) == Err(RecvTimeoutError::Disconnected);
        if let Some(status) = locked().try_wait()? {
            if !closed {
                let _ = ended.recv_timeout(LAST_WORDS);
            }
            return Ok(status);
        }
        if closed {
            // Between closing its output and being gone; or it goes on in silence.
            std::thread::sleep(Duration::from_millis(1));
        }
    }
}

struct KillOnDrop(Arc<Mutex<Child>>);

impl Drop for KillOnDrop {
    fn drop(&mut self) {
        // Does nothing when it has ended already.
        drop(self.0.lock().unwrap_or_else(PoisonError::into_inner).kill());
    }
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use super::*;
    use std::time::Instant;

    fn shell(script: &str) -> Command {
        let mut command = Command::new("sh");
        command.args(["-c", script]);
        command
    }

    #[tokio::test]
    async fn takes_in_both_outputs() {
        let temp = tempfile::tempdir().unwrap();
        let log = Log::create(temp.path(), "x").unwrap();
        let status = run(shell("echo out; echo err >&2; exit 3"), &log).await.unwrap();
        assert_eq!(status.code(), Some(3));
        assert_eq!(log.last_lines(), ["out", "err"]);
    }

    #[tokio::test]
    async fn does_not_wait_for_a_server_that_stays() {
        let temp = tempfile::tempdir().unwrap();
        let log = Log::create(temp.path(), "x").unwrap();
        let start = Instant::now();
        run(shell("sleep 20 & echo started"), &log).await.unwrap();
        assert!(start.elapsed() < Duration::from_secs(10));
        assert_eq!(log.last_lines(), ["started"]);
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn ends_with_the_future() {
        let temp = tempfile::tempdir().unwrap();
        let log = Log::create(temp.path(), "x").unwrap();
        let file = temp.path().join("still-alive");
        let script = format!("echo ready; sleep 2; touch '{}'", file.display());
        let task = tokio::spawn({
            let log = log.clone();
            async move { run(shell(&script), &log).await }
        });
        while log.last_lines().is_empty() {
            tokio::task::yield_now().await;
        }
        task.abort();
        assert!(task.await.is_err());
        std::thread::sleep(Duration::from_secs(3));
        assert!(!file.exists());
    }
}
