//! The mark in the last line of a report that says that the run which wrote it has finished.
//!
//! Lines are appended while a run lasts, all of them without the mark. A run that ends sets it by overwriting one byte;
//! a run that continues the report takes it back before it adds a line. So a report has at most one mark, in its last
//! line, and a crash at any moment leaves none in a report that is not complete.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::FileExt;
use std::path::Path;

use crate::files::atomic_file::place::is_same_inode;
use crate::input::csv::splitter::without_line_end;
use crate::report::column::Column;
use crate::report::lost_report::LostReport;
use crate::report::report_line::ReportLine;

/// The value of the column in the last line of a finished run.
const FINISHED: u8 = b'1';

/// Its value in every other line.
const NOT_FINISHED: u8 = b'0';

/// More bytes than the value, its quotes and the end of a line have.
const TAIL_LENGTH: u64 = 8;

/// Whether the run that wrote a report has finished.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum EndOfRun {
    /// It has finished.
    Finished,
    /// It has not: it was stopped, or it is still running.
    NotFinished,
    /// The report does not say so: it has no lines, or an earlier version wrote it.
    #[default]
    NotNoted,
}

impl ReportLine<'_> {
    /// Whether the line has the mark of a finished run; `None` if the report has no column for it.
    #[must_use]
    pub(crate) fn is_marked_as_last(&self) -> Option<bool> {
        self.places[Column::EndOfRun as usize]?;
        Some(self.field(Column::EndOfRun) == [FINISHED])
    }
}

/// Where the value of the last column is in the end of a line, if it is this one. A program that saved the report may
/// have quoted it.
fn place_of(value: u8, line: &[u8]) -> Option<usize> {
    let text = without_line_end(line);
    let (text, before) = match text.strip_suffix(b"\"") {
        Some(text) => (text, b'"'),
        None => (text, b','),
    };
    match text {
        [.., comma, last] if *comma == before && *last == value => Some(text.len() - 1),
        _ => None,
    }
}

/// Passes a line on without the mark.
pub(crate) fn write_unmarked<E>(
    line: &[u8],
    mut write: impl FnMut(&[u8]) -> Result<(), E>,
) -> Result<(), E> {
    let Some(place) = place_of(FINISHED, line) else {
        return write(line);
    };
    write(&line[..place])?;
    write(&[NOT_FINISHED])?;
    write(&line[place + 1..])
}

/// Opens `report`, whose own writes all append, once more to overwrite a byte of it.
pub(crate) fn open_to_overwrite(report: &File, path: &Path) -> io::Result<File> {
    let file = OpenOptions::new().read(true).write(true).open(path)?;
    if is_same_inode(&report.metadata()?, &file.metadata()?) {
        Ok(file)
    } else {
        Err(LostReport::Replaced.into())
    }
}

/// Sets the mark of the line that ends at `end`, and syncs it to disk.
pub(crate) fn set(file: &File, end: u64) -> io::Result<()> {
    overwrite(file, end, NOT_FINISHED, FINISHED)
}

/// Takes the mark of the line that ends at `end` back, and syncs that to disk.
pub(crate) fn reset(file: &File, end: u64) -> io::Result<()> {
    overwrite(file, end, FINISHED, NOT_FINISHED)
}

/// Overwrites the last value of the line that ends at `end`, if it is `old`.
fn overwrite(file: &File, end: u64, old: u8, new: u8) -> io::Result<()> {
    let length = end.min(TAIL_LENGTH);
    let mut tail = vec![0; usize::try_from(length).unwrap_or_default()];
    file.read_exact_at(&mut tail, end - length)?;
    let Some(place) = place_of(old, &tail) else {
        return Ok(());
    };
    file.write_all_at(&[new], end - length + place as u64)?;
    file.sync_data()
}
