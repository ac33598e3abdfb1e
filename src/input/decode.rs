//! The bytes of a file → UTF-8 bytes without a byte order mark.
//!
//! gzip and zstd are unpacked, recognised by their first bytes. UTF-8 passes through byte for byte, valid
//! or not: what is wrong in a column that nobody reads is nobody's problem. A byte order mark says which
//! encoding it is, and is believed over what the user says. What is no CSV text (other archives, workbooks,
//! pages, documents, databases) is refused by its first bytes. The bytes taken from the file are counted into the
//! [`ReadProgress`].

use std::io::{self, BufRead, BufReader, Cursor, Read};
use std::sync::Arc;

use encoding_rs_io::DecodeReaderBytesBuilder;

use super::compression::CompressedReader;
use super::encoding::TextEncoding;
use super::error::InputError;
use super::file_type::{FileType, PREFIX_LENGTH, SIGNATURE_LENGTH};
use super::progress::ReadProgress;

const UTF_8_MARK: &[u8] = b"\xef\xbb\xbf";

/// Bytes of a compressed file that are read at once.
const BUFFER_LENGTH: usize = 64 * 1024;

/// UTF-8, and what it was.
pub(super) struct Decoded {
    pub(super) text: Box<dyn Read + Send>,
    pub(super) encoding: TextEncoding,
}

/// Makes UTF-8 of `source`, whatever its first bytes and the user say that it is.
pub(super) fn decode(
    name: &str,
    source: Box<dyn Read + Send>,
    requested: Option<TextEncoding>,
    progress: Arc<ReadProgress>,
) -> Result<Decoded, InputError> {
    let failed = |source| InputError::of_source(name, 1, source);
    let mut counted = CountingReader {
        source: BufReader::with_capacity(BUFFER_LENGTH, source),
        progress,
    };
    let prefix = read_prefix(&mut counted).map_err(failed)?;
    let Some(format) = FileType::of(&prefix) else {
        return decode_text(prefix, counted, requested).map_err(failed);
    };
    let input = name.to_owned();
    let Some(compression) = format.compression() else {
        return Err(InputError::NotText { input, format });
    };
    let packed = Cursor::new(prefix).chain(counted);
    let mut unpacked = CompressedReader::new(compression, packed).map_err(failed)?;
    let prefix = read_prefix(&mut unpacked).map_err(failed)?;
    if let Some(format) = FileType::of(&prefix) {
        return Err(InputError::HoldsNoText { input, format });
    }
    decode_text(prefix, unpacked, requested).map_err(failed)
}

/// Makes UTF-8 of text.
fn decode_text(
    prefix: Vec<u8>,
    rest: impl Read + Send + 'static,
    requested: Option<TextEncoding>,
) -> io::Result<Decoded> {
    let encoding = TextEncoding::of_mark(&prefix)
        .or(requested)
        .unwrap_or(TextEncoding::UTF_8);
    let whole = Cursor::new(prefix).chain(rest);
    let text: Box<dyn Read + Send> = if encoding == TextEncoding::UTF_8 {
        Box::new(without_marks(whole)?)
    } else {
        let decoded = DecodeReaderBytesBuilder::new()
            .encoding(Some(encoding.as_encoding()))
            .bom_sniffing(false)
            .build(whole);
        Box::new(without_marks(decoded)?)
    };
    Ok(Decoded { text, encoding })
}

/// Programs that prepend a mark to a file that has one leave two.
fn without_marks<R: Read>(mut text: R) -> io::Result<impl Read + use<R>> {
    loop {
        let mut start = Vec::with_capacity(UTF_8_MARK.len());
        let length = UTF_8_MARK.len() as u64;
        (&mut text).take(length).read_to_end(&mut start)?;
        if start != UTF_8_MARK {
            return Ok(Cursor::new(start).chain(text));
        }
    }
}

/// The first bytes: as many as the source gives at once, but enough for a signature unless it has fewer. A slow
/// pipe is not waited for.
fn read_prefix(source: &mut impl Read) -> io::Result<Vec<u8>> {
    let mut prefix = vec![0; PREFIX_LENGTH];
    let mut length = 0;
    while length < SIGNATURE_LENGTH {
        match source.read(&mut prefix[length..]) {
            Ok(0) => break,
            Ok(count) => length += count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    prefix.truncate(length);
    Ok(prefix)
}

/// Counts what is used of the file itself; what is only buffered does not count yet.
struct CountingReader {
    source: BufReader<Box<dyn Read + Send>>,
    progress: Arc<ReadProgress>,
}

impl Read for CountingReader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.source.read(buffer)?;
        self.progress.add_raw(count);
        Ok(count)
    }
}

impl BufRead for CountingReader {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        self.source.fill_buf()
    }

    fn consume(&mut self, count: usize) {
        self.source.consume(count);
        self.progress.add_raw(count);
    }
}
