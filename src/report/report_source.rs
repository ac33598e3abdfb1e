//! Opens a report for reading: plain, or compressed with gzip or zstd, detected by its first bytes.

use std::fs::File;
use std::io::{self, BufReader, Chain, Cursor, Read};
use std::path::Path;

use crate::input::decode::compression::{CompressedReader, Compression};
use crate::report::error::ReportError;

/// The number of compressed bytes that are read at once.
const BUFFER_LENGTH: usize = 64 * 1024;

/// The number of bytes that are needed to detect the compression.
const PREFIX_LENGTH: u64 = 4;

type Source = Chain<Cursor<Vec<u8>>, File>;

/// The text of a report.
pub struct ReportSource(Kind);

enum Kind {
    Plain(Source),
    Compressed(Box<CompressedReader<BufReader<Source>>>),
}

/// Opens a report for reading.
pub fn open_to_read(path: &Path) -> Result<ReportSource, ReportError> {
    let opened = File::open(path).and_then(ReportSource::new);
    opened.map_err(|error| {
        let path = path.to_owned();
        match error.kind() {
            io::ErrorKind::NotFound => ReportError::Missing { path },
            _ => ReportError::ReadBack {
                path,
                source: error.into(),
            },
        }
    })
}

impl ReportSource {
    fn new(mut file: File) -> io::Result<Self> {
        let mut prefix = Vec::new();
        // The prefix is chained, not read again: a pipe cannot seek.
        file.by_ref().take(PREFIX_LENGTH).read_to_end(&mut prefix)?;
        let compression = Compression::of(&prefix);
        let source = Cursor::new(prefix).chain(file);
        Ok(Self(match compression {
            None => Kind::Plain(source),
            Some(compression) => {
                let source = BufReader::with_capacity(BUFFER_LENGTH, source);
                Kind::Compressed(Box::new(CompressedReader::new(compression, source)?))
            }
        }))
    }

    /// The file, which can be read at any offset; returns `self` if it is compressed.
    pub(crate) fn into_file(self) -> Result<File, Self> {
        match self.0 {
            Kind::Plain(source) => Ok(source.into_inner().1),
            compressed @ Kind::Compressed(_) => Err(Self(compressed)),
        }
    }
}

impl Read for ReportSource {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match &mut self.0 {
            Kind::Plain(source) => source.read(buffer),
            Kind::Compressed(source) => source.read(buffer),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    fn gzip(text: &str) -> Vec<u8> {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
        encoder.write_all(text.as_bytes()).unwrap();
        encoder.finish().unwrap()
    }

    #[test]
    fn a_report_reads_the_same_plain_or_compressed_in_any_number_of_parts() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("r.csv");
        let parts = ["row,line\n", "1,2\n"];
        let zstd = |part: &str| zstd::encode_all(part.as_bytes(), 3).unwrap();
        for (content, compressed) in [
            (parts.concat().into_bytes(), false),
            (parts.map(gzip).concat(), true),
            (parts.map(zstd).concat(), true),
            (Vec::new(), false),
        ] {
            std::fs::write(&path, &content).unwrap();
            let mut source = open_to_read(&path).unwrap();
            assert_eq!(matches!(source.0, Kind::Compressed(_)), compressed);
            let mut text = String::new();
            source.read_to_string(&mut text).unwrap();
            assert_eq!(text.is_empty(), content.is_empty());
            assert!(text.is_empty() || text == parts.concat());
        }
    }

    #[test]
    fn a_compressed_report_that_is_cut_off_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("r.csv.gz");
        let compressed = gzip("row,line\n1,2\n");
        std::fs::write(&path, &compressed[..compressed.len() - 3]).unwrap();
        let mut source = open_to_read(&path).unwrap();
        let error = source.read_to_end(&mut Vec::new()).unwrap_err();
        assert!(error.to_string().contains("is cut off at byte"), "{error}");
    }

    #[test]
    fn a_report_that_does_not_exist_is_missing() {
        let error = open_to_read(Path::new("/nowhere/r.csv")).err().unwrap();
        assert!(matches!(error, ReportError::Missing { .. }));
    }
}
