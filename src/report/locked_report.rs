//! Opens and locks the file of a report without losing what is in it.
//!
//! A file that later takes the report's name is locked before it does, so the report is locked at every moment.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Seek};
use std::os::unix::fs::FileTypeExt;
use std::path::{Path, PathBuf};

use crate::files::atomic_file::leftovers::remove_leftovers;
use crate::files::atomic_file::place::{is_named, is_same_file};
use crate::files::lock::{Lock, TryLock};
use crate::files::lock_file::LockFile;
use crate::report::error::ReportError;
use crate::report::existing_file::{ExistingFile, IfExists};
use crate::report::layout::ReportKind;
use crate::report::origin::Origin;
use crate::report::read_error::ReadBackError;
use crate::report::report_line::ReportLine;

/// The path of the report, and what may happen to an existing one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReportPlan {
    /// The path.
    pub path: PathBuf,
    /// What may happen to an existing report.
    pub if_exists: IfExists,
    /// The kind of run that writes it.
    pub origin: Origin,
    /// The account that the run writes to; `None` if it is not known.
    pub portal: Option<u64>,
    /// The command that writes it.
    pub kind: ReportKind,
}

impl ReportPlan {
    /// Fails if a run that may not continue the report wrote the line: one of another kind, or of another account.
    pub(crate) fn check_line(&self, line: &ReportLine<'_>) -> Result<(), ReadBackError> {
        if self.kind == ReportKind::Import {
            line.check_origin(self.origin)?;
        }
        match (self.portal, line.portal_id()) {
            (Some(wanted), Some(found)) if wanted != found => Err(ReadBackError::OtherPortal {
                line: line.number,
                found,
                wanted,
            }),
            _ => Ok(()),
        }
    }
}

/// The locked file of the report, not yet changed.
#[derive(Debug)]
pub struct LockedReport {
    pub(crate) file: File,
    /// What it was opened with. Its path is as given, for messages.
    pub(crate) plan: ReportPlan,
    /// Whether it is a regular file. A device or a pipe cannot be truncated, locked or synced.
    pub(crate) regular: bool,
    /// Whether it did not exist before.
    pub(crate) is_new: bool,
    /// The lock file, where the file system has no locks.
    pub(crate) lock_file: Option<LockFile>,
}

impl LockedReport {
    /// Opens and locks the report, and checks that it may be used. Creates an empty file where there is none. `input`
    /// is the file that is read: it is never replaced.
    pub fn open(plan: &ReportPlan, input: &Path) -> Result<Self, ReportError> {
        Self::open_with(plan, input, &File::try_lock)
    }

    fn open_with(
        plan: &ReportPlan,
        input: &Path,
        try_lock: TryLock<'_>,
    ) -> Result<Self, ReportError> {
        let path = || plan.path.clone();
        let failed = |source| ReportError::Io {
            path: path(),
            source,
        };
        if is_same_file(input, &plan.path) {
            return Err(ReportError::IsInput { path: path() });
        }
        let is_new = fs::symlink_metadata(&plan.path).is_err();
        let mut locked = loop {
            let file = open_or_create(&plan.path).map_err(failed)?;
            let regular = file.metadata().map_err(failed)?.is_file();
            let lock = if regular {
                Lock::take(&file, &plan.path, try_lock).map_err(failed)?
            } else {
                Lock::Ours(None)
            };
            let lock_file = match lock {
                Lock::Ours(lock_file) => lock_file,
                Lock::Busy { by, lock_file } => {
                    return Err(ReportError::Busy {
                        path: path(),
                        by,
                        lock_file,
                    });
                }
            };
            // Between opening and locking, the previous lock owner may have replaced the file.
            if !regular || is_named(&file, &plan.path).map_err(failed)? {
                break Self {
                    file,
                    plan: plan.clone(),
                    regular,
                    is_new,
                    lock_file,
                };
            }
        };
        if locked.regular {
            remove_leftovers(&plan.path);
        }
        // Read only after locking: another run may have been writing before.
        let found = locked.found().map_err(failed)?;
        match found.check(plan.if_exists, plan.origin) {
            Ok(()) => Ok(locked),
            Err(refusal) => Err(ReportError::refused(path(), refusal, plan.kind)),
        }
    }

    /// Gives the report up before anything is written. Removes the empty file that was created for it.
    pub fn give_up(self) {
        let is_empty = self.file.metadata().is_ok_and(|file| file.len() == 0);
        if self.is_new && self.regular && is_empty {
            // An empty file that stays is no report.
            drop(fs::remove_file(&self.plan.path));
        }
    }

    /// The path as given.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.plan.path
    }

    /// The file beside the report that keeps other runs away, where the file system has no locks.
    #[must_use]
    pub fn lock_file(&self) -> Option<&Path> {
        self.lock_file.as_ref().map(LockFile::path)
    }

    /// Whether the file has anything besides the header: a run that was stopped before its first outcome leaves
    /// nothing worth keeping.
    pub fn has_lines(&mut self) -> io::Result<bool> {
        Ok(self.found()? != ExistingFile::Nothing)
    }

    fn found(&mut self) -> io::Result<ExistingFile> {
        if !self.regular {
            return Ok(ExistingFile::Nothing);
        }
        self.file.rewind()?;
        ExistingFile::of(&self.file, self.plan.kind)
    }
}

/// Opens the file without truncating it: it must be locked first. Every write appends, even if another program
/// changed the length in the meantime. A pipe is opened for writing only, which blocks until a reader opens it:
/// anything written before that would be lost.
fn open_or_create(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    if fs::metadata(path).is_ok_and(|metadata| metadata.file_type().is_fifo()) {
        options.write(true);
    } else {
        options.read(true).append(true).create(true);
    }
    options.open(path)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::existing_file::Resume;
    use crate::report::layout::Layout;
    use crate::report::writer::ReportFile;
    use crate::run::write_report::WriteReport;

    const NO_INPUT: &str = "/nowhere/pairs.csv";

    fn create(path: &Path, if_exists: IfExists) -> Result<ReportFile, ReportError> {
        let plan = ReportPlan {
            path: path.to_owned(),
            if_exists,
            origin: Origin::RealRun,
            portal: None,
            kind: ReportKind::Import,
        };
        LockedReport::open(&plan, Path::new(NO_INPUT))?.begin()
    }

    #[test]
    fn a_report_that_is_there_is_kept_unless_it_may_be_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("r.csv");
        let earlier = Layout::Current.columns().join(",")
            + "\n1,2,a,1,b,2,associated,200,,0,,,,,8f6e,1,1,,,,,,,,,,0\n";
        fs::write(&path, &earlier).unwrap();
        let error = create(&path, IfExists::Refuse).unwrap_err();
        assert!(matches!(error, ReportError::Exists { .. }));
        assert_eq!(fs::read_to_string(&path).unwrap(), earlier);
        drop(create(&path, IfExists::Overwrite).unwrap());
        assert!(fs::read_to_string(&path).unwrap().starts_with("row,line,"));
    }

    #[test]
    fn a_file_that_is_no_report_is_never_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("customers.csv");
        let customers = "name,email\nA,a@example.com\n";
        for if_exists in [
            IfExists::Refuse,
            IfExists::Overwrite,
            IfExists::ReplaceSameOrigin,
        ] {
            fs::write(&path, customers).unwrap();
            let error = create(&path, if_exists).unwrap_err();
            assert!(matches!(error, ReportError::NotReport { .. }), "{error}");
            assert_eq!(fs::read_to_string(&path).unwrap(), customers);
        }
    }

    #[test]
    fn a_report_without_lines_may_be_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("r.csv");
        for content in [
            "",
            "row,line",
            &Layout::Current.columns().join(","),
            &Layout::Current.header(),
            &Layout::WithoutKeys.header(),
        ] {
            fs::write(&path, content).unwrap();
            assert!(create(&path, IfExists::Refuse).is_ok(), "{content}");
        }
        fs::write(&path, Layout::Current.columns().join(",") + "\n1").unwrap();
        assert!(create(&path, IfExists::Refuse).is_err());
    }

    #[test]
    fn a_report_that_another_run_has_locked_is_busy_and_unchanged() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("r.csv");
        let locked = create(&path, IfExists::Refuse).unwrap();
        let resume = IfExists::Resume(Resume::default());
        for if_exists in [IfExists::Refuse, IfExists::Overwrite, resume] {
            let error = create(&path, if_exists).unwrap_err();
            let ReportError::Busy { by, .. } = error else {
                panic!("{error}");
            };
            if cfg!(target_os = "linux") {
                assert_eq!(by.map(|owner| owner.process), Some(std::process::id()));
            }
            assert!(fs::read_to_string(&path).unwrap().starts_with("row,line,"));
        }
        drop(locked);
        assert!(create(&path, IfExists::Overwrite).is_ok());
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn where_the_file_system_has_no_locks_a_lock_file_lasts_as_long_as_the_run() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("r.csv");
        let lock_file = folder.path().join("r.csv.running");
        let plan = ReportPlan {
            path: path.clone(),
            if_exists: IfExists::Resume(Resume::default()),
            origin: Origin::RealRun,
            portal: None,
            kind: ReportKind::Import,
        };
        let open = || {
            let no_locks = |_: &File| {
                let unsupported = io::Error::from(io::ErrorKind::Unsupported);
                Err(fs::TryLockError::Error(unsupported))
            };
            LockedReport::open_with(&plan, Path::new(NO_INPUT), &no_locks)
        };
        let busy = || match open().unwrap_err() {
            ReportError::Busy { lock_file, .. } => lock_file,
            error => panic!("{error}"),
        };
        let locked = open().unwrap();
        assert_eq!(locked.lock_file(), Some(&*lock_file));
        let report = locked.begin().unwrap();
        assert_eq!(busy(), Some(lock_file.clone()));
        drop(report);
        assert!(!lock_file.exists());
        // A report that is rewritten stays locked.
        let line = "1,2,a,1,b,2,failed,502,,0,,,,,8f6e,1,1,,,,,,,,,,0\n";
        fs::write(&path, Layout::Current.header() + line).unwrap();
        let mut locked = open().unwrap();
        let found = locked.read_back(Resume::default(), |_, _| ()).unwrap();
        assert_eq!(found.replaced(), 1);
        let report = locked.resume(&found).unwrap();
        assert!(lock_file.exists());
        // The file system of this test does have locks, and the new file is locked before it replaces the report.
        assert_eq!(busy(), None);
        drop(report);
        assert!(!lock_file.exists());
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
            let plan = ReportPlan {
                path: path.clone(),
                if_exists: IfExists::Overwrite,
                origin: Origin::RealRun,
                portal: None,
                kind: ReportKind::Import,
            };
            let error = LockedReport::open(&plan, &input).unwrap_err();
            assert!(matches!(error, ReportError::IsInput { .. }), "{path:?}");
        }
        assert_eq!(fs::read_to_string(&input).unwrap(), "from_id\n");
    }

    #[test]
    fn a_missing_folder_is_an_error_with_its_path() {
        let error = create(Path::new("/nowhere/r.csv"), IfExists::Refuse).unwrap_err();
        assert_eq!(
            error.to_string(),
            "cannot write the report `/nowhere/r.csv`"
        );
    }

    #[test]
    #[cfg(unix)]
    fn a_device_takes_the_report_without_lock_or_sync() {
        let mut report = create(Path::new("/dev/null"), IfExists::Refuse).unwrap();
        assert!(report.sync().is_none());
    }
}
