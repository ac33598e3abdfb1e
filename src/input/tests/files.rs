//! Files on disk: the progress of reading, and files that change meanwhile.

use crate::input::csv_input::Input;
use crate::input::fixtures::{HEADER, many_rows, next_row, pair, rows};
use crate::input::settings::InputSettings;

#[test]
fn progress_covers_only_rows_already_returned() {
    let folder = tempfile::tempdir().unwrap();
    let row = "contacts,1,companies,2\n";
    let text = format!("\u{feff}{HEADER}\n{}", row.repeat(10));
    for (kind, bytes) in [
        ("utf-8", text.clone().into_bytes()),
        (
            "utf-16",
            text.encode_utf16().flat_map(u16::to_le_bytes).collect(),
        ),
    ] {
        let path = folder.path().join(kind);
        std::fs::write(&path, &bytes).unwrap();
        let mut input = Input::open(&InputSettings {
            path: path.into(),
            ..InputSettings::default()
        })
        .unwrap();
        let progress = input.progress();
        assert_eq!((progress.rows(), progress.estimated_rows()), (0, None));
        for _ in 0..4 {
            next_row(&mut input).unwrap().unwrap();
        }
        assert_eq!(progress.rows(), 4);
        assert_eq!(progress.estimated_rows(), Some(10), "{kind}");
        assert_eq!(rows(&mut input).unwrap().len(), 6);
        assert!(progress.is_finished());
        assert_eq!(progress.consumed(), bytes.len() as u64, "{kind}");
        assert_eq!(progress.estimated_rows(), Some(10));
    }
}

/// The number of rows and the error of a file that `change` modifies after its first row was read.
fn change_of(change: impl FnOnce(&std::path::Path)) -> (usize, Option<String>) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("pairs.csv");
    std::fs::write(&path, many_rows(20_000)).unwrap();
    let mut input = Input::open(&InputSettings {
        path: path.clone().into(),
        ..InputSettings::default()
    })
    .unwrap();
    next_row(&mut input).unwrap().unwrap();
    change(&path);
    let mut rows = 1;
    let error = loop {
        match next_row(&mut input) {
            Ok(Some(row)) => {
                pair(row);
                rows += 1;
            }
            Ok(None) => return (rows, None),
            Err(error) => break error,
        }
    };
    let name = format!("`{}` line ", path.display());
    let message = error.to_string().replace(&name, "");
    let (line, message) = message.split_once(": ").unwrap();
    assert!(
        (rows + 1..=rows + 2).contains(&line.parse().unwrap()),
        "{line} {rows}"
    );
    (rows, Some(message.to_owned()))
}

fn append(path: &std::path::Path, text: &str) {
    let mut file = std::fs::File::options().append(true).open(path).unwrap();
    std::io::Write::write_all(&mut file, text.as_bytes()).unwrap();
}

#[test]
fn a_file_that_changes_while_it_is_read_is_an_error() {
    let size = many_rows(20_000).len();
    let changed = |how: String| Some(format!("the file changed while it was read: {how}"));
    let shown = |count: usize| crate::number::grouped(count as u64);
    let (rows, message) = change_of(|path| {
        let file = std::fs::File::options().write(true).open(path).unwrap();
        file.set_len(100).unwrap();
    });
    assert_eq!(
        message,
        changed(format!("it shrank from {} to 100 bytes", shown(size)))
    );
    assert!(rows < 20_000, "{rows}");
    let (rows, message) = change_of(|path| {
        let file = std::fs::File::options().write(true).open(path).unwrap();
        file.set_modified(std::time::SystemTime::UNIX_EPOCH)
            .unwrap();
    });
    assert_eq!(message, changed("it was written to".to_owned()));
    assert!(
        rows < 20_000,
        "rows that may combine two versions of the file: {rows}"
    );
    let (rows, message) = change_of(|path| {
        let other = path.with_extension("new");
        std::fs::write(&other, "from_id").unwrap();
        std::fs::rename(other, path).unwrap();
    });
    assert_eq!(
        (rows, message),
        (
            20_000,
            changed("it was replaced by another file".to_owned())
        )
    );
    let (rows, message) =
        change_of(|path| append(path, "contacts,1,companies,2\ncontacts,1,companies,2"));
    let how = format!("it grew from {} to {} bytes", shown(size), shown(size + 45));
    assert_eq!(
        (rows, message),
        (20_001, changed(how)),
        "the last line may be half written"
    );
    assert_eq!(
        change_of(|path| std::fs::remove_file(path).unwrap()),
        (20_000, None)
    );
    assert_eq!(change_of(|_| ()), (20_000, None));
}
