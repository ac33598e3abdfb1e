//! Standard error as the bar draws on it: a little narrower than it is.
//!
//! The bar's library fills each line up to the width it is told. A `^C` that the terminal echoes behind
//! a full line would wrap, and a stale copy of the bar would stay above.

use std::io::{self, Write};

use indicatif::TermLike;
use terminal_size::{Height, Width, terminal_size_of};

/// Columns that stay free on the right, for a `^C`.
const RIGHT_MARGIN: u16 = 4;

/// Columns and lines of a terminal that does not tell.
const USUAL_SIZE: (u16, u16) = (80, 24);

/// Standard error.
#[derive(Debug)]
pub(super) struct BarTerminal;

/// The columns a bar may take.
pub(super) fn columns() -> u16 {
    size().0.saturating_sub(RIGHT_MARGIN)
}

fn size() -> (u16, u16) {
    match terminal_size_of(io::stderr()) {
        Some((Width(columns), Height(lines))) => (columns, lines),
        None => USUAL_SIZE,
    }
}

fn put(text: &str) -> io::Result<()> {
    io::stderr().write_all(text.as_bytes())
}

/// Moves the cursor by an ANSI sequence; by nothing, nothing is sent.
fn go(count: usize, direction: char) -> io::Result<()> {
    if count == 0 {
        Ok(())
    } else {
        put(&format!("\u{1b}[{count}{direction}"))
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
        go(count, 'A')
    }

    fn move_cursor_down(&self, count: usize) -> io::Result<()> {
        go(count, 'B')
    }

    fn move_cursor_right(&self, count: usize) -> io::Result<()> {
        go(count, 'C')
    }

    fn move_cursor_left(&self, count: usize) -> io::Result<()> {
        go(count, 'D')
    }

    fn write_line(&self, text: &str) -> io::Result<()> {
        put(&format!("{text}\n"))
    }

    fn write_str(&self, text: &str) -> io::Result<()> {
        put(text)
    }

    fn clear_line(&self) -> io::Result<()> {
        put("\r\u{1b}[2K")
    }

    fn flush(&self) -> io::Result<()> {
        io::stderr().flush()
    }
}
