//! Resolves a path through links, also where there is no file yet.

use std::fs::{self, File, Metadata};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// The number of links in a chain that Linux follows.
const MAX_LINKS: usize = 40;

/// The path of the file that is or would be created: a link to a missing file is followed too.
pub(crate) fn destination(path: &Path) -> io::Result<PathBuf> {
    match path.canonicalize() {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        found => return found,
    }
    let mut path = path.to_owned();
    for _ in 0..MAX_LINKS {
        if let Ok(target) = fs::read_link(&path) {
            path = folder_of(&path).join(target);
        } else {
            let name = path.file_name().ok_or(io::ErrorKind::NotFound)?;
            return Ok(folder_of(&path).canonicalize()?.join(name));
        }
    }
    Err(io::Error::other("too many links"))
}

/// The folder of a file.
pub(super) fn folder_of(path: &Path) -> &Path {
    let folder = path.parent();
    let folder = folder.filter(|folder| !folder.as_os_str().is_empty());
    folder.unwrap_or(Path::new("."))
}

/// Whether two paths lead to one file, through links or otherwise, or would once one of them is written.
#[must_use]
pub fn is_same_file(one: &Path, other: &Path) -> bool {
    if one == other {
        return true;
    }
    match (destination(one), destination(other)) {
        (Ok(one), Ok(other)) => one == other || has_same_inode(&one, &other),
        _ => false,
    }
}

/// Which of `others` is the file of `path`, and would be lost if `path` was written. Each has a name for messages.
pub(crate) fn same_as(path: &Path, others: &[(&Path, &'static str)]) -> Option<&'static str> {
    let same = others.iter().find(|(other, _)| is_same_file(path, other));
    same.map(|&(_, name)| name)
}

fn has_same_inode(one: &Path, other: &Path) -> bool {
    match (one.metadata(), other.metadata()) {
        (Ok(one), Ok(other)) => is_same_inode(&one, &other),
        _ => false,
    }
}

/// Whether these are of one file.
pub(crate) fn is_same_inode(one: &Metadata, other: &Metadata) -> bool {
    (one.dev(), one.ino()) == (other.dev(), other.ino())
}

/// Whether `path` still leads to the open `file`.
pub(crate) fn is_named(file: &File, path: &Path) -> io::Result<bool> {
    let open = file.metadata()?;
    match path.metadata() {
        Ok(named) => Ok(is_same_inode(&open, &named)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}

/// Makes the name of a file durable, not only its content. Ignored where the file system cannot do so, and where the
/// folder may be written to but not read and so cannot be opened.
pub(crate) fn sync_folder(path: &Path) -> io::Result<()> {
    use io::ErrorKind::{InvalidInput, PermissionDenied, Unsupported};
    let synced = File::open(folder_of(path)).and_then(|folder| folder.sync_all());
    match synced {
        Err(error) if matches!(error.kind(), InvalidInput | PermissionDenied | Unsupported) => {
            Ok(())
        }
        synced => synced,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::symlink;

    #[test]
    fn two_paths_of_one_file_are_recognized_before_and_after_it_is_created() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        fs::create_dir(path("real")).unwrap();
        symlink("real", path("link")).unwrap();
        symlink("real/a", path("to-a")).unwrap();
        symlink("to-a", path("to-to-a")).unwrap();
        symlink("loop", path("loop")).unwrap();
        let cases = [
            ("real/a", "real/a", true),
            ("real/a", "real/./a", true),
            ("real/a", "link/a", true),
            ("real/a", "link/../real/a", true),
            ("real/a", "to-a", true),
            ("link/a", "to-to-a", true),
            ("real/a", "real/b", false),
            ("real/a", "a", false),
            ("nowhere/a", "real/a", false),
            ("loop", "real/a", false),
        ];
        for made in [false, true] {
            for (one, other, expected) in cases {
                let same = is_same_file(&path(one), &path(other));
                assert_eq!(same, expected, "{one} {other} {made}");
                let same = is_same_file(&path(other), &path(one));
                assert_eq!(same, expected, "{other} {one} {made}");
            }
            fs::write(path("real/a"), "").unwrap();
        }
        fs::hard_link(path("real/a"), path("hard")).unwrap();
        assert!(is_same_file(&path("hard"), &path("to-to-a")));
    }

    #[test]
    fn a_link_to_a_missing_file_leads_to_where_the_file_would_be() {
        let folder = tempfile::tempdir().unwrap();
        let real = folder.path().canonicalize().unwrap();
        symlink("later", real.join("link")).unwrap();
        assert_eq!(destination(&real.join("link")).unwrap(), real.join("later"));
        symlink("loop", real.join("loop")).unwrap();
        assert!(destination(&real.join("loop")).is_err());
        assert!(destination(&real.join("nowhere/a")).is_err());
    }
}
