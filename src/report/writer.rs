//! Appends to the report's file during a run, and syncs it to disk.

use std::fs::File;
use std::io::{self, Seek, SeekFrom, Write};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::domain::outcome::Outcome;
use crate::files::atomic_file::place::{is_named, sync_folder};
use crate::files::lock_file::LockFile;
use crate::report::end_of_run::{self, open_to_overwrite};
use crate::report::error::ReportError;
use crate::report::layout::Layout;
use crate::report::line::LineBuffer;
use crate::report::locked_report::LockedReport;
use crate::report::lost_report::LostReport;
use crate::run::write_report::{ReportJob, WriteReport};

/// With this many bytes a write does not wait for more lines: the cost of a write is one wake-up, whatever its size.
const FULL: usize = 128 * 1024;

/// The report's file during a run. The lock is released when this is dropped, for any reason.
#[derive(Debug)]
pub struct ReportFile {
    shared: Arc<Shared>,
    lines: LineBuffer,
    unsynced: bool,
}

/// The state that is shared with the write and sync jobs, which run concurrently with the run.
#[derive(Debug)]
struct Shared {
    file: File,
    /// The same file, to mark its last line when the run has finished: at that time there may be no file descriptor
    /// left. `None` if the report has no marks.
    to_mark: Option<File>,
    path: PathBuf,
    regular: bool,
    /// Removed when this is dropped.
    _lock_file: Option<LockFile>,
    /// Locked for the whole of each write.
    written: Mutex<Written>,
}

/// The state of the writes so far.
#[derive(Debug)]
struct Written {
    /// The expected length of the file, if no other program changes it.
    length: u64,
    /// Whether a write has failed: it may have left half a line, so nothing may be appended after it.
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

    /// Checks that the file still has its name, and that no other program changed it.
    fn is_ours(&self, written: &Written) -> io::Result<()> {
        self.is_there()?;
        if self.regular && !written.has_failed {
            LostReport::check_length(self.file.metadata()?.len(), written.length)?;
        }
        Ok(())
    }

    /// Writes to a deleted file succeed but are lost.
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
    pub(crate) fn begin(locked: LockedReport) -> Result<Self, ReportError> {
        let path = locked.plan.path.clone();
        let regular = locked.regular;
        let layout = locked.plan.kind.layout();
        let failed = |path: PathBuf| move |source| ReportError::Io { path, source };
        if regular {
            (&locked.file)
                .rewind()
                .and_then(|()| locked.file.set_len(0))
                .map_err(failed(path.clone()))?;
        }
        let mut report = Self::appending(locked, layout).map_err(failed(path.clone()))?;
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

    /// Opens the file to append after its last line, which has these columns.
    pub(crate) fn append(locked: LockedReport, layout: Layout) -> Result<Self, ReportError> {
        let path = locked.plan.path.clone();
        let end = (&locked.file).seek(SeekFrom::End(0));
        end.and_then(|_| Self::appending(locked, layout))
            .map_err(|source| ReportError::Io { path, source })
    }

    fn appending(locked: LockedReport, layout: Layout) -> io::Result<Self> {
        let LockedReport {
            file,
            plan,
            regular,
            is_new: _,
            lock_file,
        } = locked;
        let has_marks = regular && layout.has_portal();
        let to_mark = has_marks.then(|| open_to_overwrite(&file, &plan.path));
        let to_mark = to_mark.transpose()?;
        let written = Mutex::new(Written {
            length: file.metadata()?.len(),
            has_failed: false,
        });
        Ok(Self {
            shared: Arc::new(Shared {
                file,
                to_mark,
                path: plan.path,
                regular,
                _lock_file: lock_file,
                written,
            }),
            lines: LineBuffer::of(plan.origin, layout, plan.portal),
            unsynced: false,
        })
    }
}

impl ReportFile {
    /// Marks the report as that of a finished run, once every line is on disk. A report of an earlier version, one
    /// without lines, a pipe and a device stay as they are.
    pub fn mark_finished(&mut self) -> io::Result<()> {
        self.flush()()?;
        let shared = &self.shared;
        let Some(file) = &shared.to_mark else {
            return Ok(());
        };
        shared.sync()?;
        end_of_run::set(file, shared.written().length)
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
    /// A run that ends normally has already flushed everything. A panic that unwinds has not; the jobs that it
    /// started have ended by then.
    fn drop(&mut self) {
        if std::thread::panicking() && self.lines.bytes() > 0 {
            let bytes = self.lines.take();
            // An error cannot be reported from here.
            drop(self.shared.write(&bytes).and_then(|()| self.shared.sync()));
        }
    }
}

impl LockedReport {
    /// Starts a new report: discards the content of the file.
    pub fn begin(self) -> Result<ReportFile, ReportError> {
        ReportFile::begin(self)
    }
}
