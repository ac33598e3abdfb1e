//! The file at the path of a report, and whether a run may use the path. The decision is pure.

use std::io::{self, Read};

use crate::domain::outcome::OutcomeKind;
use crate::input::decode::compression::Compression;
use crate::report::damage::OnDamage;
use crate::report::layout::{Layout, ReportKind};
use crate::report::origin::Origin;
use crate::report::read_error::ReadBackError;
use crate::report::reader::ReportReader;

/// The kind of file at the path of a report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ExistingFile {
    /// It has no lines: a run that was stopped before its first outcome leaves nothing worth keeping.
    Nothing,
    /// A report, with the kind of run that wrote its first line; `None` if that line is torn or damaged, or says
    /// nothing about it, as those of `verify` and `undo`.
    Report(Option<Origin>),
    /// A compressed file: it may be a report, but it cannot be written to.
    Compressed(Compression),
    /// The report of another command.
    OtherKind(ReportKind),
    /// A file that this program did not write.
    Other,
}

/// Why a run may not use the path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// There is already a report.
    Exists,
    /// A run of the other kind wrote it.
    OtherOrigin(Origin),
    /// It is compressed.
    Compressed(Compression),
    /// It is the report of another command.
    OtherKind(ReportKind),
    /// It is not a report.
    NotReport,
}

impl ExistingFile {
    /// What the file is to a command that writes reports of this kind. Reads only the beginning of the file.
    pub(crate) fn of(mut file: impl Read, kind: ReportKind) -> io::Result<Self> {
        let headers: Vec<String> = kind
            .layouts()
            .iter()
            .map(|of| Layout::header(*of))
            .collect();
        let mut start = Vec::new();
        let most = headers.iter().map(String::len).max();
        let most = most.unwrap_or_default() as u64 + 1;
        file.by_ref().take(most).read_to_end(&mut start)?;
        if headers
            .iter()
            .any(|header| header.as_bytes().starts_with(&start))
        {
            return Ok(Self::Nothing);
        }
        if let Some(compression) = Compression::of(&start) {
            return Ok(Self::Compressed(compression));
        }
        match ReportReader::of_kind(start.chain(file), kind, OnDamage::Refuse) {
            // Part of a header, followed by zeros.
            Ok(reader) if reader.header().is_empty() => Ok(Self::Nothing),
            Ok(mut reader) => {
                let first = reader.read().ok().flatten();
                let first = first.filter(|_| kind == ReportKind::Import);
                Ok(Self::Report(first.map(|line| line.origin())))
            }
            Err(ReadBackError::OtherKind { found, .. }) => Ok(Self::OtherKind(found)),
            Err(ReadBackError::Io(error)) => Err(error),
            Err(_) => Ok(Self::Other),
        }
    }

    /// Whether a run of this `origin` may use the path according to `if_exists`.
    pub(crate) fn check(self, if_exists: IfExists, origin: Origin) -> Result<(), Refusal> {
        match (if_exists, self) {
            (_, Self::Compressed(compression)) => Err(Refusal::Compressed(compression)),
            (_, Self::OtherKind(kind)) => Err(Refusal::OtherKind(kind)),
            // A resumed report is read to its end anyway, which finds any damage.
            (_, Self::Nothing)
            | (IfExists::Resume(_), _)
            | (IfExists::Overwrite, Self::Report(_)) => Ok(()),
            (_, Self::Other) => Err(Refusal::NotReport),
            (_, Self::Report(Some(of))) if of != origin => Err(Refusal::OtherOrigin(of)),
            (IfExists::ReplaceSameOrigin, Self::Report(_)) => Ok(()),
            (IfExists::Refuse, Self::Report(_)) => Err(Refusal::Exists),
        }
    }
}

/// How a report is resumed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Resume {
    /// Whether rejected rows are sent again too.
    pub retry_rejected: bool,
    /// Whether damaged lines are dropped and their rows sent again.
    pub repair: bool,
}

impl Resume {
    /// Whether the line of a row with this outcome is kept.
    pub(crate) fn keeps(self, kind: OutcomeKind) -> bool {
        match kind {
            OutcomeKind::Associated | OutcomeKind::Invalid | OutcomeKind::Skipped => true,
            OutcomeKind::Rejected => !self.retry_rejected,
            OutcomeKind::Failed => false,
        }
    }

    pub(crate) fn on_damage(self) -> OnDamage {
        if self.repair {
            OnDamage::Repair
        } else {
            OnDamage::Refuse
        }
    }
}

/// What may happen to an existing report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IfExists {
    /// Refuse: it is an error.
    Refuse,
    /// Replace it, if it is a report.
    Overwrite,
    /// Replace it, if it is a report that the same kind of run wrote.
    ReplaceSameOrigin,
    /// Continue after its last line.
    Resume(Resume),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kind_of_a_file_is_detected_by_its_content() {
        let header = Layout::Current.columns().join(",");
        let line =
            |id: &str| format!("{header}\n1,2,a,1,b,2,associated,200,,0,,,,,{id},1,1,,,,,,,,,,0\n");
        let short = "outcome,row,from_object_type,from_object_id,to_object_type,to_object_id\n";
        for (content, found) in [
            (String::new(), ExistingFile::Nothing),
            ("row,line".into(), ExistingFile::Nothing),
            (format!("{header}\n"), ExistingFile::Nothing),
            (Layout::WithoutKeys.header(), ExistingFile::Nothing),
            (
                Layout::WithoutKeys.header() + "1,2,a,1,b,2,associated,200,,0,,,,,8f6e,1,1,\n",
                ExistingFile::Report(Some(Origin::RealRun)),
            ),
            (
                Layout::WithoutKeys.header() + "1",
                ExistingFile::Report(None),
            ),
            (format!("{header}\n1"), ExistingFile::Report(None)),
            (format!("{header}\nedited\n"), ExistingFile::Report(None)),
            (line("8f6e"), ExistingFile::Report(Some(Origin::RealRun))),
            (
                line("sandbox:8f6e"),
                ExistingFile::Report(Some(Origin::Rehearsal)),
            ),
            (short.into(), ExistingFile::Report(None)),
            ("name,email\nA,a@example.com\n".into(), ExistingFile::Other),
            ("precious".into(), ExistingFile::Other),
            ("\0\0\0".into(), ExistingFile::Other),
            ("row,line\0\0\0".into(), ExistingFile::Nothing),
            (format!("{header}\n\0\0\0"), ExistingFile::Report(None)),
        ] {
            assert_eq!(
                ExistingFile::of(content.as_bytes(), ReportKind::Import).unwrap(),
                found,
                "{content}"
            );
        }
        for (start, compression) in [
            (&b"\x1f\x8b\x08\0"[..], Compression::Gzip),
            (b"\x28\xb5\x2f\xfd\0", Compression::Zstd),
        ] {
            assert_eq!(
                ExistingFile::of(start, ReportKind::Import).unwrap(),
                ExistingFile::Compressed(compression)
            );
        }
    }

    #[test]
    fn the_report_of_another_command_is_recognized_by_its_header() {
        use ReportKind::{Import, Undo, Verify};
        let header = |kind: ReportKind| kind.layout().header();
        let lines = "1,a,1,b,2,present,,,2026-05-04T09:15:22.118Z\n";
        for (content, kind, found) in [
            (header(Verify), Verify, ExistingFile::Nothing),
            (header(Verify), Import, ExistingFile::OtherKind(Verify)),
            (header(Verify), Undo, ExistingFile::OtherKind(Verify)),
            (header(Import), Verify, ExistingFile::OtherKind(Import)),
            (header(Undo), Undo, ExistingFile::Nothing),
            (header(Undo) + "1", Import, ExistingFile::OtherKind(Undo)),
            (header(Verify) + lines, Verify, ExistingFile::Report(None)),
            (
                header(Verify) + "edited\n",
                Verify,
                ExistingFile::Report(None),
            ),
            ("row,from_obj".into(), Verify, ExistingFile::Nothing),
            ("row,line".into(), Verify, ExistingFile::Other),
            ("row,state\n".into(), Verify, ExistingFile::Other),
        ] {
            let detected = ExistingFile::of(content.as_bytes(), kind).unwrap();
            assert_eq!(detected, found, "{kind}: {content}");
        }
    }

    #[test]
    fn a_run_replaces_or_continues_only_files_that_it_may() {
        use ExistingFile::{Compressed, Nothing, Other, Report};
        let resume = IfExists::Resume(Resume::default());
        let gzip = Compression::Gzip;
        let undo = ExistingFile::OtherKind(ReportKind::Undo);
        let refused = Refusal::OtherKind(ReportKind::Undo);
        let own = Report(Some(Origin::Rehearsal));
        let foreign = Report(Some(Origin::RealRun));
        for (if_exists, found, expected) in [
            (IfExists::Refuse, Nothing, Ok(())),
            (IfExists::Refuse, own, Err(Refusal::Exists)),
            (IfExists::Refuse, Report(None), Err(Refusal::Exists)),
            (
                IfExists::Refuse,
                foreign,
                Err(Refusal::OtherOrigin(Origin::RealRun)),
            ),
            (IfExists::Refuse, Other, Err(Refusal::NotReport)),
            (IfExists::Refuse, undo, Err(refused)),
            (IfExists::Overwrite, undo, Err(refused)),
            (resume, undo, Err(refused)),
            (
                IfExists::Refuse,
                Compressed(gzip),
                Err(Refusal::Compressed(gzip)),
            ),
            (IfExists::Overwrite, Nothing, Ok(())),
            (IfExists::Overwrite, own, Ok(())),
            (IfExists::Overwrite, foreign, Ok(())),
            (IfExists::Overwrite, Other, Err(Refusal::NotReport)),
            (
                IfExists::Overwrite,
                Compressed(gzip),
                Err(Refusal::Compressed(gzip)),
            ),
            (IfExists::ReplaceSameOrigin, own, Ok(())),
            (IfExists::ReplaceSameOrigin, Report(None), Ok(())),
            (
                IfExists::ReplaceSameOrigin,
                foreign,
                Err(Refusal::OtherOrigin(Origin::RealRun)),
            ),
            (IfExists::ReplaceSameOrigin, Other, Err(Refusal::NotReport)),
            (resume, own, Ok(())),
            (resume, Compressed(gzip), Err(Refusal::Compressed(gzip))),
        ] {
            let checked = found.check(if_exists, Origin::Rehearsal);
            assert_eq!(checked, expected, "{if_exists:?} {found:?}");
        }
    }
}
