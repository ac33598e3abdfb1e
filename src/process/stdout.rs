//! Prints data to standard output.

use std::io::{self, Write};

use crate::error::RunError;

/// Prints data. A closed pipe (`| head`) is not an error; any other failure to write is one.
pub(crate) fn print(text: &str) -> Result<(), RunError> {
    let mut stdout = anstream::stdout().lock();
    let written = stdout
        .write_all(text.as_bytes())
        .and_then(|()| stdout.flush());
    unless_reader_left(written).map_err(RunError::Stdout)
}

/// Ignores the error of a pipe whose reader has closed it.
pub(crate) fn unless_reader_left(written: io::Result<()>) -> io::Result<()> {
    match written {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        written => written,
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
