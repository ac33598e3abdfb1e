//! Files that are not CSV text: recognised by their first bytes, with a hint how to convert them. Pure.

use std::fmt;
use std::path::Path;

use crate::domain::file_names::report_beside;
use crate::input::columns::error::HEADER_EXAMPLE;
use crate::input::decode::compression::Compression;
use crate::input::stdin_name::STDIN_NAME;
use crate::text::{BYTE_ORDER_MARK, shell_path};

/// The length of the longest signature below.
pub(crate) const SIGNATURE_LENGTH: usize = 15;

/// The length needed to recognise a tar archive, or a workbook by the first name in its archive.
pub(crate) const PREFIX_LENGTH: usize = 512;

/// A file that is not CSV text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileType {
    /// gzip
    Gzip,
    /// Zstandard
    Zstd,
    /// xz
    Xz,
    /// bzip2
    Bzip2,
    /// A zip archive, or a workbook that cannot be distinguished from one.
    Zip,
    /// 7-Zip
    SevenZip,
    /// RAR
    Rar,
    /// tar
    Tar,
    /// A workbook of Excel.
    Xlsx,
    /// A workbook of `LibreOffice`.
    Ods,
    /// A workbook of old Excel, or one with a password.
    Xls,
    /// Text in UTF-32.
    Utf32,
    /// A PDF document.
    Pdf,
    /// A web page.
    Html,
    /// XML, such as an `.xml` workbook.
    Xml,
    /// A document in the Rich Text Format.
    Rtf,
    /// JSON
    Json,
    /// One JSON value per line.
    JsonLines,
    /// An `SQLite` database.
    Sqlite,
    /// A Parquet table.
    Parquet,
    /// Another table in a binary format.
    Table(&'static str),
    /// An image.
    Image,
    /// An encrypted file.
    Encrypted,
    /// An executable.
    Program,
}

const SIGNATURES: [(&[u8], FileType); 25] = [
    (b"\x1f\x8b", FileType::Gzip),
    (b"\x28\xb5\x2f\xfd", FileType::Zstd),
    (b"\xfd7zXZ\0", FileType::Xz),
    (b"PK\x03\x04", FileType::Zip),
    (b"PK\x05\x06", FileType::Zip),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", FileType::Xls),
    (b"BZh91AY&SY", FileType::Bzip2),
    (b"7z\xbc\xaf\x27\x1c", FileType::SevenZip),
    (b"Rar!\x1a\x07", FileType::Rar),
    // The mark of UTF-16LE followed by a NUL; no text begins with a NUL.
    (b"\xff\xfe\0\0", FileType::Utf32),
    (b"\0\0\xfe\xff", FileType::Utf32),
    (b"%PDF-", FileType::Pdf),
    (b"{\\rtf", FileType::Rtf),
    (b"SQLite format 3", FileType::Sqlite),
    (b"PAR1", FileType::Parquet),
    (b"Obj\x01", FileType::Table("an Avro file")),
    (b"ARROW1", FileType::Table("an Arrow file")),
    (b"ORC\x0a", FileType::Table("an ORC file")),
    (b"\x89HDF\r\n", FileType::Table("an HDF5 file")),
    (b"\x89PNG\r\n", FileType::Image),
    (b"\xff\xd8\xff", FileType::Image),
    (b"GIF8", FileType::Image),
    (b"-----BEGIN PGP", FileType::Encrypted),
    (b"age-encryption", FileType::Encrypted),
    (b"\x7fELF", FileType::Program),
];

/// The offset of a tar archive's signature.
const TAR_PLACE: usize = 257;

impl FileType {
    /// Recognises a file by its first bytes.
    pub(crate) fn of(prefix: &[u8]) -> Option<Self> {
        // A zstd file may begin with a skippable frame; `pzstd` writes them.
        if let [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..] = prefix {
            return Some(Self::Zstd);
        }
        let signature = SIGNATURES
            .iter()
            .find(|(signature, _)| prefix.starts_with(signature))
            .map(|&(_, format)| format);
        match signature {
            Some(Self::Zip) => Some(workbook_of(prefix).unwrap_or(Self::Zip)),
            Some(format) => Some(format),
            None if prefix
                .get(TAR_PLACE..)
                .is_some_and(|rest| rest.starts_with(b"ustar")) =>
            {
                Some(Self::Tar)
            }
            None if is_utf_32(prefix) => Some(Self::Utf32),
            None => other_text(prefix),
        }
    }

    /// Its compression format, if it can be decompressed here.
    pub(crate) fn compression(self) -> Option<Compression> {
        match self {
            Self::Gzip => Some(Compression::Gzip),
            Self::Zstd => Some(Compression::Zstd),
            _ => None,
        }
    }

    /// How to convert the file called `input` to CSV text.
    pub(crate) fn hint(self, input: &str) -> String {
        let file = match input {
            STDIN_NAME => String::new(),
            file => format!(" {}", shell_path(file)),
        };
        let Some(unpack) = self.unpack_command() else {
            return self.advice(&file);
        };
        if file.is_empty() {
            return format!("convert it in a pipe: `{unpack} | hubspot-associate import - …`");
        }
        let report = shell_path(report_beside(Path::new(input), false));
        format!("run `{unpack}{file} | hubspot-associate import - --report {report}`")
    }

    /// The command that writes the file as text to its standard output, if there is one.
    fn unpack_command(self) -> Option<&'static str> {
        Some(match self {
            Self::Gzip => "gzip -dc",
            Self::Zstd => "zstd -dc",
            Self::Xz => "xz -dc",
            Self::Bzip2 => "bzip2 -dc",
            Self::Utf32 => "iconv -f UTF-32 -t UTF-8",
            _ => return None,
        })
    }

    /// How to convert a file that no command writes as text. `file` is its path as an argument of a command; empty
    /// for standard input.
    fn advice(self, file: &str) -> String {
        let advice = match self {
            Self::Tar if !file.is_empty() => {
                return format!("unpack it with `tar -xf{file}`, and pass the CSV file in it");
            }
            Self::Json | Self::JsonLines => {
                return format!(
                    "convert it to CSV, with a header such as {HEADER_EXAMPLE} and one line per pair, e.g. with \
                     `jq` and `@csv`"
                );
            }
            Self::Sqlite => {
                return format!(
                    "export a table of it as CSV: `sqlite3 -header -csv{file} 'SELECT * FROM pairs' > pairs.csv`, \
                     with the table's name in place of `pairs`"
                );
            }
            Self::Zip => "save the sheet as CSV UTF-8, or unpack the archive",
            Self::Tar | Self::SevenZip | Self::Rar => "unpack it, and pass the CSV file in it",
            Self::Xlsx | Self::Ods | Self::Xls => "save the sheet as CSV UTF-8",
            Self::Pdf | Self::Rtf | Self::Image => {
                "export the table as CSV from the program that holds the data"
            }
            Self::Html => {
                "open it in a browser: it may be a sign-in page or an error page instead of the download; \
                 download the file again, as CSV"
            }
            Self::Xml => "save or export the table as CSV UTF-8",
            Self::Parquet | Self::Table(_) => "export it as CSV with the program that wrote it",
            Self::Encrypted => "decrypt it first",
            Self::Program => "pass the CSV file instead",
            // These have a command.
            Self::Gzip | Self::Zstd | Self::Xz | Self::Bzip2 | Self::Utf32 => "unpack it",
        };
        advice.to_owned()
    }
}

/// The kind of workbook that a zip archive is, by the name of its first file.
fn workbook_of(archive: &[u8]) -> Option<FileType> {
    const NAME_PLACE: usize = 30;
    let name = archive.get(NAME_PLACE..)?;
    let excel: [&[u8]; 4] = [b"[Content_Types].xml", b"xl/", b"_rels/", b"docProps/"];
    let ods = b"mimetypeapplication/vnd.oasis.opendocument.spreadsheet";
    if excel.iter().any(|start| name.starts_with(start)) {
        Some(FileType::Xlsx)
    } else if name.starts_with(ods) {
        Some(FileType::Ods)
    } else {
        None
    }
}

/// Whether three of the four bytes of each of the first characters are NULs.
fn is_utf_32(prefix: &[u8]) -> bool {
    let mut characters = prefix.chunks_exact(4).take(3);
    characters.len() == 3
        && characters.all(|bytes| {
            matches!(bytes, [0, 0, 0, last] if *last != 0)
                || matches!(bytes, [first, 0, 0, 0] if *first != 0)
        })
}

/// Text that is not CSV.
fn other_text(prefix: &[u8]) -> Option<FileType> {
    let mark = BYTE_ORDER_MARK.as_bytes();
    let text = prefix.strip_prefix(mark).unwrap_or(prefix);
    let text = text.trim_ascii_start();
    let begins = |start: &[u8]| {
        let length = start.len();
        text.get(..length)
            .is_some_and(|begin| begin.eq_ignore_ascii_case(start))
    };
    if begins(b"<!doctype html") || begins(b"<html") || begins(b"<head") || begins(b"<body") {
        return Some(FileType::Html);
    }
    if begins(b"<?xml") {
        return Some(FileType::Xml);
    }
    let (first, rest) = text.split_first()?;
    let second = rest.trim_ascii_start().first()?;
    match (first, second) {
        (b'{', b'"' | b'}') => {
            let mut lines = text.split(|&byte| byte == b'\n').map(<[u8]>::trim_ascii);
            let is_whole = lines.next().is_some_and(|line| line.ends_with(b"}"));
            let is_lines = is_whole && lines.next().is_some_and(|line| line.starts_with(b"{"));
            Some(if is_lines {
                FileType::JsonLines
            } else {
                FileType::Json
            })
        }
        (b'[', b'{' | b'[' | b'"' | b']') => Some(FileType::Json),
        _ => None,
    }
}

impl Compression {
    /// The compression format of a file that begins like this; `None` if it cannot be decompressed here.
    #[must_use]
    pub fn of(prefix: &[u8]) -> Option<Self> {
        FileType::of(prefix)?.compression()
    }
}

impl fmt::Display for FileType {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Gzip => "a gzip file",
            Self::Zstd => "a zstd file",
            Self::Xz => "an xz file",
            Self::Bzip2 => "a bzip2 file",
            Self::Zip => "a zip archive or an Excel workbook",
            Self::SevenZip => "a 7z archive",
            Self::Rar => "a RAR archive",
            Self::Tar => "a tar archive",
            Self::Xlsx => "an Excel workbook (.xlsx)",
            Self::Ods => "an OpenDocument workbook (.ods)",
            Self::Xls => "an Excel workbook",
            Self::Utf32 => "text in UTF-32",
            Self::Pdf => "a PDF document",
            Self::Html => "a web page (HTML)",
            Self::Xml => "XML",
            Self::Rtf => "an RTF document",
            Self::Json => "JSON",
            Self::JsonLines => "JSON lines",
            Self::Sqlite => "an SQLite database",
            Self::Parquet => "a Parquet file",
            Self::Table(name) => name,
            Self::Image => "an image",
            Self::Encrypted => "encrypted",
            Self::Program => "a program",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_is_not_text_is_recognised_by_its_first_bytes() {
        for (bytes, format) in [
            (&b"\x1f\x8b\x08\0"[..], Some(FileType::Gzip)),
            (b"\x28\xb5\x2f\xfd\x04", Some(FileType::Zstd)),
            (b"\x50\x2a\x4d\x18\x04\0\0\0", Some(FileType::Zstd)),
            (b"\xfd7zXZ\0\0", Some(FileType::Xz)),
            (b"BZh91AY&SY", Some(FileType::Bzip2)),
            (b"PK\x03\x04\x14", Some(FileType::Zip)),
            (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", Some(FileType::Xls)),
            (b"PK,from_id", None),
            (b"BZh9,to_id", None),
            (b"", None),
            (b"PK\x03\x04\x14\0\x06\0\x08\0\0\0!\0aaaabbbbcccc\x13\0\0\0[Content_Types].xml", Some(FileType::Xlsx)),
            (
                b"PK\x03\x04\x14\0\0\x08\0\0aaaabbbbccccdddd\x08\0\0\0mimetypeapplication/vnd.oasis.opendocument.spreadsheet",
                Some(FileType::Ods),
            ),
            (b"PK\x03\x04\x14\0\0\x08\0\0aaaabbbbccccdddd\x08\0\0\0pairs.csv", Some(FileType::Zip)),
            (b"\xff\xfe\0\0f\0\0\0", Some(FileType::Utf32)),
            (b"\0\0\xfe\xff\0\0\0f", Some(FileType::Utf32)),
            (b"f\0\0\0r\0\0\0o\0\0\0", Some(FileType::Utf32)),
            (b"\0\0\0f\0\0\0r\0\0\0o", Some(FileType::Utf32)),
            (b"\xff\xfef\0r\0o\0m\0", None),
            (b"f\0r\0o\0m\0_\0i\0d\0", None),
            (b"%PDF-1.7", Some(FileType::Pdf)),
            (b"SQLite format 3\0", Some(FileType::Sqlite)),
            (b"PAR1\x15", Some(FileType::Parquet)),
            (b"\n<!DOCTYPE HTML>\n<html>", Some(FileType::Html)),
            (b"\xef\xbb\xbf<html lang=en>", Some(FileType::Html)),
            (b"<?xml version=\"1.0\"?>", Some(FileType::Xml)),
            (b"{\"from_id\":1}\n{\"from_id\":2}\n", Some(FileType::JsonLines)),
            (b"{\"from_id\":1}\n", Some(FileType::Json)),
            (b"{\n  \"pairs\": [\n", Some(FileType::Json)),
            (b" [\n {\"from_id\": 1}", Some(FileType::Json)),
            (b"[[1,2],[3,4]]", Some(FileType::Json)),
            // Headers of one column in brackets, and ids in them.
            (b"[from_id],[to_id]\n", None),
            (b"{from},{to}\n", None),
            (b"<from>,<to>\n", None),
        ] {
            assert_eq!(FileType::of(bytes), format, "{bytes:?}");
        }
        let mut tar = [b'x'; PREFIX_LENGTH];
        tar[TAR_PLACE..TAR_PLACE + 5].copy_from_slice(b"ustar");
        assert_eq!(FileType::of(&tar), Some(FileType::Tar));
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
                FileType::Gzip,
                "pairs.csv.gz",
                "run `gzip -dc pairs.csv.gz | hubspot-associate import - --report pairs.report.csv`",
            ),
            (
                FileType::Zstd,
                "my exports/it's.zst",
                "run `zstd -dc 'my exports/it'\\''s.zst' | hubspot-associate import - --report \
                 'my exports/it'\\''s.report.csv'`",
            ),
            (
                FileType::Gzip,
                "standard input",
                "convert it in a pipe: `gzip -dc | hubspot-associate import - …`",
            ),
            (
                FileType::Zip,
                "pairs.xlsx",
                "save the sheet as CSV UTF-8, or unpack the archive",
            ),
            (
                FileType::Utf32,
                "-p.csv",
                "run `iconv -f UTF-32 -t UTF-8 ./-p.csv | hubspot-associate import - --report ./-p.report.csv`",
            ),
            (
                FileType::Tar,
                "my pairs.tar",
                "unpack it with `tar -xf 'my pairs.tar'`, and pass the CSV file in it",
            ),
            (
                FileType::Sqlite,
                "crm.db",
                "export a table of it as CSV: `sqlite3 -header -csv crm.db 'SELECT * FROM pairs' > pairs.csv`, with the \
                 table's name in place of `pairs`",
            ),
        ] {
            assert_eq!(format.hint(input), hint);
        }
    }
}
