//! The terminal for the bar: slightly narrower than the real one, with all output sent through the queue.
//!
//! The library of the bar fills each line up to the given width. A `^C` that the terminal echoes after a full line
//! would wrap, and a stale copy of the bar would remain above.

use std::io;
use std::mem::take;
use std::sync::{Mutex, PoisonError};

use indicatif::TermLike;
use terminal_size::{Height, Width, terminal_size_of};

use crate::output::terminal::stderr::{CLEAR_LINE, StderrQueue};

/// Columns that stay free on the right, for the echo of `^C`.
const RIGHT_MARGIN: u16 = 4;

/// Columns and lines of a terminal whose size is unknown.
const DEFAULT_SIZE: (u16, u16) = (80, 24);

/// The number of columns for the bar.
pub(crate) fn columns() -> u16 {
    size().0.saturating_sub(RIGHT_MARGIN)
}

fn size() -> (u16, u16) {
    match terminal_size_of(io::stderr()) {
        Some((Width(columns), Height(lines))) => (columns, lines),
        None => DEFAULT_SIZE,
    }
}

/// Collects the output of the library of the bar until a drawing is complete.
#[derive(Debug)]
pub(crate) struct BarTerminal {
    queue: StderrQueue,
    drawing: Mutex<String>,
}

impl BarTerminal {
    pub(crate) fn new(queue: StderrQueue) -> Self {
        Self {
            queue,
            drawing: Mutex::default(),
        }
    }

    fn put(&self, text: &str) {
        let mut drawing = self.drawing.lock().unwrap_or_else(PoisonError::into_inner);
        drawing.push_str(text);
    }

    /// Moves the cursor by an ANSI sequence; a count of zero sends nothing.
    fn move_cursor(&self, count: usize, direction: char) {
        if count > 0 {
            self.put(&format!("\u{1b}[{count}{direction}"));
        }
    }
}

impl TermLike for BarTerminal {
    fn width(&self) -> u16 {
        columns()
    }

    fn height(&self) -> u16 {
        size().1
    }

    fn move_cursor_up(&self, count: usize) -> io::Result<()> {
        self.move_cursor(count, 'A');
        Ok(())
    }

    fn move_cursor_down(&self, count: usize) -> io::Result<()> {
        self.move_cursor(count, 'B');
        Ok(())
    }

    fn move_cursor_right(&self, count: usize) -> io::Result<()> {
        self.move_cursor(count, 'C');
        Ok(())
    }

    fn move_cursor_left(&self, count: usize) -> io::Result<()> {
        self.move_cursor(count, 'D');
        Ok(())
    }

    fn write_line(&self, text: &str) -> io::Result<()> {
        self.put(text);
        self.put("\n");
        Ok(())
    }

    fn write_str(&self, text: &str) -> io::Result<()> {
        self.put(text);
        Ok(())
    }

    fn clear_line(&self) -> io::Result<()> {
        self.put(CLEAR_LINE);
        Ok(())
    }

    fn flush(&self) -> io::Result<()> {
        let mut drawing = self.drawing.lock().unwrap_or_else(PoisonError::into_inner);
        if !drawing.is_empty() {
            self.queue.draw(take(&mut drawing));
        }
        Ok(())
    }
}
