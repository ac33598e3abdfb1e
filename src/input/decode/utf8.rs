//! The bytes of a file → UTF-8 bytes without a byte order mark.
//!
//! gzip and zstd are decompressed, recognised by their first bytes. UTF-8 passes through unchanged, valid or
//! not: errors in a column that is not read do not matter. A byte order mark takes precedence over the encoding
//! that the user names. Files that are not CSV text (other archives, workbooks, web pages, documents,
//! databases) are refused by their first bytes. The bytes read from the file are counted in the
//! [`ReadProgress`].

use std::io::{self, BufRead, BufReader, Cursor, Read};
use std::sync::Arc;

use encoding_rs_io::DecodeReaderBytesBuilder;

use crate::input::decode::compression::CompressedReader;
use crate::input::decode::encoding::TextEncoding;
use crate::input::decode::file_type::{FileType, PREFIX_LENGTH, SIGNATURE_LENGTH};
use crate::input::error::InputError;
use crate::input::progress::ReadProgress;
use crate::text::BYTE_ORDER_MARK;

/// Bytes of a compressed file that are read at once.
const BUFFER_LENGTH: usize = 64 * 1024;

/// The text as UTF-8, and its original encoding.
pub(crate) struct Decoded {
    pub(crate) text: Box<dyn Read + Send>,
    pub(crate) encoding: TextEncoding,
}

/// Decodes `source` to UTF-8, according to its first bytes and the user's settings.
pub(crate) fn decode(
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

/// Decodes text to UTF-8.
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

/// Programs that prepend a byte order mark to a file that has one leave two.
fn without_marks<R: Read>(mut text: R) -> io::Result<impl Read + use<R>> {
    loop {
        let mut start = Vec::with_capacity(BYTE_ORDER_MARK.len());
        let length = BYTE_ORDER_MARK.len() as u64;
        (&mut text).take(length).read_to_end(&mut start)?;
        if start != BYTE_ORDER_MARK.as_bytes() {
            return Ok(Cursor::new(start).chain(text));
        }
    }
}

/// The first bytes: as many as the source returns at once, but enough for a signature unless the source is
/// shorter. Does not wait for a slow pipe to fill the buffer.
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

/// Counts the bytes of the file that are consumed; bytes that are only buffered do not count yet.
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
