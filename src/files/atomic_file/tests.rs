use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown, symlink};

use super::*;

use crate::files::atomic_file::beside::Beside;

fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap();
    let mut names: Vec<_> = entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().mode() & 0o777
}

fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

#[test]
fn a_file_appears_only_once_it_is_complete() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.json");
    let mut file = AtomicFile::create(&path).unwrap();
    file.write_all(b"half").unwrap();
    assert!(!path.exists());
    drop(file);
    assert_eq!(names(folder.path()), [""; 0]);
    AtomicFile::write(&path, b"whole").unwrap();
    assert_eq!(names(folder.path()), ["a.json"]);
    let mut file = AtomicFile::create(&path).unwrap();
    file.write_all(b"other").unwrap();
    assert_eq!(fs::read(&path).unwrap(), b"whole");
    file.finish().unwrap();
    assert_eq!(fs::read(&path).unwrap(), b"other");
    assert_eq!(names(folder.path()), ["a.json"]);
}

#[test]
fn links_owner_and_mode_are_kept() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("secret.json");
    let link = folder.path().join("link.json");
    symlink("secret.json", &link).unwrap();
    // Created through a link to a missing file.
    AtomicFile::write(&link, b"old").unwrap();
    assert!(link.is_symlink());
    for kept in [0o600, 0o640, 0o444] {
        set_mode(&path, kept);
        // Only root may change the owner; for others it is the same before and after.
        let _may_fail = chown(&path, Some(65_534), Some(65_533));
        set_mode(&path, kept);
        let before = fs::metadata(&path).unwrap();
        AtomicFile::write(&link, b"new").unwrap();
        assert!(link.is_symlink());
        let after = fs::metadata(&path).unwrap();
        assert_eq!(after.mode() & 0o7777, kept);
        assert_eq!((after.uid(), after.gid()), (before.uid(), before.gid()));
        assert_ne!(after.ino(), before.ino());
    }
    assert_eq!(fs::read(&path).unwrap(), b"new");
    assert_eq!(names(folder.path()), ["link.json", "secret.json"]);
}

#[test]
fn a_new_file_has_the_mode_of_any_new_file() {
    let folder = tempfile::tempdir().unwrap();
    let [atomic, usual] = ["atomic", "usual"].map(|name| folder.path().join(name));
    AtomicFile::write(&atomic, b"").unwrap();
    fs::write(&usual, "").unwrap();
    assert_eq!(mode(&atomic), mode(&usual));
}

#[test]
fn a_file_is_no_more_readable_than_the_one_that_its_content_is_from() {
    let folder = tempfile::tempdir().unwrap();
    let [source, copy] = ["source", "copy"].map(|name| folder.path().join(name));
    fs::write(&source, "").unwrap();
    let write = || {
        let source = fs::metadata(&source).unwrap();
        AtomicFile::create_no_more_readable_than(&copy, &source)
            .and_then(AtomicFile::finish)
            .unwrap();
        mode(&copy)
    };
    for allowed in [0o600, 0o640, 0o644, 0o400, 0o604] {
        set_mode(&source, allowed);
        drop(fs::remove_file(&copy));
        let new = write();
        assert_eq!(new & !(allowed | 0o600), 0, "{allowed:o} {new:o}");
        assert_eq!(new & 0o600, 0o600);
        set_mode(&copy, 0o666);
        let replaced = write();
        assert_eq!(replaced & 0o077 & !allowed, 0, "{allowed:o} {replaced:o}");
    }
    set_mode(&source, 0o644);
    set_mode(&copy, 0o600);
    assert_eq!(write(), 0o600, "the mode of the replaced file stays");
    if chown(&source, None, Some(65_533)).is_ok() && mode(&source) == 0o644 {
        set_mode(&source, 0o660);
        set_mode(&copy, 0o660);
        assert_eq!(write(), 0o600, "the group is another one");
        fs::remove_file(&copy).unwrap();
        assert_eq!(write(), 0o600, "the group is another one");
    }
}

#[test]
fn a_file_that_cannot_be_replaced_is_written_directly() {
    AtomicFile::write(Path::new("/dev/null"), b"x").unwrap();
    assert!(!Path::new("/dev/null").is_file());
    let full = AtomicFile::write(Path::new("/dev/full"), b"x").unwrap_err();
    assert_eq!(full.kind(), io::ErrorKind::StorageFull);
}

#[test]
fn a_path_that_cannot_be_written_is_detected_before_any_content() {
    let folder = tempfile::tempdir().unwrap();
    for place in ["nowhere/a.json", "/proc/a.json", "."] {
        let refused = AtomicFile::check_writable(&folder.path().join(place)).unwrap_err();
        assert!(
            refused.raw_os_error().is_some() || place == ".",
            "{place}: {refused}"
        );
    }
    AtomicFile::check_writable(&folder.path().join("a.json")).unwrap();
    assert_eq!(names(folder.path()), [""; 0]);
}

#[test]
fn any_name_that_the_file_system_takes_can_be_written() {
    let folder = tempfile::tempdir().unwrap();
    let bytes = |bytes: &[u8]| OsString::from_vec(bytes.to_vec());
    for name in [
        OsString::from("n".repeat(255)),
        OsString::from("ü".repeat(127)),
        bytes(&[0xff; 255]),
        bytes(b"a\nb"),
        bytes(b"-"),
    ] {
        let path = folder.path().join(&name);
        for content in [b"first", b"other"] {
            AtomicFile::check_writable(&path).unwrap();
            AtomicFile::write(&path, content).unwrap();
            assert_eq!(fs::read(&path).unwrap(), content);
        }
    }
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 5);
}

#[test]
fn no_unfinished_file_is_written_through_a_link_or_shared() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("r.csv");
    let one = AtomicFile::create(&path).unwrap();
    let other = AtomicFile::create(&path).unwrap();
    let unfinished = names(folder.path());
    assert_eq!(unfinished.len(), 2);
    for name in &unfinished {
        let unfinished = folder.path().join(name);
        let metadata = fs::symlink_metadata(&unfinished).unwrap();
        assert!(metadata.is_file() && metadata.nlink() == 1);
    }
    drop((one, other));
    assert_eq!(names(folder.path()), [""; 0]);
}

#[test]
fn an_unfinished_file_is_removed_by_the_next_run_of_the_same_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("page.html");
    // An unfinished file, as a kill would leave it.
    let leave = |path: &Path| {
        let before = names(folder.path());
        let unfinished = AtomicFile::create(path).unwrap();
        let mut name = names(folder.path());
        name.retain(|name| !before.contains(name));
        drop(unfinished);
        fs::write(folder.path().join(&name[0]), "half").unwrap();
        name.remove(0)
    };
    let left = leave(&path);
    let read_only = leave(&path);
    set_mode(&folder.path().join(&read_only), 0o444);
    let of_another = leave(&folder.path().join("other.html"));
    let used = AtomicFile::create(&path).unwrap();
    let mut used_name = names(folder.path());
    used_name.retain(|name| ![&left, &read_only, &of_another].contains(&name));
    fs::write(folder.path().join("page.html.notes.writing"), "").unwrap();
    symlink(
        "/dev/null",
        folder.path().join("page.html.aaaaaaaaaaaa.writing"),
    )
    .unwrap();

    AtomicFile::check_writable(&path).unwrap();
    let mut expected = vec![
        of_another,
        used_name.remove(0),
        "page.html.notes.writing".to_owned(),
        "page.html.aaaaaaaaaaaa.writing".to_owned(),
    ];
    expected.sort();
    assert_eq!(names(folder.path()), expected);
    used.finish().unwrap();
    assert!(path.is_file());
}

#[test]
fn a_file_in_a_folder_that_is_not_writable_is_overwritten_in_place() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("app.json");
    let refused = || io::Error::from(io::ErrorKind::PermissionDenied);
    let missing = in_place(&path, None, refused()).unwrap_err();
    assert_eq!(missing.kind(), io::ErrorKind::PermissionDenied);
    assert!(!path.exists());
    let first = "long ".repeat(MAX_IN_MEMORY);
    fs::write(&path, &first).unwrap();
    let inode = fs::metadata(&path).unwrap().ino();
    for content in ["short".to_owned(), "longer ".repeat(MAX_IN_MEMORY)] {
        let target = in_place(&path, None, refused()).unwrap();
        let mut file = AtomicFile(BufWriter::new(target));
        let before = fs::read(&path).unwrap();
        file.write_all(content.as_bytes()).unwrap();
        assert!(fs::read(&path).unwrap() == before, "changed too early");
        file.finish().unwrap();
        assert!(fs::read(&path).unwrap() == content.as_bytes());
    }
    assert_eq!(fs::metadata(&path).unwrap().ino(), inode);
    let full = in_place(&path, None, io::ErrorKind::StorageFull.into()).unwrap_err();
    assert_eq!(full.kind(), io::ErrorKind::StorageFull);
}

#[test]
fn a_file_that_is_a_mount_point_is_overwritten_in_place() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.json");
    fs::write(&path, "a longer text").unwrap();
    let inode = fs::metadata(&path).unwrap().ino();
    let beside = Beside::create(&path, None).unwrap();
    beside.file().write_all(b"short").unwrap();
    beside.overwrite_place().unwrap();
    assert_eq!(fs::read(&path).unwrap(), b"short");
    assert_eq!(fs::metadata(&path).unwrap().ino(), inode);
    assert_eq!(names(folder.path()), ["a.json"]);
}
