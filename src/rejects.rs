//! Rows that are not associated, as a CSV that can be fed back: input + report → rejects file.
//!
//! The rows come in the input's order, and their cells as they stand there, quotes and all, so that nothing
//! that was wrong becomes right by being written again. Where a cell had several ids, each that is not
//! associated has a line of its own. Two columns are added, or replaced where the input is such a file
//! itself: [`COLUMNS`].

use std::io::{self, BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};

use crate::input::{
    CheckedRow, Input, InputError, InputSettings, InputSource, RawValues, RowContent, TextEncoding,
};
use crate::report::{BadLines, Difference, ReadBackError, ReportError, Why, is_same_file};
use crate::run::subject_of;
use crate::whole_file::WholeFile;

/// What is added to the columns of the input.
pub const COLUMNS: [&str; 2] = ["error_category", "error_message"];

const BYTE_ORDER_MARK: &str = "\u{feff}";

/// How a first line begins that names the delimiter.
const NAMES_DELIMITER: &[u8] = b"sep=";

/// Why a rejects file cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum RejectsError {
    /// The input comes only once.
    #[error("the rejects of standard input cannot be told: it comes only once")]
    Stdin,
    /// There is no CSV beside the report.
    #[error("the input of the report is not beside it")]
    NoInput,
    /// The path names the input or the report.
    #[error("the rejects file `{}` is the {what} itself", path.display())]
    IsOther {
        /// Its path.
        path: PathBuf,
        /// What it is.
        what: &'static str,
    },
    /// The path names a file that this program did not write.
    #[error("`{}` exists and is no rejects file", path.display())]
    Exists {
        /// Its path.
        path: PathBuf,
    },
    /// It cannot be written.
    #[error("cannot write the rejects file `{}`", path.display())]
    Io {
        /// Its path.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The input cannot be read, or is not that of the report.
    #[error(transparent)]
    Input(#[from] InputError),
    /// The report cannot be read.
    #[error(transparent)]
    Report(#[from] ReportError),
}

impl RejectsError {
    /// What to do about it.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Stdin => Some("put it into a file, and import that".to_owned()),
            Self::NoInput => Some("name it with `--input FILE`".to_owned()),
            Self::IsOther { .. } | Self::Exists { .. } => {
                Some("name another file with `--rejects PATH`".to_owned())
            }
            Self::Io { .. } | Self::Report(_) => None,
            Self::Input(error) => error.hint(),
        }
    }
}

/// Makes sure that a rejects file may be written to `path`, before a run that is to end with it. A file that this program
/// did not write is replaced only if `overwrite` allows it.
pub fn prepare(
    path: &Path,
    input: &InputSource,
    report: &Path,
    overwrite: bool,
) -> Result<(), RejectsError> {
    let InputSource::File(input) = input else {
        return Err(RejectsError::Stdin);
    };
    for (other, what) in [(input.as_path(), "input"), (report, "report")] {
        if path == other || is_same_file(path, other) {
            let path = path.to_owned();
            return Err(RejectsError::IsOther { path, what });
        }
    }
    let failed = |source| RejectsError::Io {
        path: path.to_owned(),
        source,
    };
    if !overwrite && !may_be_replaced(path).map_err(failed)? {
        let path = path.to_owned();
        return Err(RejectsError::Exists { path });
    }
    WholeFile::try_out(path).map_err(failed)
}

/// Whether there is nothing at `path` that another program wrote.
fn may_be_replaced(path: &Path) -> io::Result<bool> {
    let Some(file) = WholeFile::existing(path)? else {
        return Ok(true);
    };
    let mut header = Vec::new();
    let mut start = BufReader::new(file.take(1024 * 1024));
    start.read_until(b'\n', &mut header)?;
    let mark = BYTE_ORDER_MARK.as_bytes();
    if header
        .strip_prefix(mark)
        .unwrap_or(&header)
        .starts_with(NAMES_DELIMITER)
    {
        header.clear();
        start.read_until(b'\n', &mut header)?;
    }
    let header = header.trim_ascii_end();
    let [category, message] = COLUMNS.map(str::as_bytes);
    let before = header
        .strip_suffix(message)
        .and_then(|rest| rest.split_last());
    Ok(header.is_empty() || before.is_some_and(|(_, rest)| rest.ends_with(category)))
}

/// Writes the rows of `input` that `report` shows as rejected, failed or invalid to `path`; tells how many lines
/// that makes.
pub fn write(path: &Path, input: &InputSettings, report: &Path) -> Result<u64, RejectsError> {
    let mut bad = BadLines::read(report)?;
    // A pilot sends the first rows only; the report knows which these are.
    let mut input = Input::open(&InputSettings {
        first: None,
        ..input.clone()
    })?;
    let failed = |source| RejectsError::Io {
        path: path.to_owned(),
        source,
    };
    let file = WholeFile::create(path).map_err(failed)?;
    let mut rejects = Rejects::new(file, &input);
    let lines = copy(&mut rejects, &mut input, &mut bad, report).map_err(|error| match error {
        RejectsError::Io { source, .. } => failed(source),
        error => error,
    })?;
    rejects.writer.finish().map_err(failed)?;
    Ok(lines)
}

fn copy(
    rejects: &mut Rejects<impl Write>,
    input: &mut Input,
    bad: &mut BadLines,
    report: &Path,
) -> Result<u64, RejectsError> {
    let written = |source| RejectsError::Io {
        path: PathBuf::new(),
        source,
    };
    let unreadable = |source: ReadBackError| {
        RejectsError::Report(ReportError::ReadBack {
            path: report.to_owned(),
            source,
        })
    };
    rejects.add_header(input).map_err(written)?;
    let mut lines = 0;
    let mut row = CheckedRow::default();
    while !bad.are_all_passed() && input.read(&mut row)? {
        let name = input.name();
        let changed = |difference| changed(name, difference);
        bad.go_to(row.key).map_err(changed)?;
        if let Some(why) = bad.why(&subject_of(&row)).map_err(unreadable)? {
            rejects.add(input, &row.content, &why).map_err(written)?;
            lines += 1;
        }
    }
    bad.end()
        .map_err(|difference| changed(input.name(), difference))?;
    Ok(lines)
}

fn changed(input: &str, Difference { row, key }: Difference) -> InputError {
    InputError::Changed {
        input: input.to_owned(),
        row,
        line: key.map(|key| key.line),
        how: match key {
            Some(_) => "the input has another pair there".to_owned(),
            None => "the input ends before it".to_owned(),
        },
    }
}

/// The file while it is written.
struct Rejects<W> {
    writer: W,
    delimiter: u8,
    /// Whether the input's last two columns are ours already.
    replaces: bool,
    ids: [usize; 2],
}

impl<W: Write> Rejects<W> {
    fn new(writer: W, input: &Input) -> Self {
        let headers = input.headers();
        let columns = input.columns();
        Self {
            writer,
            delimiter: input.delimiter().as_byte(),
            replaces: headers.len() > COLUMNS.len()
                && headers.ends_with(&COLUMNS.map(String::from)),
            ids: [columns.from_id.index, columns.to_id.index],
        }
    }

    /// Whoever reads it finds the encoding and the delimiter as in the input.
    fn add_header(&mut self, input: &Input) -> io::Result<()> {
        if input.encoding() != TextEncoding::UTF_8 {
            self.writer.write_all(BYTE_ORDER_MARK.as_bytes())?;
        }
        if input.names_delimiter() {
            self.writer.write_all(NAMES_DELIMITER)?;
            self.writer.write_all(&[self.delimiter, b'\n'])?;
        }
        self.add_line(owned(input.raw_header()), COLUMNS)
    }

    fn add(&mut self, input: &Input, content: &RowContent, why: &Why) -> io::Result<()> {
        let record = input.record();
        let mut fields = owned(input.raw_row());
        let values = match content {
            RowContent::Pair(pair) => [pair.from.id.as_str(), pair.to.id.as_str()],
            RowContent::Invalid(invalid) => {
                let RawValues { from_id, to_id, .. } = &invalid.values;
                [from_id.as_str(), to_id.as_str()]
            }
            RowContent::Skipped(_) => {
                return self.add_line(fields, [&why.categories, &why.message]);
            }
        };
        for (index, value) in self.ids.into_iter().zip(values) {
            // One of several ids stands for the list. What has text behind its closing quote has to stay so.
            if !record.is_misquoted(index) && !record.has_value(index, value) {
                fields[index] = self.quoted(&[value]);
            }
        }
        self.add_line(fields, [&why.categories, &why.message])
    }

    fn add_line(&mut self, mut fields: Vec<Vec<u8>>, added: [&str; 2]) -> io::Result<()> {
        if self.replaces {
            // A row with too many or too few fields keeps as many too many or too few.
            fields.truncate(fields.len().saturating_sub(COLUMNS.len()).max(1));
        }
        fields.push(self.quoted(&added));
        self.writer.write_all(&fields.join(&self.delimiter))?;
        self.writer.write_all(b"\n")
    }

    /// Fields as a CSV has them.
    fn quoted(&self, fields: &[&str]) -> Vec<u8> {
        let mut writer = csv::WriterBuilder::new()
            .delimiter(self.delimiter)
            .from_writer(Vec::new());
        let written = writer.write_record(fields);
        written.expect("memory takes every write");
        let mut bytes = writer.into_inner().expect("memory takes every write");
        bytes.pop();
        bytes
    }
}

fn owned(fields: Vec<&[u8]>) -> Vec<Vec<u8>> {
    fields.into_iter().map(<[u8]>::to_vec).collect()
}
