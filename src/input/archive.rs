//! Compressed bytes → the bytes in them, as far as they are whole.
//!
//! A decoder that meets damage loses what it had made of the bytes it was just given. So it is given few
//! at a time: then all but the last few rows in front of the damage get through.

use std::fmt;
use std::io::{self, BufRead, Read};

use flate2::bufread::MultiGzDecoder;

/// Compressed bytes that a decoder is given at once. Fewer would cost time, more would cost rows.
const SLICE_LENGTH: usize = 32;

/// How an archive is compressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Compression {
    /// gzip, one member behind the other.
    Gzip,
    /// Zstandard, one frame behind the other.
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

/// Why an archive cannot be read on.
#[derive(Debug, thiserror::Error)]
pub enum ArchiveError {
    /// It ends where it should go on.
    #[error("the {compression} data is cut off at byte {offset} of the compressed file")]
    Cut {
        /// How it is compressed.
        compression: Compression,
        /// Where it ends: how many compressed bytes there are.
        offset: u64,
    },
    /// It is not what was compressed.
    #[error("the {compression} data is damaged at or before byte {offset} of the compressed file")]
    Damaged {
        /// How it is compressed.
        compression: Compression,
        /// How many compressed bytes had been read when it was noticed.
        offset: u64,
        /// What the decoder said.
        source: io::Error,
    },
}

/// An archive being read.
pub struct Archive<R: BufRead> {
    compression: Compression,
    decoder: Decoder<R>,
}

enum Decoder<R: BufRead> {
    Gzip(Box<MultiGzDecoder<Slices<R>>>),
    Zstd(zstd::Decoder<'static, Slices<R>>),
}

impl<R: BufRead> Archive<R> {
    /// Begins to unpack `bytes`.
    pub fn new(compression: Compression, bytes: R) -> io::Result<Self> {
        let slices = Slices {
            bytes,
            offset: 0,
            is_over: false,
            has_failed: false,
        };
        let decoder = match compression {
            Compression::Gzip => Decoder::Gzip(Box::new(MultiGzDecoder::new(slices))),
            Compression::Zstd => Decoder::Zstd(zstd::Decoder::with_buffer(slices)?),
        };
        Ok(Self {
            compression,
            decoder,
        })
    }
}

impl<R: BufRead> Read for Archive<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let (result, slices) = match &mut self.decoder {
            Decoder::Gzip(decoder) => (decoder.read(buffer), decoder.get_ref()),
            Decoder::Zstd(decoder) => (decoder.read(buffer), decoder.get_ref()),
        };
        result.map_err(|source| {
            // What the file itself says is not about the archive.
            if slices.has_failed {
                return source;
            }
            let (compression, offset) = (self.compression, slices.offset);
            io::Error::other(if slices.is_over {
                ArchiveError::Cut {
                    compression,
                    offset,
                }
            } else {
                ArchiveError::Damaged {
                    compression,
                    offset,
                    source,
                }
            })
        })
    }
}

/// Gives bytes in small slices, and counts them.
struct Slices<R> {
    bytes: R,
    offset: u64,
    /// Whether a decoder asked for more than there is.
    is_over: bool,
    has_failed: bool,
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
        // Asked twice, because a borrow cannot be kept across the loop.
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

    /// What can be read, and what the end is.
    fn unpacked(compression: Compression, bytes: &[u8]) -> (Vec<u8>, Option<ArchiveError>) {
        let mut text = Vec::new();
        let mut archive = Archive::new(compression, bytes).unwrap();
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
    fn one_archive_behind_the_other_is_read_as_one() {
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

    #[test]
    fn an_archive_that_is_cut_gives_what_it_has_and_says_where_it_ends() {
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
    fn an_archive_that_is_damaged_gives_what_stands_before_the_damage() {
        let text = text();
        for compression in BOTH {
            let whole = packed(compression, &text);
            let start = whole.len();
            let damaged = [&whole[..], b"\0\x01this is no archive"].concat();
            let (unpacked, error) = unpacked(compression, &damaged);
            assert_eq!(unpacked.len(), text.len(), "{compression}");
            match error {
                Some(ArchiveError::Damaged { offset, .. }) => {
                    assert!((start..=damaged.len()).contains(&usize::try_from(offset).unwrap()));
                }
                other => panic!("{other:?}"),
            }
        }
        // A bit of the content: found at the latest when the checksum is compared.
        for compression in BOTH {
            let mut damaged = packed(compression, &text);
            let middle = damaged.len() / 2;
            damaged[middle] ^= 0x10;
            let (_, error) = unpacked(compression, &damaged);
            assert!(error.is_some(), "{compression}");
        }
    }

    #[test]
    fn a_file_that_fails_is_no_damaged_archive() {
        struct Broken;
        impl Read for Broken {
            fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
                Err(io::Error::other("the disk is gone"))
            }
        }
        for compression in BOTH {
            let half = packed(compression, &text());
            let source = io::BufReader::new(io::Cursor::new(half[..500].to_vec()).chain(Broken));
            let mut archive = Archive::new(compression, source).unwrap();
            let error = io::copy(&mut archive, &mut io::sink()).unwrap_err();
            assert_eq!(error.to_string(), "the disk is gone");
        }
    }
}
