//! Why an input cannot be used or read any further. Each error names the input and, where there is one, the
//! line; text from the file is escaped before it gets here.

use std::borrow::Cow;
use std::io;

use crate::input::columns::error::{ColumnsError, HEADER_EXAMPLE};
use crate::input::columns::headerless::NoHeaderError;
use crate::input::columns::key_flags::KeyFlags;
use crate::input::csv::record::RecordError;
use crate::input::decode::compression::CompressionError;
use crate::input::decode::encoding::TextEncoding;
use crate::input::decode::file_type::FileType;
use crate::input::decode::watched_file::FileChange;
use crate::input::validate::key::key_error::KeyError;

/// Why an input cannot be used or read any further.
#[derive(Debug, thiserror::Error)]
pub enum InputError {
    /// The file does not exist.
    #[error("`{input}` does not exist")]
    Missing {
        /// The input's name.
        input: String,
    },
    /// The path is a directory.
    #[error("`{input}` is a directory, not a CSV file")]
    Directory {
        /// The input's name.
        input: String,
    },
    /// The file cannot be read for lack of permission.
    #[error("no permission to read `{input}`")]
    Denied {
        /// The input's name.
        input: String,
        /// The system's error.
        source: io::Error,
    },
    /// The file cannot be opened for another reason.
    #[error("cannot open `{input}`")]
    Open {
        /// The input's name.
        input: String,
        /// The system's error.
        source: io::Error,
    },
    /// The labels of a row cannot be written, and those of other rows neither.
    #[error("`{input}` line {line}: {why}")]
    Labels {
        /// The input's name.
        input: String,
        /// The line of the row.
        line: u64,
        /// The reason.
        why: String,
        /// What the user can do.
        hint: String,
    },
    /// A read failed.
    #[error("`{input}` line {line}: cannot read any further")]
    Read {
        /// The input's name.
        input: String,
        /// The line reached.
        line: u64,
        /// The system's error.
        source: io::Error,
    },
    /// The file changed after the reading began.
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
        /// The type of the file.
        format: FileType,
    },
    /// A compressed file that can be decompressed, with another archive or a workbook in it.
    #[error("`{input}` is an archive with {format} in it, not a CSV file")]
    HoldsNoText {
        /// The input's name.
        input: String,
        /// The type of its content.
        format: FileType,
    },
    /// A compressed file cannot be decompressed any further.
    #[error("`{input}` line {line}: cannot read any further")]
    CompressedReader {
        /// The input's name.
        input: String,
        /// The line reached.
        line: u64,
        /// The cause.
        source: CompressionError,
    },
    /// The file is empty, or has only blank lines.
    #[error("`{input}` is empty: it has no header")]
    NoHeader {
        /// The input's name.
        input: String,
    },
    /// The header is not text in an encoding that can be recognised.
    #[error(
        "`{input}` line {line}: the header has NUL bytes, like UTF-16 without a byte order mark"
    )]
    NulInHeader {
        /// The input's name.
        input: String,
        /// The line of the header.
        line: u64,
        /// The encoding that it may have.
        encoding: TextEncoding,
    },
    /// All lines are skipped.
    #[error("`{input}` has no lines after the {lines} lines that `--skip-lines` skips")]
    AllSkipped {
        /// The input's name.
        input: String,
        /// The number of skipped lines.
        lines: u64,
    },
    /// The file is empty, and no header is expected.
    #[error("`{input}` is empty: it has no rows")]
    NoRows {
        /// The input's name.
        input: String,
    },
    /// Without a header, the settings do not locate all values.
    #[error("`{input}` without a header: {problem}")]
    NoHeaderColumns {
        /// The input's name.
        input: String,
        /// The problem of the settings.
        problem: NoHeaderError,
    },
    /// The first record was expected to be the header, but is a row.
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
        /// The problems of the header.
        problem: Box<ColumnsError>,
        /// How to fix it.
        hint: String,
    },
    /// It needs flags to be read by keys.
    #[error("`{input}`{}: {problem}", line.map(|line| format!(" line {line}")).unwrap_or_default())]
    Keys {
        /// The input's name.
        input: String,
        /// The first line that shows it; `None` if the flags do.
        line: Option<u64>,
        /// What is wrong.
        problem: Box<KeyError>,
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
        /// How it ends, or why it does not.
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
        /// The difference between the input and the report.
        how: String,
    },
    /// A record exceeds a limit.
    #[error("`{input}` line {line}: a record starts here that {excess}")]
    LargeRecord {
        /// The input's name.
        input: String,
        /// The line on which the record starts.
        line: u64,
        /// The limit that it exceeds.
        excess: &'static str,
    },
}

fn at_line(line: Option<u64>) -> String {
    line.map(|line| format!(" (line {line})"))
        .unwrap_or_default()
}

impl InputError {
    /// Converts a read error that occurred at `line`.
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

    /// Adds the names that the reader does not know to a reader's error. `column` formats a column by its
    /// number counted from 1.
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
                end: "is never closed",
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
                end: "spans lines, with text after its closing quote",
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

    /// The flags that the command needs, if it is a matter of keys.
    #[must_use]
    pub fn key_flags(&self) -> Option<Cow<'_, KeyFlags>> {
        match self {
            Self::Columns { problem, .. } => problem.key_flags().map(Cow::Borrowed),
            Self::Keys { problem, .. } => Some(problem.flags()),
            _ => None,
        }
    }

    /// How to fix it, where there is a hint.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::NotText { input, format } => Some(format.hint(input)),
            Self::NoHeader { .. } => Some(format!(
                "the first line must name the columns, e.g. {HEADER_EXAMPLE}"
            )),
            Self::HoldsNoText { .. } => Some("unpack it, and pass the CSV file in it".to_owned()),
            Self::CompressedReader { .. } => Some(
                "download or create the file again: the data after this position is lost".to_owned(),
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
            Self::Columns { hint, .. } | Self::Labels { hint, .. } => Some(hint.clone()),
            Self::Keys { input, problem, .. } => {
                let flags = problem.flags();
                Some(flags.hint(&flags.command(input)))
            }
            Self::OpenQuote { .. } => Some(
                "write a quote inside a quoted field as two quotes, as in `\"5\"\" pipe\"`".to_owned(),
            ),
            Self::LargeRecord { .. } => {
                Some("check that this is a CSV file, and that `--delimiter` is right".to_owned())
            }
            Self::ChangedWhileRead { .. } => Some(
                "do not write to the file while it is read: write it under another name, and rename it when it is \
                 complete"
                    .to_owned(),
            ),
            Self::Changed { .. } => Some(
                "restore the file and the flags that name types and columns; or start over with `--overwrite` or \
                 another `--report PATH`: existing links are not created twice"
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
