//! Standard error as the bar draws on it: a little narrower than it is, and beside the run.
//!
//! The bar's library fills each line up to the width it is told. A `^C` that the terminal echoes behind
//! a full line would wrap, and a stale copy of the bar would stay above.
//!
//! A terminal at the end of a slow line takes what is written for a while and then nothing for half a minute. A run has
//! better things to do than to wait for that: a thread draws, and what it is too slow for is not drawn. The bar is one
//! line and each drawing of it is whole, so none of them is missed.

use std::io::{self, Write};
use std::mem::take;
use std::sync::mpsc::{Receiver, Sender, SyncSender, channel, sync_channel};
use std::sync::{Mutex, PoisonError};
use std::thread;

use indicatif::TermLike;
use terminal_size::{Height, Width, terminal_size_of};

/// Columns that stay free on the right, for a `^C`.
const RIGHT_MARGIN: u16 = 4;

/// Columns and lines of a terminal that does not tell.
const USUAL_SIZE: (u16, u16) = (80, 24);

/// Back to the start of the line, and nothing on it.
const CLEAR_LINE: &str = "\r\u{1b}[2K";

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

/// What the thread is asked for.
enum Order {
    Draw(String),
    /// To say so once all that was asked before is done.
    Report(Sender<()>),
}

/// Writes what is drawn, as fast as the terminal takes it.
#[derive(Clone, Debug)]
pub(super) struct Drawer {
    orders: SyncSender<Order>,
}

impl Drawer {
    pub(super) fn start() -> io::Result<Self> {
        Self::onto(io::stderr())
    }

    fn onto(terminal: impl Write + Send + 'static) -> io::Result<Self> {
        let (orders, received) = sync_channel(1);
        let thread = thread::Builder::new().name("bar".to_owned());
        thread.spawn(move || draw(&received, terminal))?;
        Ok(Self { orders })
    }

    /// Draws it, or not if the terminal is still busy.
    fn draw(&self, drawing: String) {
        drop(self.orders.try_send(Order::Draw(drawing)));
    }

    /// Takes the bar away, whatever is drawn of it, and returns when the terminal has done so: somebody else wants to write.
    pub(super) fn give_way(&self) {
        let (done, is_done) = channel();
        let clear = Order::Draw(CLEAR_LINE.to_owned());
        let asked = self
            .orders
            .send(clear)
            .and_then(|()| self.orders.send(Order::Report(done)));
        // Without the thread nothing is drawn any more, and nobody is in the way.
        if asked.is_ok() {
            let _told = is_done.recv();
        }
    }
}

fn draw(orders: &Receiver<Order>, mut terminal: impl Write) {
    while let Ok(order) = orders.recv() {
        match order {
            // A terminal that went away is no reason to stop.
            Order::Draw(drawing) => drop(
                terminal
                    .write_all(drawing.as_bytes())
                    .and_then(|()| terminal.flush()),
            ),
            Order::Report(done) => drop(done.send(())),
        }
    }
}

/// Collects what the bar's library writes, until it is a whole drawing.
#[derive(Debug)]
pub(super) struct BarTerminal {
    drawer: Drawer,
    drawing: Mutex<String>,
}

impl BarTerminal {
    pub(super) fn new(drawer: Drawer) -> Self {
        Self {
            drawer,
            drawing: Mutex::default(),
        }
    }

    fn put(&self, text: &str) {
        let mut drawing = self.drawing.lock().unwrap_or_else(PoisonError::into_inner);
        drawing.push_str(text);
    }

    /// Moves the cursor by an ANSI sequence; by nothing, nothing is sent.
    fn go(&self, count: usize, direction: char) {
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
        self.go(count, 'A');
        Ok(())
    }

    fn move_cursor_down(&self, count: usize) -> io::Result<()> {
        self.go(count, 'B');
        Ok(())
    }

    fn move_cursor_right(&self, count: usize) -> io::Result<()> {
        self.go(count, 'C');
        Ok(())
    }

    fn move_cursor_left(&self, count: usize) -> io::Result<()> {
        self.go(count, 'D');
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
            self.drawer.draw(take(&mut drawing));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;
    use std::sync::mpsc::TryRecvError;

    /// A terminal that takes each drawing only when it is told to.
    struct Slow {
        taken: Arc<Mutex<Vec<String>>>,
        turns: Receiver<()>,
    }

    impl Write for Slow {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.turns.recv().map_err(io::Error::other)?;
            let text = String::from_utf8_lossy(bytes).into_owned();
            self.taken.lock().unwrap().push(text);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_slow_terminal_misses_drawings_and_holds_nobody_up() {
        let taken = Arc::new(Mutex::default());
        let (turn, turns) = channel();
        let slow = Slow {
            taken: Arc::clone(&taken),
            turns,
        };
        let drawer = Drawer::onto(slow).unwrap();
        let terminal = BarTerminal::new(drawer.clone());
        // Returns although the terminal takes nothing.
        for row in 0..1000 {
            terminal.clear_line().unwrap();
            terminal.write_str(&format!("{row} rows")).unwrap();
            terminal.flush().unwrap();
        }
        // Whoever else wants to write waits until the bar is away.
        let (done, is_done) = channel();
        let waiting = thread::spawn(move || {
            drawer.give_way();
            done.send(()).unwrap();
        });
        assert_eq!(is_done.try_recv(), Err(TryRecvError::Empty));
        for _ in 0..10 {
            turn.send(()).unwrap();
        }
        is_done.recv().unwrap();
        waiting.join().unwrap();
        let taken = taken.lock().unwrap();
        assert!(taken.len() <= 4, "{taken:?}");
        assert_eq!(taken[0], format!("{CLEAR_LINE}0 rows"));
        assert_eq!(taken.last().unwrap(), CLEAR_LINE);
    }
}
