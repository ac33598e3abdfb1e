//! Reads rows on a separate thread, ahead of the run that takes them.

use std::io;
use std::thread;

use tokio::sync::mpsc;

use crate::input::error::InputError;
use crate::input::row::CheckedRow;

/// The lookahead: how many rows are read before they are sent.
const ROWS_AHEAD: usize = 256;

/// Calls `next` until it returns no row, and sends the rows to the returned channel, which limits the lookahead.
pub(crate) fn read_ahead(
    mut next: impl FnMut() -> Result<Option<CheckedRow>, InputError> + Send + 'static,
) -> io::Result<mpsc::Receiver<Result<CheckedRow, InputError>>> {
    let (sender, receiver) = mpsc::channel(ROWS_AHEAD);
    let thread = thread::Builder::new().name("input".to_owned());
    thread.spawn(move || {
        while let Some(row) = next().transpose() {
            let last = row.is_err();
            // The channel is closed when the run stops.
            if sender.blocking_send(row).is_err() || last {
                break;
            }
        }
    })?;
    Ok(receiver)
}
