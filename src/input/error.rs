//! Why an input cannot be used, or not any further. Each says which input and, as far as there is
//! one, which line; text from the file is escaped before it gets here.

use std::io;

use super::column_error::{ColumnsError, HEADER_EXAMPLE};
use super::compression::CompressionError;
use super::encoding::TextEncoding;
use super::file_type::FileType;
use super::headerless::NoHeaderError;
use super::record::RecordError;
use super::watched_file::FileChange;

/// Why an input cannot be used, or not any further.
#[derive(Debug, thiserror::Error)]
pub enum InputError {
    /// There is no such file.
    #[error("`{input}` does not exist")]
    Missing {
        /// The input's name.
        input: String,
    },
    /// A directory was named.
    #[error("`{input}` is a directory, not a CSV file")]
    Directory {
        /// The input's name.
        input: String,
    },
    /// The file may not be read.
    #[error("no permission to read `{input}`")]
    Denied {
        /// The input's name.
        input: String,
        /// What the system said.
        source: io::Error,
    },
    /// The file cannot be opened for another reason.
    #[error("cannot open `{input}`")]
    Open {
        /// The input's name.
        input: String,
        /// What the system said.
        source: io::Error,
    },
    /// Reading failed in the middle.
    #[error("`{input}` line {line}: cannot read on")]
    Read {
        /// The input's name.
        input: String,
        /// The line reached.
        line: u64,
        /// What the system said.
        source: io::Error,
    },
    /// The file is not what it was when the reading began.
    #[error("`{input}` line {line}: the file changed while it was read: {change}")]
    ChangedWhileRead {
        /// The input's name.
        input: String,
        /// The line reached.
        line: u64,
        /// How it changed.
        change: FileChange,
    },
    /// The file is an archive or a workbook.
    #[error("`{input}` is {format}, not a CSV file")]
    NotText {
        /// The input's name.
        input: String,
        /// What it is.
        format: FileType,
    },
    /// An archive that can be unpacked, with another one or a workbook in it.
    #[error("`{input}` is an archive with {format} in it, not a CSV file")]
    HoldsNoText {
        /// The input's name.
        input: String,
        /// What is in it.
        format: FileType,
    },
    /// An archive cannot be unpacked any further.
    #[error("`{input}` line {line}: cannot read on")]
    CompressedReader {
        /// The input's name.
        input: String,
        /// The line reached.
        line: u64,
        /// What is wrong with it.
        source: CompressionError,
    },
    /// Nothing, or nothing but blank lines.
    #[error("`{input}` is empty: it has no header")]
    NoHeader {
        /// The input's name.
        input: String,
    },
    /// The header is no text in an encoding that can be recognised.
    #[error(
        "`{input}` line {line}: the header has NUL bytes, as UTF-16 without a byte order mark does"
    )]
    NulInHeader {
        /// The input's name.
        input: String,
        /// The line of the header.
        line: u64,
        /// What it may be.
        encoding: TextEncoding,
    },
    /// All lines are skipped.
    #[error("`{input}` has nothing below the {lines} lines that `--skip-lines` skips")]
    AllSkipped {
        /// The input's name.
        input: String,
        /// How many are skipped.
        lines: u64,
    },
    /// Nothing, where no header is expected.
    #[error("`{input}` is empty: it has no rows")]
    NoRows {
        /// The input's name.
        input: String,
    },
    /// Without a header the settings do not say where the values stand.
    #[error("`{input}` without a header: {problem}")]
    NoHeaderColumns {
        /// The input's name.
        input: String,
        /// What is wrong with them.
        problem: NoHeaderError,
    },
    /// What was taken for the header is a row.
    #[error("`{input}` line {line}: the header has ids where it should name columns: {ids}")]
    IdsInHeader {
        /// The input's name.
        input: String,
        /// The line of the header.
        line: u64,
        /// The ids, with their columns.
        ids: String,
    },
    /// The columns cannot be found.
    #[error("`{input}` line {line}: {problem}")]
    Columns {
        /// The input's name.
        input: String,
        /// The line of the header.
        line: u64,
        /// What is wrong with them.
        problem: Box<ColumnsError>,
        /// What to do about it.
        hint: String,
    },
    /// A quoted field does not end.
    #[error("`{input}` line {line}: a quoted field opens here in {column} and {end}")]
    OpenQuote {
        /// The input's name.
        input: String,
        /// The line on which the field starts.
        line: u64,
        /// The column, as messages show it.
        column: String,
        /// What became of its end.
        end: &'static str,
    },
    /// It is not the input that the report was made from.
    #[error("`{input}` is not the input that the report was made from: row {row}{}: {how}", at_line(*line))]
    Changed {
        /// The input's name.
        input: String,
        /// The first row that differs.
        row: u64,
        /// The line on which it starts; `None` if the input ends before it.
        line: Option<u64>,
        /// What stands there, and what the report says.
        how: String,
    },
    /// A record passes a bound.
    #[error("`{input}` line {line}: a record starts here that {excess}")]
    LargeRecord {
        /// The input's name.
        input: String,
        /// The line on which the record starts.
        line: u64,
        /// Which bound it passes.
        excess: &'static str,
    },
}

fn at_line(line: Option<u64>) -> String {
    line.map(|line| format!(" (line {line})"))
        .unwrap_or_default()
}

impl InputError {
    /// What the source said, when `line` was reached.
    pub(super) fn of_source(input: &str, line: u64, source: io::Error) -> Self {
        let input = input.to_owned();
        let source = match source.downcast::<FileChange>() {
            Ok(change) => {
                return Self::ChangedWhileRead {
                    input,
                    line,
                    change,
                };
            }
            Err(source) => source,
        };
        match source.downcast::<CompressionError>() {
            Ok(source) => Self::CompressedReader {
                input,
                line,
                source,
            },
            Err(source) => Self::Read {
                input,
                line,
                source,
            },
        }
    }

    /// Gives a reader's error the names that the reader does not know. `column` shows a column by
    /// its place counted from 1.
    pub(super) fn of_record(
        input: &str,
        error: RecordError,
        column: impl Fn(usize) -> String,
    ) -> Self {
        let input = input.to_owned();
        match error {
            RecordError::Source { line, source } => Self::of_source(&input, line, source),
            RecordError::OpenQuote { line, field } => Self::OpenQuote {
                input,
                line,
                column: column(field),
                end: "never ends",
            },
            RecordError::LongQuote { line, field } => Self::OpenQuote {
                input,
                line,
                column: column(field),
                end: "does not end within 4 MiB",
            },
            RecordError::Misquoted { line, field } => Self::OpenQuote {
                input,
                line,
                column: column(field),
                end: "spans lines, with text behind its closing quote",
            },
            RecordError::LargeRecord { line } => Self::LargeRecord {
                input,
                line,
                excess: "is larger than 64 MiB",
            },
            RecordError::ManyFields { line } => Self::LargeRecord {
                input,
                line,
                excess: "has more than 65,536 fields",
            },
        }
    }

    /// What to do about it, if there is something to say.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::NotText { input, format } => Some(format.hint(input)),
            Self::NoHeader { .. } => Some(format!(
                "the first line must name the columns, e.g. {HEADER_EXAMPLE}"
            )),
            Self::HoldsNoText { .. } => Some("unpack it, and give the CSV file in it".to_owned()),
            Self::CompressedReader { .. } => Some(
                "get or make the file again: what is in it behind this place is lost".to_owned(),
            ),
            Self::NulInHeader { encoding, .. } => {
                let label = encoding.to_string().to_lowercase();
                Some(format!(
                    "save the file as CSV UTF-8, or name its encoding: `--encoding {label}`"
                ))
            }
            Self::NoHeaderColumns { problem, .. } => Some(problem.hint()),
            Self::IdsInHeader { line, .. } => Some(format!(
                "if line {line} is a row, add `--no-header`, and name columns by number, such as `--from-id-column \
                 '#1'`; if it is a header, add `--no-header --skip-lines {line}`"
            )),
            Self::Columns { hint, .. } => Some(hint.clone()),
            Self::OpenQuote { .. } => Some(
                "a quote inside a quoted field is written twice, as in `\"5\"\" pipe\"`".to_owned(),
            ),
            Self::LargeRecord { .. } => {
                Some("is this a CSV file, and is `--delimiter` right?".to_owned())
            }
            Self::ChangedWhileRead { .. } => Some(
                "let nothing write to it while it is read: write it under another name, and rename it once it is \
                 complete"
                    .to_owned(),
            ),
            Self::Changed { .. } => Some(
                "bring back the file, and the flags that name types and columns; or start anew with `--overwrite` \
                 or another `--report PATH`: links that exist are not made twice"
                    .to_owned(),
            ),
            Self::Missing { .. }
            | Self::AllSkipped { .. }
            | Self::NoRows { .. }
            | Self::Directory { .. }
            | Self::Denied { .. }
            | Self::Open { .. }
            | Self::Read { .. } => None,
        }
    }
}
