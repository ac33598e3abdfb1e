//! Standard error behind a bounded queue.
//!
//! A terminal on a slow connection, or a pipe without a reader, stops accepting output when its buffer is full. A run
//! must not block on that, so a thread does the writing. If the queue is full, log lines are dropped and counted. Only the
//! newest drawing of the bar is kept, because each drawing replaces the whole line.

use std::io::{self, Write};
use std::mem::take;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

/// The maximum size of the queued log lines, in bytes.
const MAX_WAITING_BYTES: usize = 1024 * 1024;

/// The maximum size of one write: each write that succeeds shows that standard error is being read.
const PIECE: usize = 4096;

/// After standard error has accepted nothing for this time, a flush gives up.
const STUCK_AFTER: Duration = Duration::from_secs(5);

/// Moves the cursor to the start of the line and clears the line.
pub(crate) const CLEAR_LINE: &str = "\r\u{1b}[2K";

/// Renders the line that reports the number of dropped lines.
pub(crate) type LostLine = fn(lost: usize) -> String;

/// The queue of output for standard error. Clones share it.
#[derive(Clone, Debug)]
pub(crate) struct StderrQueue {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    waiting: Mutex<Waiting>,
    /// Notified when output is queued, or when everything is written.
    changed: Condvar,
    lost_line: LostLine,
    stuck_after: Duration,
}

#[derive(Debug)]
struct Waiting {
    text: String,
    /// Lines that were dropped since the last line that was queued.
    lost: usize,
    /// The newest drawing of the bar, if it is not written yet.
    drawing: Option<String>,
    /// Whether to remove the bar.
    end_of_bar: bool,
    is_writing: bool,
    /// When standard error last accepted output, or when output was last queued while the thread was idle.
    taken_at: Instant,
}

impl Waiting {
    fn is_empty(&self) -> bool {
        self.text.is_empty() && self.lost == 0 && self.drawing.is_none() && !self.end_of_bar
    }

    /// Adds the line that reports dropped lines, if there are any.
    fn admit_lost(&mut self, lost_line: LostLine) {
        if self.lost > 0 {
            self.text.push_str(&lost_line(take(&mut self.lost)));
        }
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl StderrQueue {
    /// Starts the thread that writes to standard error, without colours if that is not a terminal.
    pub(crate) fn start(lost_line: LostLine) -> io::Result<Self> {
        Self::onto(anstream::stderr(), lost_line, STUCK_AFTER)
    }

    pub(crate) fn onto(
        output: impl Write + Send + 'static,
        lost_line: LostLine,
        stuck_after: Duration,
    ) -> io::Result<Self> {
        let shared = Arc::new(Shared {
            waiting: Mutex::new(Waiting {
                text: String::new(),
                lost: 0,
                drawing: None,
                end_of_bar: false,
                is_writing: false,
                taken_at: Instant::now(),
            }),
            changed: Condvar::new(),
            lost_line,
            stuck_after,
        });
        let thread = thread::Builder::new().name("stderr".to_owned());
        thread.spawn({
            let shared = Arc::clone(&shared);
            move || write(&shared, output)
        })?;
        Ok(Self { shared })
    }

    /// Adds log lines, or counts them as lost if the queue is full.
    pub(crate) fn log(&self, lines: &str) {
        self.change(|waiting| {
            if waiting.text.len() + lines.len() > MAX_WAITING_BYTES {
                waiting.lost += lines.lines().count();
            } else {
                waiting.admit_lost(self.shared.lost_line);
                waiting.text.push_str(lines);
            }
        });
    }

    /// Adds text that must not be dropped, such as the error that ends the program.
    pub(crate) fn say(&self, text: &str) {
        self.change(|waiting| {
            waiting.admit_lost(self.shared.lost_line);
            waiting.text.push_str(text);
        });
    }

    /// Draws the bar, and replaces a drawing that is not written yet.
    pub(crate) fn draw(&self, drawing: String) {
        self.change(|waiting| {
            waiting.drawing = Some(drawing);
            waiting.end_of_bar = false;
        });
    }

    /// Removes the bar.
    pub(crate) fn end_bar(&self) {
        self.change(|waiting| {
            waiting.drawing = None;
            waiting.end_of_bar = true;
        });
    }

    fn change(&self, change: impl FnOnce(&mut Waiting)) {
        let mut waiting = self.shared.lock();
        if waiting.is_empty() && !waiting.is_writing {
            waiting.taken_at = Instant::now();
        }
        change(&mut waiting);
        drop(waiting);
        self.shared.changed.notify_all();
    }

    /// Waits until everything is written, or until standard error has accepted nothing for [`STUCK_AFTER`].
    pub(crate) fn flush(&self) {
        let mut waiting = self.shared.lock();
        while !waiting.is_empty() || waiting.is_writing {
            let gives_up_at = waiting.taken_at + self.shared.stuck_after;
            let left = gives_up_at.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return;
            }
            let woken = self.shared.changed.wait_timeout(waiting, left);
            (waiting, _) = woken.unwrap_or_else(PoisonError::into_inner);
        }
    }
}

/// The next output, and the bar below it.
fn next(shared: &Shared, bar: &mut Option<String>) -> String {
    let mut waiting = shared.lock();
    waiting.is_writing = false;
    shared.changed.notify_all();
    while waiting.is_empty() {
        let woken = shared.changed.wait(waiting);
        waiting = woken.unwrap_or_else(PoisonError::into_inner);
    }
    waiting.is_writing = true;
    let mut text = String::new();
    if bar.is_some() {
        text.push_str(CLEAR_LINE);
    }
    waiting.admit_lost(shared.lost_line);
    text.push_str(&take(&mut waiting.text));
    if take(&mut waiting.end_of_bar) {
        *bar = None;
    } else if let Some(drawing) = waiting.drawing.take() {
        *bar = Some(drawing);
    }
    text.push_str(bar.as_deref().unwrap_or_default());
    text
}

fn write(shared: &Shared, mut output: impl Write) {
    let mut bar = None;
    loop {
        let text = next(shared, &mut bar);
        for piece in text.as_bytes().chunks(PIECE) {
            // A closed terminal does not stop the run.
            drop(output.write_all(piece).and_then(|()| output.flush()));
            shared.lock().taken_at = Instant::now();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc::{Receiver, Sender, channel};

    const LONG: Duration = Duration::from_mins(1);

    fn lost_line(lost: usize) -> String {
        format!("{lost} lost\n")
    }

    /// Accepts each piece only when the test permits it; records what it accepted.
    struct Slow {
        taken: Sender<String>,
        permits: Receiver<()>,
    }

    impl Write for Slow {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.permits.recv().map_err(io::Error::other)?;
            let text = String::from_utf8_lossy(bytes).into_owned();
            self.taken.send(text).map_err(io::Error::other)?;
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn slow(stuck_after: Duration) -> (StderrQueue, Sender<()>, Receiver<String>) {
        let (taken, is_taken) = channel();
        let (permit, permits) = channel();
        let queue = StderrQueue::onto(Slow { taken, permits }, lost_line, stuck_after).unwrap();
        (queue, permit, is_taken)
    }

    /// Waits until the thread is busy with the first piece.
    fn until_busy(queue: &StderrQueue) {
        while !queue.shared.lock().is_writing {
            thread::yield_now();
        }
    }

    #[test]
    fn log_lines_are_dropped_and_counted_when_the_queue_is_full() {
        let (queue, permit, taken) = slow(LONG);
        queue.log("first\n");
        until_busy(&queue);
        let line = format!("{}\n", "x".repeat(1023));
        for _ in 0..2000 {
            queue.log(&line);
        }
        queue.say("error: the end\n");
        for _ in 0..1000 {
            permit.send(()).unwrap();
        }
        queue.flush();
        let text: String = taken.try_iter().collect();
        let kept = MAX_WAITING_BYTES / line.len();
        let expected = format!(
            "first\n{}{} lost\nerror: the end\n",
            line.repeat(kept),
            2000 - kept
        );
        assert!(text == expected, "{} bytes", text.len());
    }

    #[test]
    fn only_the_newest_drawing_of_the_bar_is_drawn_and_lines_stand_above_it() {
        let (queue, permit, taken) = slow(LONG);
        queue.draw("0 rows".to_owned());
        until_busy(&queue);
        for row in 1..1000 {
            queue.draw(format!("{CLEAR_LINE}{row} rows"));
        }
        queue.log("a line\n");
        permit.send(()).unwrap();
        permit.send(()).unwrap();
        queue.flush();
        queue.end_bar();
        queue.log("the end\n");
        permit.send(()).unwrap();
        permit.send(()).unwrap();
        queue.flush();
        let text: String = taken.try_iter().collect();
        let ends = [
            format!("{CLEAR_LINE}the end\n"),
            // The writing thread may be faster than this one.
            format!("{CLEAR_LINE}{CLEAR_LINE}the end\n"),
        ];
        let start = format!("0 rows{CLEAR_LINE}a line\n{CLEAR_LINE}999 rows");
        let end = text.strip_prefix(&start).unwrap();
        assert!(ends.iter().any(|expected| end == expected), "{text:?}");
    }

    #[test]
    fn a_flush_gives_up_on_an_output_that_accepts_nothing() {
        let (queue, _permit, _taken) = slow(Duration::from_millis(20));
        queue.say("error: the end\n");
        queue.flush();
        queue.flush();
        assert!(queue.shared.lock().is_writing);
    }
}
