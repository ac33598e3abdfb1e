//! What stands where a report is to go, and whether a run may have that place. The decision is pure.

use std::io::{self, Read};

use super::column::COLUMNS;
use super::locked_report::IfExists;
use super::origin::Origin;
use super::reader::{ReadBackError, ReportReader};
use crate::input::Compression;

/// What stands in the place of a report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ExistingFile {
    /// No line: a run that was stopped before its first outcome leaves nothing worth keeping.
    Nothing,
    /// A report, with what kind of run wrote its first line. That is not known if the line is torn or damaged.
    LineBuffer(Option<Origin>),
    /// A packed file: perhaps a report, but none that can be written to.
    Packed(Compression),
    /// A file that this program did not write.
    Other,
}

/// Why a run may not have the place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    /// There is a report already.
    Exists,
    /// A run of the other kind wrote it.
    OtherOrigin(Origin),
    /// It is packed.
    Packed(Compression),
    /// It is no report.
    NotReport,
}

impl ExistingFile {
    /// Reads only the beginning of the file.
    pub(super) fn of(mut file: impl Read) -> io::Result<Self> {
        let header = COLUMNS.join(",") + "\n";
        let mut start = Vec::new();
        let most = header.len() as u64 + 1;
        file.by_ref().take(most).read_to_end(&mut start)?;
        if header.as_bytes().starts_with(&start) {
            return Ok(Self::Nothing);
        }
        if let Some(compression) = Compression::of(&start) {
            return Ok(Self::Packed(compression));
        }
        match ReportReader::new(start.chain(file)) {
            // Half a header, and zeros behind it.
            Ok(reader) if reader.header().is_empty() => Ok(Self::Nothing),
            Ok(mut reader) => {
                let first = reader.read().ok().flatten();
                Ok(Self::LineBuffer(first.map(|line| line.origin())))
            }
            Err(ReadBackError::Io(error)) => Err(error),
            Err(_) => Ok(Self::Other),
        }
    }

    /// Whether a run of this `origin` may use the place as `if_exists` says.
    pub(super) fn check(self, if_exists: IfExists, origin: Origin) -> Result<(), Refusal> {
        match (if_exists, self) {
            (_, Self::Packed(compression)) => Err(Refusal::Packed(compression)),
            // What is resumed is read to its end anyway, and what is wrong with it is found there.
            (_, Self::Nothing)
            | (IfExists::Resume(_), _)
            | (IfExists::Overwrite, Self::LineBuffer(_)) => Ok(()),
            (_, Self::Other) => Err(Refusal::NotReport),
            (_, Self::LineBuffer(Some(of))) if of != origin => Err(Refusal::OtherOrigin(of)),
            (IfExists::ReplaceSameOrigin, Self::LineBuffer(_)) => Ok(()),
            (IfExists::Refuse, Self::LineBuffer(_)) => Err(Refusal::Exists),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_known_by_its_content() {
        let header = COLUMNS.join(",");
        let line = |id: &str| format!("{header}\n1,2,a,1,b,2,associated,200,,0,,,,,{id},1,1,\n");
        let short = "outcome,row,from_object_type,from_object_id,to_object_type,to_object_id\n";
        for (content, found) in [
            (String::new(), ExistingFile::Nothing),
            ("row,line".into(), ExistingFile::Nothing),
            (format!("{header}\n"), ExistingFile::Nothing),
            (format!("{header}\n1"), ExistingFile::LineBuffer(None)),
            (
                format!("{header}\nedited\n"),
                ExistingFile::LineBuffer(None),
            ),
            (
                line("8f6e"),
                ExistingFile::LineBuffer(Some(Origin::RealRun)),
            ),
            (
                line("sandbox:8f6e"),
                ExistingFile::LineBuffer(Some(Origin::Rehearsal)),
            ),
            (short.into(), ExistingFile::LineBuffer(None)),
            ("name,email\nA,a@example.com\n".into(), ExistingFile::Other),
            ("precious".into(), ExistingFile::Other),
            ("\0\0\0".into(), ExistingFile::Other),
            ("row,line\0\0\0".into(), ExistingFile::Nothing),
            (format!("{header}\n\0\0\0"), ExistingFile::LineBuffer(None)),
        ] {
            assert_eq!(
                ExistingFile::of(content.as_bytes()).unwrap(),
                found,
                "{content}"
            );
        }
        for (start, compression) in [
            (&b"\x1f\x8b\x08\0"[..], Compression::Gzip),
            (b"\x28\xb5\x2f\xfd\0", Compression::Zstd),
        ] {
            assert_eq!(
                ExistingFile::of(start).unwrap(),
                ExistingFile::Packed(compression)
            );
        }
    }

    #[test]
    fn a_run_replaces_or_continues_only_files_that_it_may() {
        use ExistingFile::{LineBuffer, Nothing, Other, Packed};
        let resume = IfExists::Resume(crate::report::Resume::default());
        let gzip = Compression::Gzip;
        let own = LineBuffer(Some(Origin::Rehearsal));
        let foreign = LineBuffer(Some(Origin::RealRun));
        for (if_exists, found, expected) in [
            (IfExists::Refuse, Nothing, Ok(())),
            (IfExists::Refuse, own, Err(Refusal::Exists)),
            (IfExists::Refuse, LineBuffer(None), Err(Refusal::Exists)),
            (
                IfExists::Refuse,
                foreign,
                Err(Refusal::OtherOrigin(Origin::RealRun)),
            ),
            (IfExists::Refuse, Other, Err(Refusal::NotReport)),
            (IfExists::Refuse, Packed(gzip), Err(Refusal::Packed(gzip))),
            (IfExists::Overwrite, Nothing, Ok(())),
            (IfExists::Overwrite, own, Ok(())),
            (IfExists::Overwrite, foreign, Ok(())),
            (IfExists::Overwrite, Other, Err(Refusal::NotReport)),
            (
                IfExists::Overwrite,
                Packed(gzip),
                Err(Refusal::Packed(gzip)),
            ),
            (IfExists::ReplaceSameOrigin, own, Ok(())),
            (IfExists::ReplaceSameOrigin, LineBuffer(None), Ok(())),
            (
                IfExists::ReplaceSameOrigin,
                foreign,
                Err(Refusal::OtherOrigin(Origin::RealRun)),
            ),
            (IfExists::ReplaceSameOrigin, Other, Err(Refusal::NotReport)),
            (resume, own, Ok(())),
            (resume, Packed(gzip), Err(Refusal::Packed(gzip))),
        ] {
            let checked = found.check(if_exists, Origin::Rehearsal);
            assert_eq!(checked, expected, "{if_exists:?} {found:?}");
        }
    }
}
