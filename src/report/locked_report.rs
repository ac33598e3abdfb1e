//! A report's file that is ours: opened so that nothing is lost, and locked.
//!
//! A file that takes the report's name later is locked before it does, so there is no moment without a lock.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Seek};
use std::os::unix::fs::FileTypeExt;
use std::path::{Path, PathBuf};

use super::existing_file::{ExistingFile, Refusal};
use super::lock::{Lock, TryLock};
use super::lock_file::LockFile;
use super::lock_owner::LockOwner;
use super::origin::Origin;
use super::reader::ReadBackError;
use super::resume::Resume;
use super::writer::ReportFile;
use crate::atomic_file::{is_named, is_same_file, remove_leftovers};
use crate::input::Compression;

/// What may happen to a report that is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IfExists {
    /// Nothing: it is an error.
    Refuse,
    /// It is replaced, if it is a report.
    Overwrite,
    /// It is replaced, if it is a report that the same kind of run wrote.
    ReplaceSameOrigin,
    /// The run goes on where it ends.
    Resume(Resume),
}

/// Where the report goes, and what may happen to one that is there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReportPlan {
    /// Its path.
    pub path: PathBuf,
    /// What may happen to one that is there.
    pub if_exists: IfExists,
    /// What kind of run writes it.
    pub origin: Origin,
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
    /// Another kind of run wrote it: the one must not take the lines of the other for its own.
    #[error("`{}` is the report of {origin} (line {line})", path.display())]
    OtherOrigin {
        /// Its path.
        path: PathBuf,
        /// The first such line.
        line: u64,
        /// Who wrote it.
        origin: Origin,
    },
    /// It was named as the memory of a real run, and a rehearsal wrote it.
    #[error("`{}` is the report of a rehearsal (line {line}): nothing in it was linked in HubSpot", path.display())]
    RehearsedKnownPairs {
        /// Its path.
        path: PathBuf,
        /// The first such line.
        line: u64,
    },
    /// A packed file cannot be written to.
    #[error("the report `{}` is packed ({compression}): a run cannot write to it", path.display())]
    Packed {
        /// Its path.
        path: PathBuf,
        /// How.
        compression: Compression,
    },
    /// It is a file of something else, which would be destroyed.
    #[error("`{}` is not a report of this program", path.display())]
    NotReport {
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
    #[error("another run holds the report `{}`{}", path.display(), owner(by.as_ref()))]
    Busy {
        /// Its path.
        path: PathBuf,
        /// Who that is, if it can be known.
        by: Option<LockOwner>,
        /// The file beside the report that says so, where the file system has no locks.
        lock_file: Option<PathBuf>,
    },
    /// It cannot be written.
    #[error("cannot write the report `{}`", path.display())]
    Io {
        /// Its path.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// It was named to be read, and is not there.
    #[error("there is no report `{}`", path.display())]
    Missing {
        /// Its path.
        path: PathBuf,
    },
    /// It was named as the memory of what is linked, and is not there.
    #[error("there is no report `{}`", path.display())]
    MissingKnownPairs {
        /// Its path.
        path: PathBuf,
    },
    /// It is the memory of what is linked and would be replaced, but what it knows of the input cannot be kept.
    #[error(
        "the report `{}` would be replaced, is read by `--skip-associated-in`, and the input can be read only once",
        path.display()
    )]
    OnlyKnownPairs {
        /// Its path.
        path: PathBuf,
    },
    /// It cannot be gone on from, or shown.
    #[error("cannot read the report `{}` back", path.display())]
    ReadBack {
        /// Its path.
        path: PathBuf,
        /// Why.
        source: ReadBackError,
    },
}

impl ReportError {
    fn refused(path: PathBuf, refusal: Refusal) -> Self {
        match refusal {
            Refusal::Exists => Self::Exists { path },
            // The one behind the header.
            Refusal::OtherOrigin(origin) => Self::OtherOrigin {
                path,
                line: 2,
                origin,
            },
            Refusal::Packed(compression) => Self::Packed { path, compression },
            Refusal::NotReport => Self::NotReport { path },
        }
    }

    /// Why the report at `path` cannot be read.
    pub(super) fn of_reading(path: &Path, source: ReadBackError) -> Self {
        let path = path.to_owned();
        match source {
            ReadBackError::OtherOrigin { line, origin } => Self::OtherOrigin { path, line, origin },
            source => Self::ReadBack { path, source },
        }
    }
}

fn owner(by: Option<&LockOwner>) -> String {
    by.map(|owner| format!(": {owner}")).unwrap_or_default()
}

/// The report's file, ours alone, as yet unchanged.
#[derive(Debug)]
pub struct LockedReport {
    pub(super) file: File,
    /// As it was given, for messages.
    pub(super) path: PathBuf,
    /// A device or a pipe has nothing to truncate, lock or sync.
    pub(super) regular: bool,
    /// What kind of run its lines are to be of.
    pub(super) origin: Origin,
    /// The lock, where the file system has none.
    pub(super) lock_file: Option<LockFile>,
}

impl LockedReport {
    /// Opens and locks the report, and makes sure that it may be used; an empty one is created where there
    /// is none. `input` is the file that is read: it is never replaced.
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
            // Between opening and locking, the run that held it may have put another file in its place.
            if !regular || is_named(&file, &plan.path).map_err(failed)? {
                break Self {
                    file,
                    path: path(),
                    regular,
                    origin: plan.origin,
                    lock_file,
                };
            }
        };
        if locked.regular {
            remove_leftovers(&plan.path);
        }
        // Read only now: before the lock, another run may have been writing.
        let found = locked.found().map_err(failed)?;
        match found.check(plan.if_exists, plan.origin) {
            Ok(()) => Ok(locked),
            Err(refusal) => Err(ReportError::refused(path(), refusal)),
        }
    }

    /// Its path, as it was given.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The file beside it that keeps other runs away, where the file system has no locks.
    #[must_use]
    pub fn lock_file(&self) -> Option<&Path> {
        self.lock_file.as_ref().map(LockFile::path)
    }

    /// Whether there is anything in it but the header: a run that was stopped before its first outcome
    /// leaves nothing worth keeping.
    pub fn has_lines(&mut self) -> io::Result<bool> {
        Ok(self.found()? != ExistingFile::Nothing)
    }

    fn found(&mut self) -> io::Result<ExistingFile> {
        if !self.regular {
            return Ok(ExistingFile::Nothing);
        }
        self.file.rewind()?;
        ExistingFile::of(&self.file)
    }

    /// Begins a new report: whatever was in the file is gone.
    pub fn begin(self) -> Result<ReportFile, ReportError> {
        ReportFile::begin(self)
    }
}

/// Not truncated on opening: first it must be ours. Every write goes to its end, also when another program has changed its
/// length meanwhile. A pipe is opened to be written only, which waits for its reader: what is
/// written before there is one would be lost.
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
    use crate::report::COLUMNS;
    use crate::run::WriteReport;

    const NO_INPUT: &str = "/nowhere/pairs.csv";

    fn create(path: &Path, if_exists: IfExists) -> Result<ReportFile, ReportError> {
        let plan = ReportPlan {
            path: path.to_owned(),
            if_exists,
            origin: Origin::RealRun,
        };
        LockedReport::open(&plan, Path::new(NO_INPUT))?.begin()
    }

    #[test]
    fn a_report_that_is_there_is_kept_unless_it_may_be_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("r.csv");
        let earlier = COLUMNS.join(",") + "\n1,2,a,1,b,2,associated,200,,0,,,,,8f6e,1,1,\n";
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
            assert!(create(&path, IfExists::Refuse).is_ok(), "{content}");
        }
        fs::write(&path, COLUMNS.join(",") + "\n1").unwrap();
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
        let line = "1,2,a,1,b,2,failed,502,,0,,,,,8f6e,1,1,\n";
        fs::write(&path, COLUMNS.join(",") + "\n" + line).unwrap();
        let mut locked = open().unwrap();
        let found = locked.read_back(Resume::default(), |_, _| ()).unwrap();
        assert_eq!(found.replaced(), 1);
        let report = locked.resume(&found).unwrap();
        assert!(lock_file.exists());
        // This file system has locks in truth, and the new file is locked before it takes the report's place.
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
            };
            let error = LockedReport::open(&plan, &input).unwrap_err();
            assert!(matches!(error, ReportError::IsInput { .. }), "{path:?}");
        }
        assert_eq!(fs::read_to_string(&input).unwrap(), "from_id\n");
    }

    #[test]
    fn a_folder_that_is_not_there_is_an_error_with_its_path() {
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
