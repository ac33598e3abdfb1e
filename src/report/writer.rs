//! The report's file while a run writes to it: appended to, brought to the disk.

use std::fs::File;
use std::io::{self, Seek, SeekFrom, Write};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::line::LineBuffer;
use super::lock_file::LockFile;
use super::locked_report::{LockedReport, ReportError};
use super::lost::LostReport;
use crate::atomic_file::{is_named, sync_folder};
use crate::outcome::Outcome;
use crate::run::{ReportJob, WriteReport};

/// So many bytes are handed over without waiting for more: to hand over costs a wake-up, however much it is.
const FULL: usize = 128 * 1024;

/// The report's file while a run writes to it. Its lock ends with it, however it ends.
#[derive(Debug)]
pub struct ReportFile {
    shared: Arc<Shared>,
    lines: LineBuffer,
    unsynced: bool,
}

/// What the jobs need that run beside the run.
#[derive(Debug)]
struct Shared {
    file: File,
    path: PathBuf,
    regular: bool,
    /// Removed with this.
    _lock_file: Option<LockFile>,
    /// A write holds it to its end.
    written: Mutex<Written>,
}

/// What was written so far.
#[derive(Debug)]
struct Written {
    /// As long as the file is, if no other program changes it.
    length: u64,
    /// A write that failed may have left half a line: nothing may be added behind it.
    has_failed: bool,
}

impl Shared {
    fn write(&self, bytes: &[u8]) -> io::Result<()> {
        let mut written = self.written();
        if written.has_failed {
            return Err(io::Error::other("an earlier write failed"));
        }
        let done = self.is_ours(&written);
        let done = done.and_then(|()| (&self.file).write_all(bytes));
        written.has_failed = done.is_err();
        written.length += bytes.len() as u64;
        done
    }

    fn sync(&self) -> io::Result<()> {
        self.file.sync_data()?;
        self.is_ours(&self.written())
    }

    fn written(&self) -> MutexGuard<'_, Written> {
        self.written.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether it has its name, and no other program changed it.
    fn is_ours(&self, written: &Written) -> io::Result<()> {
        self.is_there()?;
        if self.regular && !written.has_failed {
            LostReport::check_length(self.file.metadata()?.len(), written.length)?;
        }
        Ok(())
    }

    /// Writes to a file without a name succeed, but are lost.
    fn is_there(&self) -> io::Result<()> {
        if !self.regular || is_named(&self.file, &self.path)? {
            return Ok(());
        }
        let lost = if self.path.try_exists()? {
            LostReport::Replaced
        } else {
            LostReport::Deleted
        };
        Err(lost.into())
    }
}

impl ReportFile {
    /// Empties the file and writes the header.
    pub(super) fn begin(locked: LockedReport) -> Result<Self, ReportError> {
        let LockedReport {
            file,
            path,
            regular,
            origin,
            lock_file,
        } = locked;
        let failed = |path: PathBuf| move |source| ReportError::Io { path, source };
        if regular {
            (&file)
                .rewind()
                .and_then(|()| file.set_len(0))
                .map_err(failed(path.clone()))?;
        }
        let locked = LockedReport {
            file,
            path: path.clone(),
            regular,
            origin,
            lock_file,
        };
        let mut report = Self::appending(locked).map_err(failed(path.clone()))?;
        report.lines.add_header();
        let bytes = report.lines.take();
        report.shared.write(&bytes).map_err(failed(path.clone()))?;
        if regular {
            report
                .shared
                .file
                .sync_all()
                .and_then(|()| sync_folder(&path))
                .map_err(failed(path))?;
        }
        Ok(report)
    }

    /// Goes on behind the last line.
    pub(super) fn append(locked: LockedReport) -> Result<Self, ReportError> {
        let path = locked.path.clone();
        let end = (&locked.file).seek(SeekFrom::End(0));
        end.and_then(|_| Self::appending(locked))
            .map_err(|source| ReportError::Io { path, source })
    }

    fn appending(locked: LockedReport) -> io::Result<Self> {
        let LockedReport {
            file,
            path,
            regular,
            origin,
            lock_file,
        } = locked;
        let written = Mutex::new(Written {
            length: file.metadata()?.len(),
            has_failed: false,
        });
        Ok(Self {
            shared: Arc::new(Shared {
                file,
                path,
                regular,
                _lock_file: lock_file,
                written,
            }),
            lines: LineBuffer::of(origin),
            unsynced: false,
        })
    }
}

impl WriteReport for ReportFile {
    fn add(&mut self, outcome: &Outcome) {
        self.lines.add(outcome);
    }

    fn is_full(&self) -> bool {
        self.lines.bytes() >= FULL
    }

    fn flush(&mut self) -> ReportJob {
        let bytes = self.lines.take();
        let shared = Arc::clone(&self.shared);
        self.unsynced = shared.regular;
        Box::new(move || shared.write(&bytes))
    }

    fn sync(&mut self) -> Option<ReportJob> {
        if !std::mem::take(&mut self.unsynced) {
            return None;
        }
        let shared = Arc::clone(&self.shared);
        Some(Box::new(move || shared.sync()))
    }
}

impl Drop for ReportFile {
    /// A run that ends as it should has handed everything over. A bug that unwinds has not; the jobs that
    /// it began are over by then.
    fn drop(&mut self) {
        if std::thread::panicking() && self.lines.bytes() > 0 {
            let bytes = self.lines.take();
            // There is nobody left to tell.
            drop(self.shared.write(&bytes).and_then(|()| self.shared.sync()));
        }
    }
}
