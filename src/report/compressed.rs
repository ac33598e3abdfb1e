//! A report opened to be read only: plain, or packed with gzip or zstd, which its first bytes tell.

use std::fs::File;
use std::io::{self, BufReader, Chain, Cursor, Read};
use std::path::Path;

use super::locked_report::ReportError;
use crate::input::{CompressedReader, Compression};

/// Packed bytes that are read at once.
const BUFFER_LENGTH: usize = 64 * 1024;

/// As many bytes as tell how a file is packed.
const PREFIX_LENGTH: u64 = 4;

type Source = Chain<Cursor<Vec<u8>>, File>;

/// The text of a report.
pub struct ReportSource(Kind);

enum Kind {
    Plain(Source),
    Packed(Box<CompressedReader<BufReader<Source>>>),
}

/// Opens a report that was named to be read.
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
        // Not read again from the start: a pipe cannot.
        file.by_ref().take(PREFIX_LENGTH).read_to_end(&mut prefix)?;
        let compression = Compression::of(&prefix);
        let source = Cursor::new(prefix).chain(file);
        Ok(Self(match compression {
            None => Kind::Plain(source),
            Some(compression) => {
                let source = BufReader::with_capacity(BUFFER_LENGTH, source);
                Kind::Packed(Box::new(CompressedReader::new(compression, source)?))
            }
        }))
    }

    /// The file, wherever it was read up to, which can be read at any place; itself if it is packed.
    pub(super) fn into_file(self) -> Result<File, Self> {
        match self.0 {
            Kind::Plain(source) => Ok(source.into_inner().1),
            packed @ Kind::Packed(_) => Err(Self(packed)),
        }
    }
}

impl Read for ReportSource {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match &mut self.0 {
            Kind::Plain(source) => source.read(buffer),
            Kind::Packed(source) => source.read(buffer),
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
    fn a_report_is_the_same_plain_or_packed_in_any_number_of_parts() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("r.csv");
        let parts = ["row,line\n", "1,2\n"];
        let zstd = |part: &str| zstd::encode_all(part.as_bytes(), 3).unwrap();
        for (content, packed) in [
            (parts.concat().into_bytes(), false),
            (parts.map(gzip).concat(), true),
            (parts.map(zstd).concat(), true),
            (Vec::new(), false),
        ] {
            std::fs::write(&path, &content).unwrap();
            let mut source = open_to_read(&path).unwrap();
            assert_eq!(matches!(source.0, Kind::Packed(_)), packed);
            let mut text = String::new();
            source.read_to_string(&mut text).unwrap();
            assert_eq!(text.is_empty(), content.is_empty());
            assert!(text.is_empty() || text == parts.concat());
        }
    }

    #[test]
    fn a_packed_report_that_is_cut_is_no_shorter_report() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("r.csv.gz");
        let packed = gzip("row,line\n1,2\n");
        std::fs::write(&path, &packed[..packed.len() - 3]).unwrap();
        let mut source = open_to_read(&path).unwrap();
        let error = source.read_to_end(&mut Vec::new()).unwrap_err();
        assert!(error.to_string().contains("is cut off at byte"), "{error}");
    }

    #[test]
    fn a_report_that_is_not_there_is_missing() {
        let error = open_to_read(Path::new("/nowhere/r.csv")).err().unwrap();
        assert!(matches!(error, ReportError::Missing { .. }));
    }
}
