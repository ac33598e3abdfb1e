//! The files that a verification writes: checks before anything is sent, and the CSV of missing pairs at the end.

use std::io::{self, BufRead as _, BufReader, Read as _, Write as _};
use std::path::{Path, PathBuf};

use crate::cli::verify::VerifyArgs;
use crate::commands::verify::source::Source;
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
    BufReader::new(file.take(HEADER.len() as u64)).read_until(b'\n', &mut first)?;
    Ok(match first.as_slice() {
        b"" => Existing::Nothing,
        first if first == HEADER.as_bytes() => Existing::Pairs,
        _ => Existing::Other,
    })
}

/// Writes the missing pairs whose records exist, according to a complete output. Returns how many there are.
pub(crate) fn write_missing(path: &Path, output: &Path) -> Result<u64, RunError> {
    let mut verified = VerifiedRows::open(output)?;
    let failed = |source| unwritten(path, source);
    let mut file = AtomicFile::create(path).map_err(failed)?;
    file.write_all(HEADER.as_bytes()).map_err(failed)?;
    let mut rows = 0;
    while let Some(row) = verified.next()? {
        let can_link = row.state == Some(LinkState::Missing)
            && MissingRecords::of(row.records.as_ref()) == MissingRecords::Exist;
        if let Some(Pair { from, to }) = row.pair.filter(|_| can_link) {
            // Types and ids need no quotes.
            let [from_type, to_type] = [&from.object_type, &to.object_type];
            writeln!(file, "{from_type},{},{to_type},{}", from.id, to.id).map_err(failed)?;
            rows += 1;
        }
    }
    file.finish().map_err(failed)?;
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
    use std::fs;

    #[test]
    fn the_missing_pairs_whose_records_exist_become_a_csv() {
        let folder = tempfile::tempdir().unwrap();
        let (output, path) = (folder.path().join("v.csv"), folder.path().join("m.csv"));
        let header = ReportKind::Verify.layout().header();
        let line = |id: u64, state: &str, record: &str| {
            format!("{id},contacts,{id},0-2,9,{state},,{record},2026-05-04T09:15:22.118Z\n")
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
        assert_eq!(write_missing(&path, &output).unwrap(), 2);
        let written = fs::read_to_string(&path).unwrap();
        let expected = format!("{HEADER}contacts,2,0-2,9\ncontacts,9,0-2,9\n");
        assert_eq!(written, expected);
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
