//! A file beside the report that names the process that writes to it, for file systems without locks.
//!
//! It is created exclusively, so only one run can have it. A killed run leaves it behind. The next run removes it if
//! the named process has certainly ended: on the same machine, since the same boot, and checked as the same user. If
//! that is not certain, the run is refused, and a person who knows that no run is active can delete the file.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use crate::files::lock_owner::{LockOwner, start_ticks, started_at};

/// The suffix that is added to the report's name.
const SUFFIX: &str = ".running";

/// The number of bytes of the report's name that are kept in the name of the lock file. A hash stands for the rest,
/// to fit the limits of file systems.
const LONGEST_NAME: usize = 80;

/// The first line; a file that begins with another line is not a lock file of this program.
const TITLE: &str = "a run of hubspot-associate writes to the report of this name";

/// The number of tries while other runs create or remove the file.
const MAX_TRIES: usize = 5;

/// The lock file of this process. Dropping it removes the file.
#[derive(Debug)]
pub(crate) struct LockFile {
    path: PathBuf,
    owner: Owner,
}

/// The result of taking the lock file.
#[derive(Debug)]
pub(crate) enum Taken {
    Ours(LockFile),
    Busy {
        /// `None` if the file does not name the process.
        by: Option<LockOwner>,
        path: PathBuf,
    },
}

/// The unambiguous identity of a process, as stored in the file.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Owner {
    process: u32,
    /// The start time, in ticks since the boot: process ids are reused.
    start: i64,
    /// The id of the boot, which differs between boots and between machines.
    boot: String,
    /// The namespace (container) in which the process id is valid.
    namespace: String,
    host: String,
}

/// Whether the process that a lock file names is still running.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Runs,
    Gone,
    /// It is on another machine, in another container, or of an earlier boot.
    Unknown,
}

impl Owner {
    /// This process. Where the system does not provide the data, no later run can know that this process has ended.
    fn own() -> Self {
        let read = |path: &str| fs::read_to_string(path).unwrap_or_default();
        let namespace = fs::read_link("/proc/self/ns/pid").unwrap_or_default();
        Self {
            process: std::process::id(),
            start: start_ticks(&read("/proc/self/stat")).unwrap_or_default(),
            boot: read("/proc/sys/kernel/random/boot_id").trim().to_owned(),
            namespace: namespace.to_string_lossy().into_owned(),
            host: read("/proc/sys/kernel/hostname").trim().to_owned(),
        }
    }

    fn to_text(&self) -> String {
        let Self {
            process,
            start,
            boot,
            namespace,
            host,
        } = self;
        format!(
            "{TITLE}\nprocess {process}\nstart {start}\nboot {boot}\nnamespace {namespace}\nhost {host}\n"
        )
    }

    fn of_text(text: &str) -> Option<Self> {
        let mut lines = text.lines();
        if lines.next() != Some(TITLE) {
            return None;
        }
        let mut value = |name: &str| lines.next()?.strip_prefix(name)?.strip_prefix(' ');
        Some(Self {
            process: value("process")?.parse().ok()?,
            start: value("start")?.parse().ok()?,
            boot: value("boot")?.to_owned(),
            namespace: value("namespace")?.to_owned(),
            host: value("host")?.to_owned(),
        })
    }

    /// `start_of` returns the start of a running process.
    fn state(&self, here: &Self, start_of: impl Fn(u32) -> Option<i64>) -> State {
        let is_here = self.boot == here.boot && self.namespace == here.namespace;
        if !is_here || self.boot.is_empty() || self.namespace.is_empty() {
            State::Unknown
        } else if start_of(self.process) == Some(self.start) {
            State::Runs
        } else {
            State::Gone
        }
    }

    fn to_lock_owner(&self, here: &Self) -> LockOwner {
        let process = format!("/proc/{}/stat", self.process);
        let since = (self.boot == here.boot && self.namespace == here.namespace)
            .then(|| fs::read_to_string(process).ok())
            .flatten()
            .and_then(|stat| started_at(&stat, &fs::read_to_string("/proc/stat").ok()?));
        LockOwner {
            process: self.process,
            since,
            host: (self.host != here.host).then(|| self.host.clone()),
        }
    }
}

/// An existing lock file and the process that it names, if any.
struct Found {
    owner: Option<Owner>,
    state: State,
}

impl Found {
    /// Reads the file at `path`; `None` if there is no file.
    fn read(path: &Path, here: &Owner) -> io::Result<Option<Self>> {
        let text = match fs::read(path) {
            Ok(bytes) => String::from_utf8_lossy(&bytes).into_owned(),
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(about(path, &error)),
        };
        let owner = Owner::of_text(&text);
        let state = match &owner {
            // Processes of other users may be hidden.
            Some(owner) if is_of_this_user(path) => owner.state(here, start_of),
            _ => State::Unknown,
        };
        Ok(Some(Self { owner, state }))
    }

    fn busy(self, path: &Path, here: &Owner) -> Taken {
        Taken::Busy {
            by: self.owner.map(|owner| owner.to_lock_owner(here)),
            path: path.to_owned(),
        }
    }
}

impl LockFile {
    /// Takes the lock file of the report at `report`.
    pub(crate) fn take(report: &Path) -> io::Result<Taken> {
        let path = lock_path(report)?;
        let owner = Owner::own();
        for _ in 0..MAX_TRIES {
            match create(&path, &owner.to_text()) {
                Ok(()) => return Ok(Taken::Ours(Self { path, owner })),
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(about(&path, &error)),
            }
            match Found::read(&path, &owner)? {
                None => {}
                Some(Found {
                    owner: Some(gone),
                    state: State::Gone,
                }) => remove_stale(&path, &gone)?,
                Some(found) => return Ok(found.busy(&path, &owner)),
            }
        }
        Ok(Taken::Busy { by: None, path })
    }

    /// The run that has the lock file of the report at `report`, if that run may still be active. A file that cannot
    /// be read or is not a lock file of this program is ignored.
    pub(crate) fn find(report: &Path) -> Option<Taken> {
        let path = lock_path(report).ok().filter(|path| path.exists())?;
        let here = Owner::own();
        let found = Found::read(&path, &here).ok().flatten();
        found
            .filter(|found| found.owner.is_some() && found.state != State::Gone)
            .map(|found| found.busy(&path, &here))
    }

    /// The path of the lock file.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for LockFile {
    fn drop(&mut self) {
        // A person may have deleted the file, and another run may have created its own since.
        let text = fs::read_to_string(&self.path).unwrap_or_default();
        if Owner::of_text(&text).as_ref() == Some(&self.owner) {
            // If it cannot be removed, a later run recognizes it as stale.
            drop(fs::remove_file(&self.path));
        }
    }
}

/// Removes the lock file of a run that has ended. Two runs may find it at once: only the run that creates the file
/// named after the ended run removes anything, and only if the lock file is still the one that was found.
fn remove_stale(path: &Path, gone: &Owner) -> io::Result<()> {
    let Owner { process, start, .. } = gone;
    let right = with_suffix(path, &format!(".{process}-{start}"));
    match create(&right, "") {
        Ok(()) => {}
        // Another run is removing it.
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => return Ok(()),
        Err(error) => return Err(about(&right, &error)),
    }
    let text = fs::read_to_string(path).unwrap_or_default();
    let removed = if Owner::of_text(&text).as_ref() == Some(gone) {
        fs::remove_file(path).map_err(|error| about(path, &error))
    } else {
        Ok(())
    };
    fs::remove_file(&right).map_err(|error| about(&right, &error))?;
    removed
}

fn create(path: &Path, text: &str) -> io::Result<()> {
    let mut file = File::create_new(path)?;
    file.write_all(text.as_bytes()).inspect_err(|_| {
        // An empty lock file would block every run.
        drop(fs::remove_file(path));
    })
}

/// Links are resolved, so that all paths of one report have one lock file.
fn lock_path(report: &Path) -> io::Result<PathBuf> {
    let report = report.canonicalize()?;
    let name = report.file_name().unwrap_or_default().to_string_lossy();
    if name.len() <= LONGEST_NAME {
        return Ok(with_suffix(&report, SUFFIX));
    }
    let start = &name[..name.floor_char_boundary(LONGEST_NAME)];
    let rest = fnv_1a(&name.as_bytes()[start.len()..]);
    Ok(report.with_file_name(format!("{start}.{rest:016x}{SUFFIX}")))
}

/// FNV-1a, which is the same in every version of this program (<http://www.isthe.com/chongo/tech/comp/fnv/>).
fn fnv_1a(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, &byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(suffix);
    name.into()
}

fn start_of(process: u32) -> Option<i64> {
    start_ticks(&fs::read_to_string(format!("/proc/{process}/stat")).ok()?)
}

#[cfg(unix)]
fn is_of_this_user(path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    let user = |path: &Path| fs::metadata(path).ok().map(|metadata| metadata.uid());
    user(path).is_some_and(|of_file| user(Path::new("/proc/self")) == Some(of_file))
}

#[cfg(not(unix))]
fn is_of_this_user(_path: &Path) -> bool {
    false
}

fn about(path: &Path, error: &io::Error) -> io::Error {
    let why = format!(
        "its file system has no locks, and the lock file `{}` cannot be used: {error}",
        path.display()
    );
    io::Error::new(error.kind(), why)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn owner() -> Owner {
        Owner {
            process: 77,
            start: 1_000,
            boot: "b1".into(),
            namespace: "pid:[1]".into(),
            host: "web-1".into(),
        }
    }

    #[test]
    fn a_process_counts_as_ended_only_if_that_is_certain() {
        let here = owner();
        let other = |change: fn(&mut Owner)| {
            let mut other = owner();
            change(&mut other);
            other
        };
        for (owner, runs_since, expected) in [
            (owner(), Some(1_000), State::Runs),
            (owner(), None, State::Gone),
            // The process id was reused.
            (owner(), Some(2_000), State::Gone),
            (other(|o| o.boot = "b2".into()), None, State::Unknown),
            (
                other(|o| o.namespace = "pid:[2]".into()),
                None,
                State::Unknown,
            ),
            (other(|o| o.host = "renamed".into()), None, State::Gone),
        ] {
            assert_eq!(owner.state(&here, |_| runs_since), expected, "{owner:?}");
        }
        let nowhere = other(|o| o.boot.clear());
        assert_eq!(nowhere.state(&nowhere, |_| None), State::Unknown);
    }

    #[test]
    fn the_longest_names_have_lock_files_of_their_own() {
        let folder = tempfile::tempdir().unwrap();
        for last in ["a", "b"] {
            let report = folder.path().join("ü".repeat(127) + last);
            fs::write(&report, "").unwrap();
            let taken = LockFile::take(&report).unwrap();
            assert!(matches!(taken, Taken::Ours(_)), "{taken:?}");
            // Kept, so that the next report gets another one.
            std::mem::forget(taken);
        }
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 4);
    }

    #[test]
    fn an_owner_is_read_as_it_was_written_and_other_text_is_refused() {
        assert_eq!(Owner::of_text(&owner().to_text()), Some(owner()));
        for text in ["", "77", TITLE, "process 77\nstart 1000\n"] {
            assert_eq!(Owner::of_text(text), None, "{text}");
        }
    }

    /// The lock file of a killed run.
    fn stale() -> String {
        let gone = Owner {
            process: 4_000_000_000,
            ..Owner::own()
        };
        gone.to_text()
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn one_of_the_runs_that_find_a_stale_lock_file_takes_it() {
        let folder = tempfile::tempdir().unwrap();
        let report = folder.path().join("r.csv");
        fs::write(&report, "").unwrap();
        let path = lock_path(&report).unwrap();
        for _ in 0..30 {
            fs::write(&path, stale()).unwrap();
            let taken: Vec<Taken> = std::thread::scope(|scope| {
                let take = || LockFile::take(&report).unwrap();
                let runs: Vec<_> = (0..4).map(|_| scope.spawn(take)).collect();
                runs.into_iter().map(|run| run.join().unwrap()).collect()
            });
            let ours = taken.iter().filter(|taken| matches!(taken, Taken::Ours(_)));
            assert!(ours.count() <= 1, "{taken:?}");
            drop(taken);
            let last = LockFile::take(&report).unwrap();
            assert!(matches!(last, Taken::Ours(_)), "{last:?}");
            drop(last);
            let names = fs::read_dir(folder.path()).unwrap().count();
            assert_eq!(names, 1, "nothing is left beside the report");
        }
    }

    #[test]
    fn a_lock_file_without_an_owner_or_of_another_machine_is_kept() {
        let folder = tempfile::tempdir().unwrap();
        let report = folder.path().join("r.csv");
        fs::write(&report, "").unwrap();
        let path = lock_path(&report).unwrap();
        for (text, host) in [(String::new(), None), (owner().to_text(), Some("web-1"))] {
            fs::write(&path, &text).unwrap();
            let Taken::Busy { by, .. } = LockFile::take(&report).unwrap() else {
                panic!("{text}");
            };
            assert_eq!(by.and_then(|owner| owner.host).as_deref(), host);
            assert_eq!(fs::read_to_string(&path).unwrap(), text);
        }
    }
}
