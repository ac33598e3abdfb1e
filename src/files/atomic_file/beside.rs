//! A new file that is written beside its final path, and takes that path once it is complete.

use std::ffi::OsStr;
use std::fs::{self, File, Metadata, OpenOptions, Permissions, TryLockError};
use std::io;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt, fchown};
use std::path::{Path, PathBuf};

use tempfile::{Builder, NamedTempFile};

use crate::files::atomic_file::leftovers::{RANDOM_CHARACTERS, SUFFIX, prefix, remove_leftovers};
use crate::files::atomic_file::overwrite;
use crate::files::atomic_file::place::{destination, folder_of, is_named, sync_folder};

/// The number of names that are tried if another run, while it looks for leftovers, has locked the new file.
const MAX_TRIES: usize = 8;

/// The mode of a new file, before the umask.
const DEFAULT_MODE: u32 = 0o666;

/// A mode that only the owner can read.
const OWNER_ONLY: u32 = 0o600;

/// A new file beside its final path. It is locked while it is open, so that no other run treats it as a leftover. If
/// it is dropped before [`Beside::take_place`], it is removed.
#[derive(Debug)]
pub(crate) struct Beside {
    file: NamedTempFile,
    place: PathBuf,
    keeps_owner: bool,
}

impl Beside {
    /// Creates an empty file for `path`, with the owner and mode of the existing file, and removes unfinished files
    /// of killed runs. A file with content from `source` can be read only by users who can read `source`.
    pub(crate) fn create(path: &Path, source: Option<&Metadata>) -> io::Result<Self> {
        let place = destination(path)?;
        remove_leftovers(&place);
        let replaced = match place.metadata() {
            Ok(metadata) => Some(metadata),
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => return Err(error),
        };
        let mode = match (&replaced, source) {
            (Some(_), _) => OWNER_ONLY,
            (None, None) => DEFAULT_MODE,
            (None, Some(source)) => {
                // The group of a new file is only known after it is created.
                let group = locked(&place, OWNER_ONLY)?.as_file().metadata()?.gid();
                DEFAULT_MODE & readable_as(source, group)
            }
        };
        let file = locked(&place, mode)?;
        let mut keeps_owner = true;
        if let Some(replaced) = &replaced {
            keeps_owner = keep_owner_and_mode(file.as_file(), replaced)?;
            if let Some(source) = source {
                restrict(file.as_file(), source)?;
            }
        }
        Ok(Self {
            file,
            place,
            keeps_owner,
        })
    }

    /// Whether it has the owner and group of the file that it replaces, if there is one.
    pub(super) fn keeps_owner(&self) -> bool {
        self.keeps_owner
    }

    /// The file, open for reading and writing.
    pub(crate) fn file(&self) -> &File {
        self.file.as_file()
    }

    /// Syncs the file to disk and moves it to its path. A crash leaves the previous file or this one.
    pub(crate) fn take_place(self) -> io::Result<File> {
        self.put().map_err(|(error, _)| error)
    }

    /// Copies the content into the existing file at its path, which cannot be replaced.
    pub(super) fn overwrite_place(self) -> io::Result<()> {
        let replaced = OpenOptions::new().write(true).open(&self.place)?;
        set_mode(&replaced, self.file().metadata()?.mode() & 0o7777)?;
        overwrite(&replaced, self.file())
    }

    /// Syncs the file to disk and moves it to its path; returns it with the error if it cannot be moved.
    pub(super) fn put(self) -> Result<File, (io::Error, Option<Self>)> {
        let Self {
            file,
            place,
            keeps_owner,
        } = self;
        if let Err(error) = file.as_file().sync_all() {
            return Err((error, None));
        }
        let (file, mut name) = file.into_parts();
        if let Err(error) = fs::rename(&name, &place) {
            let file = NamedTempFile::from_parts(file, name);
            let beside = Self {
                file,
                place,
                keeps_owner,
            };
            return Err((error, Some(beside)));
        }
        // The temporary name no longer exists, so there is nothing to remove.
        name.disable_cleanup(true);
        match sync_folder(&place) {
            Ok(()) => Ok(file),
            Err(error) => Err((error, None)),
        }
    }
}

/// Creates a file with a random name; never opens an existing file or follows a link.
fn locked(place: &Path, mode: u32) -> io::Result<NamedTempFile> {
    let name = place.file_name().unwrap_or(OsStr::new("output"));
    let prefix = prefix(name);
    let mut options = OpenOptions::new();
    // A report stays open, and its run appends to it.
    options.read(true).append(true).create_new(true).mode(mode);
    for _ in 0..MAX_TRIES {
        let file = Builder::new()
            .prefix(&prefix)
            .suffix(SUFFIX)
            .rand_bytes(RANDOM_CHARACTERS)
            .make_in(folder_of(place), |path| options.open(path))?;
        match file.as_file().try_lock() {
            // A run that looked for leftovers between the creation and the lock has removed the file, or is about to.
            Err(TryLockError::WouldBlock) => {}
            Ok(()) if !is_named(file.as_file(), file.path())? => {}
            // Without locks no run treats a file as a leftover.
            Ok(()) | Err(TryLockError::Error(_)) => return Ok(file),
        }
    }
    Err(io::Error::other(
        "other runs keep removing its unfinished copy",
    ))
}

/// Sets the owner, group and mode of the replaced file; returns whether owner and group could be set.
fn keep_owner_and_mode(file: &File, replaced: &Metadata) -> io::Result<bool> {
    let new = file.metadata()?;
    let (owner, group) = (Some(replaced.uid()), Some(replaced.gid()));
    let mode = replaced.mode() & 0o7777;
    // Only root may change the owner; the owner may change the group to another of the owner's groups.
    let is_same = (new.uid(), new.gid()) == (replaced.uid(), replaced.gid());
    if is_same || fchown(file, owner, group).is_ok() {
        return set_mode(file, mode).map(|()| true);
    }
    let keeps_group = fchown(file, None, group).is_ok();
    let mode = if keeps_group {
        mode
    } else {
        without_group(mode)
    };
    set_mode(file, mode).map(|()| false)
}

/// Removes the permissions that `source` does not have.
pub(super) fn restrict(file: &File, source: &Metadata) -> io::Result<()> {
    let metadata = file.metadata()?;
    set_mode(
        file,
        metadata.mode() & 0o7777 & readable_as(source, metadata.gid()),
    )
}

fn set_mode(file: &File, mode: u32) -> io::Result<()> {
    // Some file systems have only one mode, and refuse to set even that one.
    if file.metadata()?.mode() & 0o7777 == mode {
        return Ok(());
    }
    file.set_permissions(Permissions::from_mode(mode))
}

/// The widest mode of a file with this `group` that makes it no more readable than `source`.
fn readable_as(source: &Metadata, group: u32) -> u32 {
    let mode = if source.gid() == group {
        source.mode()
    } else {
        without_group(source.mode())
    };
    0o7700 | mode & 0o077
}

/// Users of another group get only the permissions of all others.
fn without_group(mode: u32) -> u32 {
    mode & !0o070 | mode & (mode << 3) & 0o070
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_group_gets_no_more_than_all_others() {
        for (mode, expected) in [
            (0o640, 0o600),
            (0o644, 0o644),
            (0o664, 0o644),
            (0o600, 0o600),
            (0o604, 0o604),
            (0o777, 0o777),
        ] {
            assert_eq!(without_group(mode), expected, "{mode:o}");
        }
    }
}
