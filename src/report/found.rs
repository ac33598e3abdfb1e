//! What stands where a report is to go, and whether a run may have that place. The decision is pure.

use std::io::{self, Read};

use super::column::COLUMNS;
use super::held::Existing;
use super::origin::Origin;
use super::reader::{ReadBackError, ReportReader};
use crate::input::Compression;

/// What stands in the place of a report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Found {
    /// No line: a run that was stopped before its first outcome leaves nothing worth keeping.
    Nothing,
    /// A report, with what kind of run wrote its first line. That is not known if the line is torn or damaged.
    Lines(Option<Origin>),
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

impl Found {
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
                Ok(Self::Lines(first.map(|line| line.origin())))
            }
            Err(ReadBackError::Io(error)) => Err(error),
            Err(_) => Ok(Self::Other),
        }
    }

    /// Whether a run of this `origin` may use the place as `existing` says.
    pub(super) fn check(self, existing: Existing, origin: Origin) -> Result<(), Refusal> {
        match (existing, self) {
            (_, Self::Packed(compression)) => Err(Refusal::Packed(compression)),
            // What is resumed is read to its end anyway, and what is wrong with it is found there.
            (_, Self::Nothing)
            | (Existing::Resume(_), _)
            | (Existing::Overwrite, Self::Lines(_)) => Ok(()),
            (_, Self::Other) => Err(Refusal::NotReport),
            (_, Self::Lines(Some(of))) if of != origin => Err(Refusal::OtherOrigin(of)),
            (Existing::ReplaceSameOrigin, Self::Lines(_)) => Ok(()),
            (Existing::Refuse, Self::Lines(_)) => Err(Refusal::Exists),
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
            (String::new(), Found::Nothing),
            ("row,line".into(), Found::Nothing),
            (format!("{header}\n"), Found::Nothing),
            (format!("{header}\n1"), Found::Lines(None)),
            (format!("{header}\nedited\n"), Found::Lines(None)),
            (line("8f6e"), Found::Lines(Some(Origin::RealRun))),
            (line("sandbox:8f6e"), Found::Lines(Some(Origin::Rehearsal))),
            (short.into(), Found::Lines(None)),
            ("name,email\nA,a@example.com\n".into(), Found::Other),
            ("precious".into(), Found::Other),
            ("\0\0\0".into(), Found::Other),
            ("row,line\0\0\0".into(), Found::Nothing),
            (format!("{header}\n\0\0\0"), Found::Lines(None)),
        ] {
            assert_eq!(Found::of(content.as_bytes()).unwrap(), found, "{content}");
        }
        for (start, compression) in [
            (&b"\x1f\x8b\x08\0"[..], Compression::Gzip),
            (b"\x28\xb5\x2f\xfd\0", Compression::Zstd),
        ] {
            assert_eq!(Found::of(start).unwrap(), Found::Packed(compression));
        }
    }

    #[test]
    fn a_run_takes_the_place_of_nothing_but_what_it_may_replace_or_continue() {
        use Found::{Lines, Nothing, Other, Packed};
        let resume = Existing::Resume(crate::report::Resume::default());
        let gzip = Compression::Gzip;
        let own = Lines(Some(Origin::Rehearsal));
        let foreign = Lines(Some(Origin::RealRun));
        for (existing, found, expected) in [
            (Existing::Refuse, Nothing, Ok(())),
            (Existing::Refuse, own, Err(Refusal::Exists)),
            (Existing::Refuse, Lines(None), Err(Refusal::Exists)),
            (
                Existing::Refuse,
                foreign,
                Err(Refusal::OtherOrigin(Origin::RealRun)),
            ),
            (Existing::Refuse, Other, Err(Refusal::NotReport)),
            (Existing::Refuse, Packed(gzip), Err(Refusal::Packed(gzip))),
            (Existing::Overwrite, Nothing, Ok(())),
            (Existing::Overwrite, own, Ok(())),
            (Existing::Overwrite, foreign, Ok(())),
            (Existing::Overwrite, Other, Err(Refusal::NotReport)),
            (
                Existing::Overwrite,
                Packed(gzip),
                Err(Refusal::Packed(gzip)),
            ),
            (Existing::ReplaceSameOrigin, own, Ok(())),
            (Existing::ReplaceSameOrigin, Lines(None), Ok(())),
            (
                Existing::ReplaceSameOrigin,
                foreign,
                Err(Refusal::OtherOrigin(Origin::RealRun)),
            ),
            (Existing::ReplaceSameOrigin, Other, Err(Refusal::NotReport)),
            (resume, own, Ok(())),
            (resume, Packed(gzip), Err(Refusal::Packed(gzip))),
        ] {
            let checked = found.check(existing, Origin::Rehearsal);
            assert_eq!(checked, expected, "{existing:?} {found:?}");
        }
    }
}
