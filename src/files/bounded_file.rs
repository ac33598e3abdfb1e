//! Reads whole files within limits on size and time: `/dev/zero` has no end, a pipe may have no writer, and a network
//! drive may not respond.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use tokio::sync::oneshot;
use tokio::time::timeout;

/// The time limit for reading one file.
const TIME: Duration = Duration::from_secs(20);

/// Reads a file of at most `max` bytes.
pub(crate) fn read(path: &Path, max: u64) -> io::Result<Vec<u8>> {
    let (sender, receiver) = mpsc::channel();
    start(path, max, move |read| drop(sender.send(read)))?;
    receiver.recv_timeout(TIME).unwrap_or_else(|_| Err(late()))
}

/// The same as `read`, without blocking the runtime.
pub(crate) async fn read_async(path: &Path, max: u64) -> io::Result<Vec<u8>> {
    let (sender, receiver) = oneshot::channel();
    start(path, max, move |read| drop(sender.send(read)))?;
    match timeout(TIME, receiver).await {
        Ok(Ok(read)) => read,
        _ => Err(late()),
    }
}

/// Runs in a separate thread: a blocked system call cannot be cancelled, only abandoned, and a blocking thread of the
/// runtime would delay the program's exit.
fn start(
    path: &Path,
    max: u64,
    deliver: impl FnOnce(io::Result<Vec<u8>>) + Send + 'static,
) -> io::Result<()> {
    let path: PathBuf = path.to_owned();
    let thread = thread::Builder::new().name("file".to_owned());
    thread
        .spawn(move || deliver(read_up_to(&path, max)))
        .map(drop)
}

fn read_up_to(path: &Path, max: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    File::open(path)?.take(max + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > max {
        let why = format!("it has more than {max} bytes");
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, why));
    }
    Ok(bytes)
}

fn late() -> io::Error {
    let why = format!("reading it took more than {} s", TIME.as_secs());
    io::Error::new(io::ErrorKind::TimedOut, why)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_read_up_to_a_size_limit() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("f");
        std::fs::write(&path, [7; 100]).unwrap();
        assert_eq!(read(&path, 100).unwrap(), [7; 100]);
        for (path, max, why) in [
            (&*path, 99, "it has more than 99 bytes"),
            (Path::new("/dev/zero"), 9, "it has more than 9 bytes"),
            (
                Path::new("/nowhere/f"),
                9,
                "No such file or directory (os error 2)",
            ),
        ] {
            assert_eq!(read(path, max).unwrap_err().to_string(), why);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn reading_a_pipe_without_a_writer_times_out() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("pipe");
        let made = std::process::Command::new("mkfifo").arg(&path).status();
        assert!(made.unwrap().success());
        let error = read_async(&path, 9).await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
    }
}
