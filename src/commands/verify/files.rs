//! The files that a verification writes: checks before anything is sent, and the CSV of missing pairs at the end.

use std::io::{self, BufRead as _, BufReader, Read as _, Write as _};
use std::path::{Path, PathBuf};

use crate::cli::verify::VerifyArgs;
use crate::commands::verify::source::Source;
use crate::domain::label_set::LabelSet;
use crate::domain::pair::Pair;
use crate::domain::proof::LinkState;
use crate::error::RunError;
use crate::files::atomic_file::{AtomicFile, is_stream};
use crate::files::output_error::OutputError;
use crate::output::files::{Output, ensure_distinct};
use crate::output::outputs::credential_files;
use crate::output::own_files::Kind;
use crate::report::locked_report::ReportPlan;
use crate::report::verified_rows::VerifiedRows;
use crate::verify::error::VerifyError;
use crate::verify::totals::MissingRecords;

/// The flag of the file of missing pairs, for messages.
const MISSING: &str = "--missing";

/// The header of the file of missing pairs, which an import reads without flags.
const HEADER: &str = "from_object_type,from_object_id,to_object_type,to_object_id\n";

/// The same where pairs have labels: a row for each label that is missing. Several labels in one cell would need a separator
/// that occurs in no name.
const LABELLED_HEADER: &str = "from_object_type,from_object_id,to_object_type,to_object_id,label\n";

/// A file of missing pairs that was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct WrittenPairs {
    pub(crate) rows: u64,
    /// Whether it has a column with labels.
    pub(crate) has_labels: bool,
}

/// The files besides the output.
#[derive(Debug)]
pub(crate) struct Files {
    pub(crate) html: Option<Output>,
    pub(crate) missing: Option<PathBuf>,
    /// Whether JSON is printed instead of text.
    pub(crate) json: bool,
}

impl Files {
    /// Fails if one of them is another file of the run or cannot be written, or if it would replace a file that this
    /// command did not write.
    pub(crate) fn of(
        flags: &VerifyArgs,
        plan: &ReportPlan,
        source: &Source,
    ) -> Result<Self, RunError> {
        let read = source.files();
        let mut others = credential_files(&flags.connection);
        others.extend(read.iter().map(|(path, what)| (path.as_path(), *what)));
        ensure_distinct("--output", &plan.path, &others)?;
        others.push((&plan.path, "output"));
        if let Some(path) = &flags.missing {
            ensure_distinct(MISSING, path, &others)?;
            let may_replace = flags.overwrite || flags.resume;
            check_missing(path, &plan.path, may_replace)?;
            others.push((path, "file of missing pairs"));
        }
        let html = Output::named("--html", Kind::Page, flags.html.as_ref());
        if let Some(html) = &html {
            html.ensure_distinct(&others)?;
            html.check_existing()?;
            html.prepare()?;
        }
        Ok(Self {
            html,
            missing: flags.missing.clone(),
            json: flags.json,
        })
    }
}

/// Fails if the missing pairs cannot be written to `path`. They are read from the output when it is complete.
fn check_missing(path: &Path, output: &Path, may_replace: bool) -> Result<(), RunError> {
    let failed = |source| unwritten(path, source);
    // A folder, or a path that cannot be read: opening the output says so.
    if is_stream(output).unwrap_or_default() {
        let path = output.to_owned();
        return Err(VerifyError::MissingOfStream { path }.into());
    }
    let is_free = match existing(path).map_err(failed)? {
        Existing::Nothing => true,
        Existing::Pairs => may_replace,
        Existing::Other => false,
    };
    if !is_free {
        let path = path.to_owned();
        return Err(VerifyError::MissingExists { path }.into());
    }
    AtomicFile::check_writable(path).map_err(failed)
}

/// What is at the path of a file of missing pairs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Existing {
    /// No file, or an empty one, as `mktemp` makes it.
    Nothing,
    /// A file with the header of such a file.
    Pairs,
    /// Another file.
    Other,
}

fn existing(path: &Path) -> io::Result<Existing> {
    let Some(file) = AtomicFile::existing(path)? else {
        return Ok(Existing::Nothing);
    };
    let mut first = Vec::new();
    BufReader::new(file.take(LABELLED_HEADER.len() as u64)).read_until(b'\n', &mut first)?;
    Ok(match first.as_slice() {
        b"" => Existing::Nothing,
        first
            if [HEADER, LABELLED_HEADER]
                .map(str::as_bytes)
                .contains(&first) =>
        {
            Existing::Pairs
        }
        _ => Existing::Other,
    })
}

/// Writes the missing pairs whose records exist, according to a complete output.
pub(crate) fn write_missing(path: &Path, output: &Path) -> Result<WrittenPairs, RunError> {
    let mut verified = VerifiedRows::open(output)?;
    let failed = |source| unwritten(path, source);
    let mut file = AtomicFile::create(path).map_err(failed)?;
    let mut rows = 0;
    // All rows have labels, or none has.
    let mut has_labels = None;
    while let Some(row) = verified.next()? {
        let can_link = row.state == Some(LinkState::Missing)
            && MissingRecords::of(row.records.as_ref()) == MissingRecords::Exist;
        let Some(pair) = row.pair.filter(|_| can_link) else {
            continue;
        };
        let labels = row.missing_labels;
        if has_labels.is_none() {
            write_header(&mut file, labels.is_some()).map_err(failed)?;
        }
        let has_labels = *has_labels.get_or_insert(labels.is_some());
        rows += write_pair(&mut file, &pair, labels.as_ref(), has_labels).map_err(failed)?;
    }
    if has_labels.is_none() {
        write_header(&mut file, false).map_err(failed)?;
    }
    file.finish().map_err(failed)?;
    Ok(WrittenPairs {
        rows,
        has_labels: has_labels.unwrap_or_default(),
    })
}

fn write_header(file: &mut AtomicFile, has_labels: bool) -> io::Result<()> {
    let header = if has_labels { LABELLED_HEADER } else { HEADER };
    file.write_all(header.as_bytes())
}

/// Writes a pair, once for each of these labels. Returns the number of rows.
fn write_pair(
    file: &mut AtomicFile,
    Pair { from, to }: &Pair,
    labels: Option<&LabelSet>,
    has_labels: bool,
) -> io::Result<u64> {
    // Types and ids need no quotes.
    let [from_type, to_type] = [&from.object_type, &to.object_type];
    let pair = format!("{from_type},{},{to_type},{}", from.id, to.id);
    if !has_labels {
        writeln!(file, "{pair}")?;
        return Ok(1);
    }
    let mut rows = 0;
    for label in labels.into_iter().flat_map(LabelSet::iter) {
        let name = label.label.as_deref().unwrap_or_default();
        writeln!(file, "{pair},\"{}\"", name.replace('"', "\"\""))?;
        rows += 1;
    }
    Ok(rows)
}

fn unwritten(path: &Path, source: io::Error) -> RunError {
    OutputError::Io {
        flag: MISSING,
        path: path.to_owned(),
        source,
    }
    .into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::layout::ReportKind;
    use std::fmt::Write as _;
    use std::fs;

    #[test]
    fn the_missing_pairs_whose_records_exist_become_a_csv() {
        let folder = tempfile::tempdir().unwrap();
        let (output, path) = (folder.path().join("v.csv"), folder.path().join("m.csv"));
        let header = ReportKind::Verify.layout().header();
        let line = |id: u64, state: &str, record: &str| {
            format!("{id},contacts,{id},0-2,9,{state},,{record},2026-05-04T09:15:22.118Z,\n")
        };
        let lines = [
            line(1, "present", ""),
            line(2, "missing", "exists"),
            line(3, "missing", "from deleted"),
            line(4, "missing", "to merged into 7"),
            line(5, "missing", "from unknown"),
            line(6, "missing", ""),
            line(7, "unknown", ""),
            line(8, "invalid", ""),
            line(9, "missing", "exists"),
        ];
        fs::write(&output, header + &lines.concat()).unwrap();
        let found = write_missing(&path, &output).unwrap();
        let expected = WrittenPairs {
            rows: 2,
            has_labels: false,
        };
        assert_eq!(found, expected);
        let written = fs::read_to_string(&path).unwrap();
        let expected = format!("{HEADER}contacts,2,0-2,9\ncontacts,9,0-2,9\n");
        assert_eq!(written, expected);
        assert_eq!(existing(&path).unwrap(), Existing::Pairs);
    }

    #[test]
    fn a_link_that_lacks_labels_has_a_row_for_each_of_them() {
        let folder = tempfile::tempdir().unwrap();
        let (output, path) = (folder.path().join("v.csv"), folder.path().join("m.csv"));
        let mut lines = ReportKind::Verify.layout().header();
        let labels = r#""USER_DEFINED:1:A;USER_DEFINED:2:Sales\; ""EMEA"", x""#;
        for (id, state, types, record) in [
            (1, "present", "USER_DEFINED:1:A", ""),
            (2, "missing", "", "exists"),
            (
                3,
                "missing",
                "HUBSPOT_DEFINED:279:;USER_DEFINED:1:A",
                "exists",
            ),
            (4, "missing", "", "to deleted"),
        ] {
            writeln!(
                lines,
                "{id},contacts,{id},0-2,9,{state},{types},{record},2026-05-04T09:15:22.118Z,{labels}"
            )
            .unwrap();
        }
        fs::write(&output, lines).unwrap();
        let found = write_missing(&path, &output).unwrap();
        let expected = WrittenPairs {
            rows: 3,
            has_labels: true,
        };
        assert_eq!(found, expected);
        let second = r#""Sales; ""EMEA"", x""#;
        let expected = format!(
            "{LABELLED_HEADER}contacts,2,0-2,9,\"A\"\ncontacts,2,0-2,9,{second}\ncontacts,3,0-2,9,{second}\n"
        );
        assert_eq!(fs::read_to_string(&path).unwrap(), expected);
        assert_eq!(existing(&path).unwrap(), Existing::Pairs);
    }

    #[test]
    fn only_a_file_of_pairs_is_replaced_and_only_if_a_flag_says_so() {
        let folder = tempfile::tempdir().unwrap();
        let (output, path) = (folder.path().join("v.csv"), folder.path().join("m.csv"));
        for (content, may_replace, is_free) in [
            (None, false, true),
            (Some(""), false, true),
            (Some(HEADER), false, false),
            (Some(HEADER), true, true),
            (Some("from_id,to_id\n1,2\n"), true, false),
        ] {
            if let Some(content) = content {
                fs::write(&path, content).unwrap();
            }
            let checked = check_missing(&path, &output, may_replace);
            assert_eq!(checked.is_ok(), is_free, "{content:?} {may_replace}");
        }
        let error = check_missing(&path, Path::new("/dev/null"), true).unwrap_err();
        assert!(error.to_string().contains("needs an output that is a file"));
    }
}
