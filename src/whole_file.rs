//! A file that others only ever see whole: written beside its place, and put there once it is complete.
//!
//! A crash leaves the file that was there before, or the new one. Links stay links, and the permissions of
//! a file that is replaced stay as they were. What is no regular file (`/dev/stdout`, a pipe) cannot be
//! replaced and is written to as it is.

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

/// The file while it is written. Dropped before [`WholeFile::finish`], it leaves nothing behind.
#[derive(Debug)]
pub struct WholeFile {
    writer: BufWriter<File>,
    /// Where it is written, and where it belongs; nothing if it is written to as it is.
    places: Option<(PathBuf, PathBuf)>,
}

impl WholeFile {
    /// Begins a file that is to be at `path`.
    pub fn create(path: &Path) -> io::Result<Self> {
        let known = match fs::metadata(path) {
            Ok(metadata) => Some(metadata),
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => return Err(error),
        };
        if known.as_ref().is_some_and(|known| !known.is_file()) {
            let file = OpenOptions::new().write(true).open(path)?;
            return Ok(Self {
                writer: BufWriter::new(file),
                places: None,
            });
        }
        let place = match known {
            Some(_) => path.canonicalize()?,
            None => path.to_owned(),
        };
        let mut name = place.file_name().unwrap_or_default().to_owned();
        // Two runs may want to write the same file.
        name.push(format!(".{}.writing", std::process::id()));
        let beside = place.with_file_name(name);
        let mut options = OpenOptions::new();
        options.write(true).create(true).truncate(true);
        // From the start: what it holds may be for its owner only.
        #[cfg(unix)]
        if let Some(known) = &known {
            use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
            options.mode(known.permissions().mode());
        }
        let file = options.open(&beside)?;
        let whole = Self {
            writer: BufWriter::new(file),
            places: Some((beside, place)),
        };
        if let Some(known) = known {
            whole
                .writer
                .get_ref()
                .set_permissions(known.permissions())?;
        }
        Ok(whole)
    }

    /// The file at `path` that would be replaced. What is no regular file is not, and a pipe must not be read.
    pub fn existing(path: &Path) -> io::Result<Option<File>> {
        match fs::metadata(path) {
            Ok(metadata) if metadata.is_file() => File::open(path).map(Some),
            Ok(_) => Ok(None),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Brings it to the disk and puts it into its place.
    pub fn finish(mut self) -> io::Result<()> {
        self.writer.flush()?;
        if let Some((beside, place)) = &self.places {
            self.writer.get_ref().sync_all()?;
            fs::rename(beside, place)?;
            self.places = None;
        }
        Ok(())
    }

    /// Writes all of it at once.
    pub fn write(path: &Path, content: &[u8]) -> io::Result<()> {
        let mut file = Self::create(path)?;
        file.write_all(content)?;
        file.finish()
    }

    /// Whether it could be written, found out before there is anything to write: a folder that is not there, or
    /// is not ours.
    pub fn try_out(path: &Path) -> io::Result<()> {
        if is_named_pipe(path) {
            return Ok(());
        }
        Self::create(path).map(drop)
    }
}

/// Opened and closed once, a named pipe ends for its reader: nothing written later would arrive.
#[cfg(unix)]
fn is_named_pipe(path: &Path) -> bool {
    use std::os::unix::fs::FileTypeExt;
    fs::metadata(path).is_ok_and(|metadata| metadata.file_type().is_fifo())
}

#[cfg(not(unix))]
fn is_named_pipe(_path: &Path) -> bool {
    false
}

impl Write for WholeFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.writer.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.writer.flush()
    }
}

impl Drop for WholeFile {
    fn drop(&mut self) {
        if let Some((beside, _)) = &self.places {
            // It may not even be there; what matters is the first error, which somebody else tells.
            drop(fs::remove_file(beside));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(folder: &Path) -> Vec<String> {
        let entries = fs::read_dir(folder).unwrap();
        let mut names: Vec<_> = entries
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    #[test]
    fn it_is_there_only_once_it_is_whole() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.json");
        let mut file = WholeFile::create(&path).unwrap();
        file.write_all(b"half").unwrap();
        assert!(!path.exists());
        drop(file);
        assert_eq!(names(folder.path()), [""; 0]);
        WholeFile::write(&path, b"whole").unwrap();
        assert_eq!(names(folder.path()), ["a.json"]);
        let mut file = WholeFile::create(&path).unwrap();
        file.write_all(b"other").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"whole");
        file.finish().unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"other");
        assert_eq!(names(folder.path()), ["a.json"]);
    }

    #[test]
    #[cfg(unix)]
    fn links_and_permissions_stay() {
        use std::os::unix::fs::{PermissionsExt, symlink};
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("secret.json");
        let link = folder.path().join("link.json");
        fs::write(&path, "old").unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        symlink("secret.json", &link).unwrap();
        WholeFile::write(&link, b"new").unwrap();
        assert!(link.is_symlink());
        assert_eq!(fs::read(&path).unwrap(), b"new");
        assert_eq!(
            fs::metadata(&path).unwrap().permissions().mode() & 0o777,
            0o600
        );
    }

    #[test]
    fn what_cannot_be_replaced_is_written_to() {
        WholeFile::write(Path::new("/dev/null"), b"x").unwrap();
        assert!(!Path::new("/dev/null").is_file());
        let full = WholeFile::write(Path::new("/dev/full"), b"x").unwrap_err();
        assert_eq!(full.kind(), io::ErrorKind::StorageFull);
    }

    #[test]
    fn a_place_that_cannot_be_is_told_before_anything_is_written() {
        let folder = tempfile::tempdir().unwrap();
        for place in ["nowhere/a.json", "."] {
            assert!(
                WholeFile::try_out(&folder.path().join(place)).is_err(),
                "{place}"
            );
        }
        WholeFile::try_out(&folder.path().join("a.json")).unwrap();
        assert_eq!(names(folder.path()), [""; 0]);
    }
}
