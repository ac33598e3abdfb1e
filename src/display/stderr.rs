//! Standard error behind a bounded queue.
//!
//! A terminal at the end of a slow line, or a pipe that is not read, takes what is written for a while and then nothing.
//! A run must not wait for that: a thread writes. Log lines that find the queue full are dropped and counted. Of the bar
//! only the newest drawing is kept; it is one line and each drawing of it is whole, so none of them is missed.

use std::io::{self, Write};
use std::mem::take;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

/// Log lines that wait, in bytes.
const MAX_WAITING_BYTES: usize = 1024 * 1024;

/// So much is written at once: each such piece that is taken shows that standard error is read.
const PIECE: usize = 4096;

/// How long standard error may take nothing before it is not waited for any more.
const STUCK_AFTER: Duration = Duration::from_secs(5);

/// Back to the start of the line, and nothing on it.
pub(super) const CLEAR_LINE: &str = "\r\u{1b}[2K";

/// How the line is worded that says how many lines are missing.
pub(super) type LostLine = fn(lost: usize) -> String;

/// What waits to be written. Clones share it.
#[derive(Clone, Debug)]
pub(super) struct StderrQueue {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    waiting: Mutex<Waiting>,
    /// Something new waits, or everything is written.
    changed: Condvar,
    lost_line: LostLine,
    stuck_after: Duration,
}

#[derive(Debug)]
struct Waiting {
    text: String,
    /// Lines that were dropped since the last one that was written.
    lost: usize,
    /// The newest drawing of the bar, if it is not drawn yet.
    drawing: Option<String>,
    /// Whether the bar is to disappear.
    end_of_bar: bool,
    is_writing: bool,
    /// When standard error last took something, or was last given something while it was idle.
    taken_at: Instant,
}

impl Waiting {
    fn is_empty(&self) -> bool {
        self.text.is_empty() && self.lost == 0 && self.drawing.is_none() && !self.end_of_bar
    }

    /// Adds the line that says how many are missing, if any are.
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
    /// Starts the thread that writes to standard error, without colours where that is no terminal.
    pub(super) fn start(lost_line: LostLine) -> io::Result<Self> {
        Self::onto(anstream::stderr(), lost_line, STUCK_AFTER)
    }

    pub(super) fn onto(
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

    /// Adds log lines, or counts them as lost if too much waits already.
    pub(super) fn log(&self, lines: &str) {
        self.change(|waiting| {
            if waiting.text.len() + lines.len() > MAX_WAITING_BYTES {
                waiting.lost += lines.lines().count();
            } else {
                waiting.admit_lost(self.shared.lost_line);
                waiting.text.push_str(lines);
            }
        });
    }

    /// Adds what must not be lost, such as the error that ends the program.
    pub(super) fn say(&self, text: &str) {
        self.change(|waiting| {
            waiting.admit_lost(self.shared.lost_line);
            waiting.text.push_str(text);
        });
    }

    /// Draws the bar, in place of a drawing that is not drawn yet.
    pub(super) fn draw(&self, drawing: String) {
        self.change(|waiting| {
            waiting.drawing = Some(drawing);
            waiting.end_of_bar = false;
        });
    }

    /// Takes the bar away.
    pub(super) fn end_bar(&self) {
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

    /// Waits until everything is written, or standard error has taken nothing for a while.
    pub(super) fn flush(&self) {
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

/// What is written next, and the bar below it.
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
            // A terminal that went away is no reason to stop.
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

    /// Takes each piece only when it is allowed to; shows what it took.
    struct Slow {
        taken: Sender<String>,
        turns: Receiver<()>,
    }

    impl Write for Slow {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.turns.recv().map_err(io::Error::other)?;
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
        let (turn, turns) = channel();
        let queue = StderrQueue::onto(Slow { taken, turns }, lost_line, stuck_after).unwrap();
        (queue, turn, is_taken)
    }

    /// Waits until the thread is busy with what it was given first.
    fn until_busy(queue: &StderrQueue) {
        while !queue.shared.lock().is_writing {
            thread::yield_now();
        }
    }

    #[test]
    fn log_lines_that_find_the_queue_full_are_dropped_and_counted() {
        let (queue, turn, taken) = slow(LONG);
        queue.log("first\n");
        until_busy(&queue);
        let line = format!("{}\n", "x".repeat(1023));
        for _ in 0..2000 {
            queue.log(&line);
        }
        queue.say("error: the end\n");
        for _ in 0..1000 {
            turn.send(()).unwrap();
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
        let (queue, turn, taken) = slow(LONG);
        queue.draw("0 rows".to_owned());
        until_busy(&queue);
        for row in 1..1000 {
            queue.draw(format!("{CLEAR_LINE}{row} rows"));
        }
        queue.log("a line\n");
        turn.send(()).unwrap();
        turn.send(()).unwrap();
        queue.flush();
        queue.end_bar();
        queue.log("the end\n");
        turn.send(()).unwrap();
        turn.send(()).unwrap();
        queue.flush();
        let text: String = taken.try_iter().collect();
        let ends = [
            format!("{CLEAR_LINE}the end\n"),
            // The thread may have been quicker than this one.
            format!("{CLEAR_LINE}{CLEAR_LINE}the end\n"),
        ];
        let start = format!("0 rows{CLEAR_LINE}a line\n{CLEAR_LINE}999 rows");
        let end = text.strip_prefix(&start).unwrap();
        assert!(ends.iter().any(|expected| end == expected), "{text:?}");
    }

    #[test]
    fn an_output_that_takes_nothing_is_waited_for_only_so_long() {
        let (queue, _turn, _taken) = slow(Duration::from_millis(20));
        queue.say("error: the end\n");
        queue.flush();
        queue.flush();
        assert!(queue.shared.lock().is_writing);
    }
}
