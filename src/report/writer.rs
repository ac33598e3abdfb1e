//! The report's file: opened so that nothing is lost, locked, appended to, brought to the disk.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Read, Seek};
use std::path::{Path, PathBuf};

use super::line::Lines;
use crate::outcome::Outcome;
use crate::run::WriteReport;

/// So many bytes are handed over without waiting for more: a page of the system costs as much as a line.
const FULL: usize = 32 * 1024;

/// Where the report goes, and what may happen to one that is there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReportPlan {
    /// Its path.
    pub path: PathBuf,
    /// Whether a report that is there may be replaced.
    pub overwrite: bool,
}

/// Why a report cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ReportError {
    /// It would replace an earlier one.
    #[error("the report `{}` exists already", path.display())]
    Exists {
        /// Its path.
        path: PathBuf,
    },
    /// Its path names the input, which would be destroyed.
    #[error("the report `{}` is the input itself", path.display())]
    IsInput {
        /// Its path.
        path: PathBuf,
    },
    /// Another run writes to it.
    #[error("another run holds the report `{}`", path.display())]
    Busy {
        /// Its path.
        path: PathBuf,
    },
    /// It cannot be written.
    #[error("cannot write the report `{}`", path.display())]
    Io {
        /// Its path.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

/// The report's file while a run writes to it. Its lock ends with it, however it ends.
#[derive(Debug)]
pub struct ReportFile {
    file: File,
    lines: Lines,
    /// A device or a pipe has nothing to truncate, lock or sync.
    regular: bool,
    unsynced: bool,
}

impl ReportFile {
    /// Creates the report, or replaces the one that is there if `plan` says so, and writes its header.
    ///
    /// `input` is the file that is read: it is never replaced.
    pub fn create(plan: &ReportPlan, input: &Path) -> Result<Self, ReportError> {
        let path = || plan.path.clone();
        let failed = |source| ReportError::Io {
            path: path(),
            source,
        };
        if is_same_file(input, &plan.path) {
            return Err(ReportError::IsInput { path: path() });
        }
        // Not truncated on opening: first it must be ours.
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(false);
        let mut file = options.open(&plan.path).map_err(failed)?;
        let metadata = file.metadata().map_err(failed)?;
        let regular = metadata.is_file();
        if regular {
            match file.try_lock() {
                Ok(()) => {}
                Err(TryLockError::WouldBlock) => return Err(ReportError::Busy { path: path() }),
                // A file system without locks cannot tell; it is no reason not to run.
                Err(TryLockError::Error(error)) if error.kind() == io::ErrorKind::Unsupported => {}
                Err(TryLockError::Error(error)) => return Err(failed(error)),
            }
            // Read again: before the lock, another run may have been writing.
            if !plan.overwrite && has_lines(&mut file).map_err(failed)? {
                return Err(ReportError::Exists { path: path() });
            }
            file.set_len(0)
                .and_then(|()| file.rewind())
                .map_err(failed)?;
        }
        let mut report = Self {
            file,
            lines: Lines::default(),
            regular,
            unsynced: false,
        };
        report.lines.add_header();
        report.hand_over().map_err(failed)?;
        if regular {
            report.file.sync_all().map_err(failed)?;
            sync_folder(&plan.path).map_err(failed)?;
        }
        Ok(report)
    }
}

impl WriteReport for ReportFile {
    fn add(&mut self, outcome: &Outcome) {
        self.lines.add(outcome);
    }

    fn is_full(&self) -> bool {
        self.lines.bytes() >= FULL
    }

    fn hand_over(&mut self) -> io::Result<()> {
        self.lines.write_to(&mut self.file)?;
        self.unsynced = self.regular;
        Ok(())
    }

    fn sync(&mut self) -> Option<Box<dyn FnOnce() -> io::Result<()> + Send>> {
        if !std::mem::take(&mut self.unsynced) {
            return None;
        }
        let file = self.file.try_clone();
        Some(Box::new(move || file?.sync_data()))
    }
}

/// Whether there is anything in it but the header: a run that was stopped before its first outcome
/// leaves nothing worth keeping.
fn has_lines(file: &mut File) -> io::Result<bool> {
    let mut header = Vec::new();
    let mut lines = Lines::default();
    lines.add_header();
    lines.write_to(&mut header)?;
    let mut start = Vec::new();
    file.take(header.len() as u64 + 1).read_to_end(&mut start)?;
    Ok(!header.starts_with(&start))
}

fn is_same_file(one: &Path, other: &Path) -> bool {
    match (one.canonicalize(), other.canonicalize()) {
        (Ok(one), Ok(other)) => one == other || same_inode(&one, &other),
        _ => false,
    }
}

#[cfg(unix)]
fn same_inode(one: &Path, other: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    match (one.metadata(), other.metadata()) {
        (Ok(one), Ok(other)) => (one.dev(), one.ino()) == (other.dev(), other.ino()),
        _ => false,
    }
}

#[cfg(not(unix))]
fn same_inode(_one: &Path, _other: &Path) -> bool {
    false
}

/// Makes the file's name durable, not only its content.
#[cfg(unix)]
fn sync_folder(path: &Path) -> io::Result<()> {
    let folder = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty());
    File::open(folder.unwrap_or(Path::new(".")))?.sync_all()
}

#[cfg(not(unix))]
fn sync_folder(_path: &Path) -> io::Result<()> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::COLUMNS;
    use std::fs;

    const NO_INPUT: &str = "/nowhere/pairs.csv";

    fn plan(path: &Path, overwrite: bool) -> ReportPlan {
        ReportPlan {
            path: path.to_owned(),
            overwrite,
        }
    }

    #[test]
    fn a_report_that_is_there_is_kept_unless_it_may_be_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("r.csv");
        fs::write(&path, "precious").unwrap();
        let error = ReportFile::create(&plan(&path, false), Path::new(NO_INPUT)).unwrap_err();
        assert!(matches!(error, ReportError::Exists { .. }));
        assert_eq!(fs::read_to_string(&path).unwrap(), "precious");
        drop(ReportFile::create(&plan(&path, true), Path::new(NO_INPUT)).unwrap());
        assert!(fs::read_to_string(&path).unwrap().starts_with("row,line,"));
    }

    #[test]
    fn a_report_without_a_single_line_is_no_loss() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("r.csv");
        for content in [
            "",
            "row,line",
            &COLUMNS.join(","),
            &(COLUMNS.join(",") + "\n"),
        ] {
            fs::write(&path, content).unwrap();
            assert!(
                ReportFile::create(&plan(&path, false), Path::new(NO_INPUT)).is_ok(),
                "{content}"
            );
        }
        fs::write(&path, COLUMNS.join(",") + "\n1").unwrap();
        assert!(ReportFile::create(&plan(&path, false), Path::new(NO_INPUT)).is_err());
    }

    #[test]
    fn a_report_that_another_run_holds_is_busy_and_stays_as_it_is() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("r.csv");
        let held = ReportFile::create(&plan(&path, false), Path::new(NO_INPUT)).unwrap();
        for overwrite in [false, true] {
            let error =
                ReportFile::create(&plan(&path, overwrite), Path::new(NO_INPUT)).unwrap_err();
            assert!(matches!(error, ReportError::Busy { .. }));
            assert!(fs::read_to_string(&path).unwrap().starts_with("row,line,"));
        }
        drop(held);
        assert!(ReportFile::create(&plan(&path, true), Path::new(NO_INPUT)).is_ok());
    }

    #[test]
    #[cfg(unix)]
    fn the_input_is_never_replaced_whatever_name_it_is_given() {
        let folder = tempfile::tempdir().unwrap();
        let input = folder.path().join("pairs.csv");
        fs::write(&input, "from_id\n").unwrap();
        let link = folder.path().join("link.csv");
        std::os::unix::fs::symlink(&input, &link).unwrap();
        let hard = folder.path().join("hard.csv");
        fs::hard_link(&input, &hard).unwrap();
        for path in [&input, &link, &hard, &folder.path().join("./pairs.csv")] {
            let error = ReportFile::create(&plan(path, true), &input).unwrap_err();
            assert!(matches!(error, ReportError::IsInput { .. }), "{path:?}");
        }
        assert_eq!(fs::read_to_string(&input).unwrap(), "from_id\n");
    }

    #[test]
    fn a_folder_that_is_not_there_is_an_error_with_its_path() {
        let error = ReportFile::create(
            &plan(Path::new("/nowhere/r.csv"), false),
            Path::new(NO_INPUT),
        )
        .unwrap_err();
        assert_eq!(
            error.to_string(),
            "cannot write the report `/nowhere/r.csv`"
        );
    }

    #[test]
    #[cfg(unix)]
    fn a_device_takes_the_report_without_lock_or_sync() {
        let mut report =
            ReportFile::create(&plan(Path::new("/dev/null"), false), Path::new(NO_INPUT)).unwrap();
        assert!(report.sync().is_none());
    }
}
