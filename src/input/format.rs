//! Files that are no text: recognised by their first bytes, and what makes text of them. Pure.

use std::fmt;

use super::archive::Compression;
use super::source::STDIN_NAME;
use crate::text::shell_path;

/// As many bytes as the longest signature below.
pub(super) const SIGNATURE_LENGTH: usize = 10;

/// A file that is no text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// gzip
    Gzip,
    /// Zstandard
    Zstd,
    /// xz
    Xz,
    /// bzip2
    Bzip2,
    /// A zip archive, which is what `.xlsx` workbooks are too.
    Zip,
    /// A workbook of old Excel.
    Xls,
}

const SIGNATURES: [(&[u8], Format); 7] = [
    (b"\x1f\x8b", Format::Gzip),
    (b"\x28\xb5\x2f\xfd", Format::Zstd),
    (b"\xfd7zXZ\0", Format::Xz),
    (b"PK\x03\x04", Format::Zip),
    (b"PK\x05\x06", Format::Zip),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", Format::Xls),
    (b"BZh91AY&SY", Format::Bzip2),
];

impl Format {
    /// Recognises a file by how it begins.
    pub(super) fn of(prefix: &[u8]) -> Option<Self> {
        SIGNATURES
            .iter()
            .find(|(signature, _)| prefix.starts_with(signature))
            .map(|&(_, format)| format)
    }

    /// How it is compressed, if it can be unpacked here.
    pub(super) fn compression(self) -> Option<Compression> {
        match self {
            Self::Gzip => Some(Compression::Gzip),
            Self::Zstd => Some(Compression::Zstd),
            Self::Xz | Self::Bzip2 | Self::Zip | Self::Xls => None,
        }
    }

    /// How to make CSV text of the file called `input`.
    pub(super) fn hint(self, input: &str) -> String {
        let unpack = match self {
            Self::Gzip => "gzip -dc",
            Self::Zstd => "zstd -dc",
            Self::Xz => "xz -dc",
            Self::Bzip2 => "bzip2 -dc",
            Self::Zip => return "save the sheet as CSV UTF-8, or unpack the archive".to_owned(),
            Self::Xls => return "save the sheet as CSV UTF-8".to_owned(),
        };
        if input == STDIN_NAME {
            return format!("unpack it on the way in: `{unpack} | hubspot-associate import - …`");
        }
        let stem = ["gz", "zst", "xz", "bz2"]
            .iter()
            .find_map(|ending| input.strip_suffix(ending)?.strip_suffix('.'))
            .unwrap_or(input);
        let stem = stem.strip_suffix(".csv").unwrap_or(stem);
        let (input, report) = (shell_path(input), shell_path(format!("{stem}.report.csv")));
        format!("run `{unpack} {input} | hubspot-associate import - --report {report}`")
    }
}

impl Compression {
    /// How a file is packed that begins like this; nothing if it cannot be unpacked here.
    #[must_use]
    pub fn of(prefix: &[u8]) -> Option<Self> {
        Format::of(prefix)?.compression()
    }
}

impl fmt::Display for Format {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Gzip => "a gzip file",
            Self::Zstd => "a zstd file",
            Self::Xz => "an xz file",
            Self::Bzip2 => "a bzip2 file",
            Self::Zip => "a zip archive or an Excel workbook",
            Self::Xls => "an Excel workbook",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_is_no_text_is_recognised_by_how_it_begins() {
        for (bytes, format) in [
            (&b"\x1f\x8b\x08\0"[..], Some(Format::Gzip)),
            (b"\x28\xb5\x2f\xfd\x04", Some(Format::Zstd)),
            (b"\xfd7zXZ\0\0", Some(Format::Xz)),
            (b"BZh91AY&SY", Some(Format::Bzip2)),
            (b"PK\x03\x04\x14", Some(Format::Zip)),
            (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", Some(Format::Xls)),
            (b"PK,from_id", None),
            (b"BZh9,to_id", None),
            (b"", None),
        ] {
            assert_eq!(Format::of(bytes), format, "{bytes:?}");
        }
        let longest = SIGNATURES
            .iter()
            .map(|(signature, _)| signature.len())
            .max();
        assert_eq!(longest, Some(SIGNATURE_LENGTH));
    }

    #[test]
    fn the_hint_is_a_command_that_can_be_copied() {
        for (format, input, hint) in [
            (
                Format::Gzip,
                "pairs.csv.gz",
                "run `gzip -dc pairs.csv.gz | hubspot-associate import - --report pairs.report.csv`",
            ),
            (
                Format::Zstd,
                "my exports/it's.zst",
                "run `zstd -dc 'my exports/it'\\''s.zst' | hubspot-associate import - --report \
                 'my exports/it'\\''s.report.csv'`",
            ),
            (
                Format::Gzip,
                "standard input",
                "unpack it on the way in: `gzip -dc | hubspot-associate import - …`",
            ),
            (
                Format::Zip,
                "pairs.xlsx",
                "save the sheet as CSV UTF-8, or unpack the archive",
            ),
        ] {
            assert_eq!(format.hint(input), hint);
        }
    }
}
