//! Decompresses a stream, as far as it is intact.
//!
//! A decoder that finds damage discards the output for the bytes that it was just given. It is therefore given
//! only a few bytes at a time, so that all but the last few rows before the damage are read.

use std::fmt;
use std::io::{self, BufRead, Read};

use flate2::bufread::GzDecoder;

/// Compressed bytes that a decoder is given at once. A smaller slice costs time, a larger one loses rows.
const SLICE_LENGTH: usize = 32;

/// A compression format.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Compression {
    /// gzip: one or more members in sequence.
    Gzip,
    /// Zstandard: one or more frames in sequence.
    Zstd,
}

impl fmt::Display for Compression {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Gzip => "gzip",
            Self::Zstd => "zstd",
        })
    }
}

/// Why compressed data cannot be read any further.
#[derive(Debug, thiserror::Error)]
pub enum CompressionError {
    /// It is cut off.
    #[error("the {compression} data is cut off at byte {offset} of the compressed file")]
    Cut {
        /// The compression format.
        compression: Compression,
        /// Its length: the number of compressed bytes.
        offset: u64,
    },
    /// It is damaged.
    #[error("the {compression} data is damaged at or before byte {offset} of the compressed file")]
    Damaged {
        /// The compression format.
        compression: Compression,
        /// The number of compressed bytes that had been read when the damage was detected.
        offset: u64,
        /// The decoder's error.
        source: io::Error,
    },
}

/// A reader of compressed data.
pub struct CompressedReader<R: BufRead> {
    compression: Compression,
    /// `None` once the last part has been read.
    decoder: Option<Decoder<R>>,
}

/// The decoder of one part: a gzip member or a zstd frame.
enum Decoder<R: BufRead> {
    Gzip(Box<GzDecoder<Slices<R>>>),
    Zstd(zstd::Decoder<'static, Slices<R>>),
}

impl<R: BufRead> Decoder<R> {
    fn new(compression: Compression, slices: Slices<R>) -> io::Result<Self> {
        Ok(match compression {
            Compression::Gzip => Self::Gzip(Box::new(GzDecoder::new(slices))),
            Compression::Zstd => Self::Zstd(zstd::Decoder::with_buffer(slices)?.single_frame()),
        })
    }

    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Gzip(decoder) => decoder.read(buffer),
            Self::Zstd(decoder) => decoder.read(buffer),
        }
    }

    fn slices(&self) -> &Slices<R> {
        match self {
            Self::Gzip(decoder) => decoder.get_ref(),
            Self::Zstd(decoder) => decoder.get_ref(),
        }
    }

    fn into_slices(self) -> Slices<R> {
        match self {
            Self::Gzip(decoder) => decoder.into_inner(),
            Self::Zstd(decoder) => decoder.finish(),
        }
    }
}

impl<R: BufRead> CompressedReader<R> {
    /// Starts to decompress `bytes`.
    pub fn new(compression: Compression, bytes: R) -> io::Result<Self> {
        let slices = Slices {
            bytes,
            offset: 0,
            is_over: false,
            has_failed: false,
        };
        Ok(Self {
            compression,
            decoder: Some(Decoder::new(compression, slices)?),
        })
    }

    /// Adds the offset in the compressed data to a decoder's error.
    fn placed(compression: Compression, slices: &Slices<R>, source: io::Error) -> io::Error {
        // An error of the file itself is not about the compressed data.
        if slices.has_failed {
            return source;
        }
        let offset = slices.offset;
        io::Error::other(if slices.is_over {
            CompressionError::Cut {
                compression,
                offset,
            }
        } else {
            CompressionError::Damaged {
                compression,
                offset,
                source,
            }
        })
    }

    /// Prepares the next part, if there is one. Zeros up to the end are padding, as tapes and disk images have
    /// it; zeros before anything else are damage.
    fn next_part(&mut self, mut slices: Slices<R>) -> io::Result<()> {
        let zeros = slices.skip_zeros()?;
        if slices.is_over {
            return Ok(());
        }
        if zeros > 0 {
            let source = io::Error::other("there are zeros between two of its parts");
            return Err(Self::placed(self.compression, &slices, source));
        }
        self.decoder = Some(Decoder::new(self.compression, slices)?);
        Ok(())
    }
}

impl<R: BufRead> Read for CompressedReader<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while let Some(decoder) = &mut self.decoder {
            let count = decoder
                .read(buffer)
                .map_err(|error| Self::placed(self.compression, decoder.slices(), error))?;
            if count > 0 || buffer.is_empty() {
                return Ok(count);
            }
            if let Some(decoder) = self.decoder.take() {
                self.next_part(decoder.into_slices())?;
            }
        }
        Ok(0)
    }
}

/// Splits the bytes into small slices, and counts them.
struct Slices<R> {
    bytes: R,
    offset: u64,
    /// Whether a decoder requested more bytes than there are.
    is_over: bool,
    has_failed: bool,
}

impl<R: BufRead> Slices<R> {
    /// Skips zeros, and returns their number.
    fn skip_zeros(&mut self) -> io::Result<u64> {
        let start = self.offset;
        loop {
            let bytes = self.fill_buf()?;
            let zeros = bytes.iter().take_while(|&&byte| byte == 0).count();
            let is_end = zeros < bytes.len() || bytes.is_empty();
            self.consume(zeros);
            if is_end {
                return Ok(self.offset - start);
            }
        }
    }
}

impl<R: BufRead> Read for Slices<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.fill_buf()?.read(buffer)?;
        self.consume(count);
        Ok(count)
    }
}

impl<R: BufRead> BufRead for Slices<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        // Two calls, because a borrow cannot be kept across the loop.
        loop {
            match self.bytes.fill_buf() {
                Ok(_) => break,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => {
                    self.has_failed = true;
                    return Err(error);
                }
            }
        }
        let bytes = self.bytes.fill_buf()?;
        self.is_over = bytes.is_empty();
        Ok(&bytes[..bytes.len().min(SLICE_LENGTH)])
    }

    fn consume(&mut self, count: usize) {
        self.offset += count as u64;
        self.bytes.consume(count);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    fn packed(compression: Compression, text: &[u8]) -> Vec<u8> {
        match compression {
            Compression::Gzip => {
                let level = flate2::Compression::default();
                let mut encoder = flate2::write::GzEncoder::new(Vec::new(), level);
                encoder.write_all(text).unwrap();
                encoder.finish().unwrap()
            }
            Compression::Zstd => {
                let mut encoder = zstd::Encoder::new(Vec::new(), 3).unwrap();
                encoder.include_checksum(true).unwrap();
                encoder.write_all(text).unwrap();
                encoder.finish().unwrap()
            }
        }
    }

    /// The decompressed bytes, and the error at the end, if any.
    fn unpacked(compression: Compression, bytes: &[u8]) -> (Vec<u8>, Option<CompressionError>) {
        let mut text = Vec::new();
        let mut archive = CompressedReader::new(compression, bytes).unwrap();
        let mut buffer = vec![0; 128 * 1024];
        loop {
            match archive.read(&mut buffer) {
                Ok(0) => return (text, None),
                Ok(count) => text.extend_from_slice(&buffer[..count]),
                Err(error) => {
                    let error = error.into_inner().unwrap().downcast().unwrap();
                    return (text, Some(*error));
                }
            }
        }
    }

    /// Text that does not compress to nothing.
    fn text() -> Vec<u8> {
        let mut draw = fastrand::Rng::with_seed(7);
        let rows =
            (0..20_000).map(|_| format!("contacts,{},companies,{}\n", draw.u32(..), draw.u32(..)));
        rows.collect::<String>().into_bytes()
    }

    const BOTH: [Compression; 2] = [Compression::Gzip, Compression::Zstd];

    #[test]
    fn concatenated_compressed_members_are_read_as_one() {
        let text = text();
        for compression in BOTH {
            let one = packed(compression, &text);
            let empty = packed(compression, b"");
            let all = [&one[..], &empty, &one].concat();
            let (unpacked, error) = unpacked(compression, &all);
            assert!(error.is_none(), "{error:?}");
            assert_eq!(unpacked.len(), text.len() * 2);
            assert!(unpacked.starts_with(&text) && unpacked.ends_with(&text));
        }
    }

    /// A frame that decoders skip: magic number, length, content.
    const SKIPPABLE: &[u8] = b"\x5e\x2a\x4d\x18\x05\0\0\0notes";

    #[test]
    fn zeros_after_the_last_part_are_padding_and_zeros_between_two_are_damage() {
        let text = text();
        for compression in BOTH {
            let one = packed(compression, &text);
            for length in [1, 7, 512, 100_000] {
                let zeros = vec![0; length];
                let (padded, error) = unpacked(compression, &[&one[..], &zeros].concat());
                assert!(error.is_none(), "{compression} {length}: {error:?}");
                assert!(padded == text, "{compression} {length}");
                let (between, error) = unpacked(compression, &[&one[..], &zeros, &one].concat());
                let is_damaged = matches!(error, Some(CompressionError::Damaged { .. }));
                assert!(is_damaged, "{compression} {length}: {error:?}");
                assert!(between == text, "{compression} {length}");
            }
        }
    }

    #[test]
    fn skippable_frames_are_skipped_at_any_position() {
        let text = text();
        let one = packed(Compression::Zstd, &text);
        for parts in [
            [&one[..], SKIPPABLE, b""],
            [&one, SKIPPABLE, b"\0\0\0"],
            [SKIPPABLE, &one, SKIPPABLE],
            [SKIPPABLE, SKIPPABLE, &one],
        ] {
            let (found, error) = unpacked(Compression::Zstd, &parts.concat());
            assert!(error.is_none(), "{error:?}");
            assert!(found == text);
        }
    }

    #[test]
    fn truncated_compressed_data_is_read_up_to_the_cut_and_the_error_has_its_position() {
        let text = text();
        for compression in BOTH {
            let whole = packed(compression, &text);
            for length in [5, whole.len() / 2, whole.len() - 1] {
                let (unpacked, error) = unpacked(compression, &whole[..length]);
                let expected = format!(
                    "the {compression} data is cut off at byte {length} of the compressed file"
                );
                assert_eq!(error.unwrap().to_string(), expected);
                assert!(text.starts_with(&unpacked));
                // zstd compresses by blocks of 128 KiB.
                let missing = text.len() * length / whole.len();
                assert!(
                    unpacked.len() + 256 * 1024 >= missing,
                    "{compression} {length}"
                );
            }
        }
    }

    #[test]
    fn damaged_compressed_data_is_read_up_to_the_damage() {
        let text = text();
        for compression in BOTH {
            let whole = packed(compression, &text);
            let start = whole.len();
            let damaged = [&whole[..], b"\0\x01this is no archive"].concat();
            let (unpacked, error) = unpacked(compression, &damaged);
            assert_eq!(unpacked.len(), text.len(), "{compression}");
            match error {
                Some(CompressionError::Damaged { offset, .. }) => {
                    assert!((start..=damaged.len()).contains(&usize::try_from(offset).unwrap()));
                }
                other => panic!("{other:?}"),
            }
        }
        // A bit of the content: detected at the latest when the checksum is compared.
        for compression in BOTH {
            let mut damaged = packed(compression, &text);
            let middle = damaged.len() / 2;
            damaged[middle] ^= 0x10;
            let (_, error) = unpacked(compression, &damaged);
            assert!(error.is_some(), "{compression}");
        }
    }

    #[test]
    fn a_read_error_is_not_reported_as_damage() {
        struct Broken;
        impl Read for Broken {
            fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
                Err(io::Error::other("the disk is gone"))
            }
        }
        for compression in BOTH {
            let half = packed(compression, &text());
            let source = io::BufReader::new(io::Cursor::new(half[..500].to_vec()).chain(Broken));
            let mut archive = CompressedReader::new(compression, source).unwrap();
            let error = io::copy(&mut archive, &mut io::sink()).unwrap_err();
            assert_eq!(error.to_string(), "the disk is gone");
        }
    }
}
