//! Waits with a limit: a test fails instead of hanging.

use std::io::{BufRead, BufReader, Read};
use std::sync::mpsc::{Receiver, RecvTimeoutError, sync_channel};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

/// The limit of every wait, far longer than a busy machine needs.
pub(crate) const MAX_WAIT: Duration = Duration::from_mins(2);

/// Waits until a condition holds.
#[track_caller]
pub(crate) fn wait_until(what: &str, mut is_so: impl FnMut() -> bool) {
    let deadline = Instant::now() + MAX_WAIT;
    while !is_so() {
        assert!(Instant::now() < deadline, "not within {MAX_WAIT:?}: {what}");
        thread::sleep(Duration::from_millis(1));
    }
}

/// Joins a thread.
#[track_caller]
pub(crate) fn join<T>(thread: JoinHandle<T>) -> T {
    wait_until("a thread ends", || thread.is_finished());
    thread.join().unwrap()
}

/// The output of a pipe, line by line. A full pipe blocks the writer until the lines are read.
pub(crate) struct Printed {
    lines: Receiver<String>,
    text: String,
}

impl Printed {
    pub(crate) fn of(stream: impl Read + Send + 'static) -> Self {
        let (sender, lines) = sync_channel(0);
        thread::spawn(move || {
            let mut stream = BufReader::new(stream);
            let mut line = String::new();
            while stream.read_line(&mut line).unwrap() > 0 {
                if sender.send(std::mem::take(&mut line)).is_err() {
                    break;
                }
            }
        });
        let text = String::new();
        Self { lines, text }
    }

    /// The next line; `None` at the end.
    #[track_caller]
    pub(crate) fn line(&mut self) -> Option<String> {
        match self.lines.recv_timeout(MAX_WAIT) {
            Ok(line) => {
                self.text.push_str(&line);
                Some(line)
            }
            Err(RecvTimeoutError::Disconnected) => None,
            Err(RecvTimeoutError::Timeout) => {
                panic!("nothing more within {MAX_WAIT:?}: {}", self.text)
            }
        }
    }

    /// Reads up to the line that contains `part`.
    #[track_caller]
    pub(crate) fn until(&mut self, part: &str) {
        loop {
            match self.line() {
                Some(line) if line.contains(part) => return,
                Some(_) => {}
                None => panic!("no `{part}` in: {}", self.text),
            }
        }
    }

    /// All of the output, from the first line to the end.
    #[track_caller]
    pub(crate) fn all(mut self) -> String {
        while self.line().is_some() {}
        self.text
    }
}

#[test]
fn no_test_waits_for_a_program_or_a_thread_without_a_limit() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it");
    for file in std::fs::read_dir(folder).unwrap() {
        let path = file.unwrap().path();
        let Ok(text) = std::fs::read_to_string(&path) else {
            continue;
        };
        for (unbounded, bounded) in [
            ("wait_with_output()", "support::Program"),
            ("yield_now()", "support::wait_until"),
            (".join().unwrap()", "support::join"),
        ] {
            assert!(
                !text.contains(unbounded),
                "{}: `{unbounded}` may wait forever, `{bounded}` does not",
                path.display()
            );
        }
    }
}
