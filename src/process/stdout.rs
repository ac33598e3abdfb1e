//! Prints data to standard output.

use std::io::{self, Write};

/// Data cannot be written to standard output.
#[derive(Debug, thiserror::Error)]
#[error("cannot write to standard output")]
pub(crate) struct StdoutError(#[source] io::Error);

/// Prints data. A closed pipe (`| head`) is not an error; any other failure to write is one.
pub(crate) fn print(text: &str) -> Result<(), StdoutError> {
    let mut stdout = anstream::stdout().lock();
    let written = stdout
        .write_all(text.as_bytes())
        .and_then(|()| stdout.flush());
    unless_reader_left(written)
}

/// Ignores the error of a pipe whose reader has closed it.
pub(crate) fn unless_reader_left(written: io::Result<()>) -> Result<(), StdoutError> {
    match written {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        written => written.map_err(StdoutError),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_closed_pipe_is_no_error() {
        assert!(unless_reader_left(Ok(())).is_ok());
        assert!(unless_reader_left(Err(io::ErrorKind::BrokenPipe.into())).is_ok());
        assert!(unless_reader_left(Err(io::ErrorKind::StorageFull.into())).is_err());
        assert!(unless_reader_left(Err(io::ErrorKind::FileTooLarge.into())).is_err());
    }
}
