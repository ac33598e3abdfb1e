//! Unfinished files of killed runs: recognized by their names, and removed by the next run that writes the same file.

use std::ffi::OsStr;
use std::fs::{self, File, OpenOptions};
use std::io;
use std::path::Path;

use tracing::info;

use crate::files::atomic_file::place::{destination, folder_of, is_named};

/// The suffix of the name of an unfinished file.
pub(super) const SUFFIX: &str = ".writing";

/// The number of characters between the name of the finished file and [`SUFFIX`].
pub(super) const RANDOM_CHARACTERS: usize = 12;

/// The number of bytes of the finished file's name that are kept. With the rest this fits the limits of all file
/// systems: usually 255 bytes, 143 where names are encrypted.
const MAX_NAME_BYTES: usize = 100;

/// The prefix of the names of unfinished files for this name.
pub(super) fn prefix(name: &OsStr) -> String {
    let name = name.to_string_lossy();
    let kept = name.floor_char_boundary(MAX_NAME_BYTES);
    format!("{}.", &name[..kept])
}

/// Whether `name` is that of an unfinished file with this `prefix`.
fn is_unfinished(name: &OsStr, prefix: &str) -> bool {
    let random = || {
        name.to_str()?
            .strip_prefix(prefix)?
            .strip_suffix(SUFFIX)
            .map(str::as_bytes)
    };
    random().is_some_and(|random| {
        random.len() == RANDOM_CHARACTERS && random.iter().all(u8::is_ascii_alphanumeric)
    })
}

/// Removes unfinished files of killed runs for the file at `path`. Files that cannot be removed are ignored.
pub(crate) fn remove_leftovers(path: &Path) {
    let Ok(place) = destination(path) else {
        return;
    };
    let (Some(name), Ok(entries)) = (place.file_name(), fs::read_dir(folder_of(&place))) else {
        return;
    };
    let prefix = prefix(name);
    for entry in entries.flatten() {
        let is_file = || entry.file_type().is_ok_and(|kind| kind.is_file());
        if is_unfinished(&entry.file_name(), &prefix) && is_file() {
            let path = entry.path();
            if remove(&path).unwrap_or(false) {
                info!("removed `{}`, which a killed run left", path.display());
            }
        }
    }
}

/// Removes the file unless a run still writes to it; such a run has it locked.
fn remove(path: &Path) -> io::Result<bool> {
    // A network file system only locks files that are open for writing; a read-only file can only be opened for
    // reading.
    let mut options = OpenOptions::new();
    let file = options.read(true).write(true).open(path);
    let file = file.or_else(|_| File::open(path))?;
    if file.try_lock().is_err() || !is_named(&file, path)? {
        return Ok(false);
    }
    fs::remove_file(path).map(|()| true)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_unfinished_file_of_the_same_name_is_recognized() {
        let prefix = prefix(OsStr::new("r.csv"));
        for (name, expected) in [
            ("r.csv.a1B2c3D4e5F6.writing", true),
            ("r.csv", false),
            ("r.csv.writing", false),
            ("r.csv.short.writing", false),
            ("r.csv.a1B2c3D4e5F67.writing", false),
            ("r.csv.a1B2c3-4e5F6.writing", false),
            ("r.csv.a1B2c3D4e5F6.writing.txt", false),
            ("other.csv.a1B2c3D4e5F6.writing", false),
        ] {
            assert_eq!(is_unfinished(OsStr::new(name), &prefix), expected, "{name}");
        }
    }

    #[test]
    fn names_are_shortened_between_characters() {
        for (name, bytes) in [("a".repeat(255), 100), ("ü".repeat(127), 100)] {
            let prefix = prefix(OsStr::new(&name));
            assert_eq!(prefix.len(), bytes + 1);
        }
        assert_eq!(
            prefix(OsStr::new(&("a".to_owned() + &"ü".repeat(100)))).len(),
            100
        );
    }
}
