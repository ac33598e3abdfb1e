//! The lock of a report: the system's lock on the file itself, or a lock file where the file system has no locks.
//!
//! The system releases its lock when the process ends, for any reason. Some network file systems have no locks;
//! there, a file beside the report names the process that writes to it.

use std::fs::{File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

use crate::files::lock_file::{LockFile, Taken};
use crate::files::lock_owner::{LockOwner, owner_of};

/// The call that takes the system's lock.
pub(crate) type TryLock<'l> = &'l dyn Fn(&File) -> Result<(), TryLockError>;

/// The result of trying to take the system's lock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum SystemLock {
    Taken,
    Busy,
    /// The file system has no locks.
    Missing,
}

/// The lock of a report, or its current owner.
#[derive(Debug)]
pub(crate) enum Lock {
    /// This process has the lock, with a lock file if one is needed.
    Ours(Option<LockFile>),
    /// Another run has the lock.
    Busy {
        /// The process, if known.
        by: Option<LockOwner>,
        /// The lock file that names it.
        lock_file: Option<PathBuf>,
    },
}

impl Lock {
    /// Locks the report at `path`, which is open as `file`.
    pub(crate) fn take(file: &File, path: &Path, try_lock: TryLock<'_>) -> io::Result<Self> {
        let owner = || inode(file).and_then(owner_of);
        let busy = |by| Self::Busy {
            by,
            lock_file: None,
        };
        Ok(match system_lock(|| try_lock(file))? {
            SystemLock::Busy => busy(owner()),
            // Another run may have made a lock file because the system refused it a lock.
            SystemLock::Taken => match LockFile::find(path) {
                Some(Taken::Busy { by, path }) => Self::Busy {
                    by,
                    lock_file: Some(path),
                },
                _ => Self::Ours(None),
            },
            // Locks of a network file system can fail here although another run has one.
            SystemLock::Missing => match owner() {
                Some(by) => busy(Some(by)),
                None => match LockFile::take(path)? {
                    Taken::Ours(lock_file) => Self::Ours(Some(lock_file)),
                    Taken::Busy { by, path } => Self::Busy {
                        by,
                        lock_file: Some(path),
                    },
                },
            },
        })
    }
}

/// Takes the system's lock of a file; `false` if another process has it. Where the file system has no locks, returns
/// `true`: a file that replaces the report is protected by the report's lock file.
pub(crate) fn lock(file: &File) -> io::Result<bool> {
    Ok(system_lock(|| file.try_lock())? != SystemLock::Busy)
}

/// The standard library does not retry a call that a signal interrupts.
fn system_lock(mut try_lock: impl FnMut() -> Result<(), TryLockError>) -> io::Result<SystemLock> {
    loop {
        return match try_lock() {
            Ok(()) => Ok(SystemLock::Taken),
            Err(TryLockError::WouldBlock) => Ok(SystemLock::Busy),
            Err(TryLockError::Error(error)) if error.kind() == io::ErrorKind::Interrupted => {
                continue;
            }
            Err(TryLockError::Error(error)) if has_no_locks(&error) => Ok(SystemLock::Missing),
            Err(TryLockError::Error(error)) => Err(error),
        };
    }
}

/// `ENOLCK`, for which the standard library has no error kind: a network file system whose server gives no locks.
const NO_LOCKS: i32 = if cfg!(any(target_os = "linux", target_os = "android")) {
    37
} else {
    77
};

fn has_no_locks(error: &io::Error) -> bool {
    let is_enolck = cfg!(unix) && error.raw_os_error() == Some(NO_LOCKS);
    is_enolck || error.kind() == io::ErrorKind::Unsupported
}

#[cfg(unix)]
fn inode(file: &File) -> Option<u64> {
    use std::os::unix::fs::MetadataExt;
    file.metadata().ok().map(|metadata| metadata.ino())
}

#[cfg(not(unix))]
fn inode(_file: &File) -> Option<u64> {
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn a_lock_that_a_signal_interrupts_is_tried_again() {
        let mut interrupted = 0;
        let taken = system_lock(|| {
            interrupted += 1;
            if interrupted < 3 {
                Err(TryLockError::Error(io::ErrorKind::Interrupted.into()))
            } else {
                Ok(())
            }
        });
        assert_eq!(taken.unwrap(), SystemLock::Taken);
    }

    #[test]
    fn the_result_of_the_system_lock_is_taken_busy_or_missing() {
        let error = |code| TryLockError::Error(io::Error::from_raw_os_error(code));
        for (said, expected) in [
            (Err(TryLockError::WouldBlock), SystemLock::Busy),
            (Err(error(NO_LOCKS)), SystemLock::Missing),
            (
                Err(TryLockError::Error(io::ErrorKind::Unsupported.into())),
                SystemLock::Missing,
            ),
        ] {
            let mut said = Some(said);
            let found = system_lock(|| said.take().unwrap()).unwrap();
            assert_eq!(found, expected);
        }
        let denied = || TryLockError::Error(io::ErrorKind::PermissionDenied.into());
        assert!(system_lock(|| Err(denied())).is_err());
    }

    #[test]
    fn a_file_system_without_locks_lets_one_run_write_and_names_it_to_the_next() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("r.csv");
        let lock_path = folder.path().join("r.csv.running");
        let file = File::create(&path).unwrap();
        let no_locks = |_: &File| Err(TryLockError::Error(io::Error::from_raw_os_error(NO_LOCKS)));
        let first = Lock::take(&file, &path, &no_locks).unwrap();
        assert!(matches!(first, Lock::Ours(Some(_))), "{first:?}");
        // The next run may get no lock from the system, or may get one.
        for next in [
            Lock::take(&file, &path, &no_locks).unwrap(),
            Lock::take(&file, &path, &|_| Ok(())).unwrap(),
        ] {
            let Lock::Busy { by, lock_file } = next else {
                panic!("{next:?}");
            };
            assert_eq!(lock_file.as_ref(), Some(&lock_path));
            let process = by.map(|owner| owner.process);
            assert_eq!(process, Some(std::process::id()));
        }
        drop(first);
        assert!(!lock_path.exists(), "it ends with the run");
        let again = Lock::take(&file, &path, &|_| Ok(())).unwrap();
        assert!(matches!(again, Lock::Ours(None)));
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }
}
