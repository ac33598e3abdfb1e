//! A path or standard input → UTF-8 bytes without a byte order mark.
//!
//! UTF-8 passes through byte for byte, valid or not: what is wrong in a column that nobody reads is
//! nobody's problem. UTF-16 is recognised by its byte order mark. What is no text at all (archives,
//! workbooks) is refused by its first bytes. The bytes taken from the file are counted into the
//! [`ReadProgress`].

use std::fs::{self, File};
use std::io::{self, Cursor, Read};
use std::path::PathBuf;
use std::sync::Arc;

use encoding_rs::{Encoding, UTF_16BE, UTF_16LE};
use encoding_rs_io::DecodeReaderBytesBuilder;

use super::error::InputError;
use super::format::{Format, SIGNATURE_LENGTH};
use super::progress::ReadProgress;
use crate::text::excerpt;

/// How messages call standard input.
pub(super) const STDIN_NAME: &str = "standard input";

const UTF_8_MARK: &[u8] = b"\xef\xbb\xbf";

/// Where the input comes from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum InputSource {
    /// A file, or something that reads like one.
    File(PathBuf),
    /// Standard input.
    #[default]
    Stdin,
}

impl From<PathBuf> for InputSource {
    /// `-` is standard input.
    fn from(path: PathBuf) -> Self {
        if path.as_os_str() == "-" {
            Self::Stdin
        } else {
            Self::File(path)
        }
    }
}

impl InputSource {
    /// How messages call it.
    #[must_use]
    pub fn name(&self) -> String {
        match self {
            Self::File(path) => excerpt(&path.display().to_string(), 200),
            Self::Stdin => STDIN_NAME.to_owned(),
        }
    }

    /// Opens it for reading; with its size if it is a regular file.
    pub(super) fn open(&self) -> Result<(Box<dyn Read + Send>, Option<u64>), InputError> {
        let Self::File(path) = self else {
            return Ok((Box::new(io::stdin()), None));
        };
        let input = self.name();
        let failed = |source: io::Error| match source.kind() {
            io::ErrorKind::NotFound => InputError::Missing {
                input: input.clone(),
            },
            io::ErrorKind::PermissionDenied => InputError::Denied {
                input: input.clone(),
                source,
            },
            _ => InputError::Open {
                input: input.clone(),
                source,
            },
        };
        let metadata = fs::metadata(path).map_err(failed)?;
        if metadata.is_dir() {
            return Err(InputError::Directory { input });
        }
        let file = File::open(path).map_err(failed)?;
        let size = metadata.is_file().then_some(metadata.len());
        Ok((Box::new(file), size))
    }
}

/// Makes UTF-8 of `source`, whatever its byte order mark says it is.
pub(super) fn decode(
    name: &str,
    source: Box<dyn Read + Send>,
    progress: Arc<ReadProgress>,
) -> Result<Box<dyn Read + Send>, InputError> {
    let mut counted = Counted { source, progress };
    let prefix = read_prefix(&mut counted).map_err(|source| InputError::Read {
        input: name.to_owned(),
        line: 1,
        source,
    })?;
    if let Some(format) = Format::of(&prefix) {
        return Err(InputError::NotText {
            input: name.to_owned(),
            format,
        });
    }
    let encoding: &'static Encoding = if prefix.starts_with(b"\xff\xfe") {
        UTF_16LE
    } else if prefix.starts_with(b"\xfe\xff") {
        UTF_16BE
    } else {
        return Ok(without_marks(prefix, counted));
    };
    let whole = Cursor::new(prefix).chain(counted);
    let decoded = DecodeReaderBytesBuilder::new()
        .encoding(Some(encoding))
        .build(whole);
    Ok(Box::new(decoded))
}

/// UTF-8 as it stands. Programs that prepend a mark to a file that has one leave two.
fn without_marks(mut prefix: Vec<u8>, rest: Counted) -> Box<dyn Read + Send> {
    while prefix.starts_with(UTF_8_MARK) {
        prefix.drain(..UTF_8_MARK.len());
    }
    Box::new(Cursor::new(prefix).chain(rest))
}

/// The first bytes, fewer only if the source has fewer.
fn read_prefix(source: &mut impl Read) -> io::Result<Vec<u8>> {
    let mut prefix = Vec::with_capacity(SIGNATURE_LENGTH);
    source
        .take(SIGNATURE_LENGTH as u64)
        .read_to_end(&mut prefix)
        .map(|_| prefix)
}

/// Counts what is taken from the file itself.
struct Counted {
    source: Box<dyn Read + Send>,
    progress: Arc<ReadProgress>,
}

impl Read for Counted {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.source.read(buffer)?;
        self.progress.add_raw(count);
        Ok(count)
    }
}
