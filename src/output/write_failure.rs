//! Describes why a run could not write its report, with advice. Pure.

use std::io;

use crate::report::lost_report::LostReport;

/// The failure and the advice.
pub(crate) fn write_failure(error: &io::Error) -> (&'static str, &'static str) {
    const CHANGED: &str = "the report was changed by another program; nothing more was sent";
    const GONE: &str = "the report is gone; nothing more was sent";
    match (LostReport::cause_of(error), error.kind()) {
        (Some(LostReport::Deleted), _) => (
            GONE,
            "find out what deleted it, or restore it; without it the run starts at row 1 again, which makes no duplicate associations",
        ),
        (Some(LostReport::Replaced), _) => (
            GONE,
            "move the new file away, and restore the report; without it the run starts at row 1 again, which \
             makes no duplicate associations",
        ),
        (Some(LostReport::Cut { .. }), _) => (
            CHANGED,
            "keep other programs away from it, such as logrotate with `copytruncate`, and restore its lines if they were \
             copied; rows without a line are sent again, which makes no duplicate associations",
        ),
        (Some(LostReport::Extended { .. }), _) => (
            CHANGED,
            "keep other programs away from it, and delete the lines that the run did not write",
        ),
        (None, io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded) => (
            UNWRITTEN,
            "free some space or choose another path with `--report PATH`",
        ),
        (None, io::ErrorKind::FileTooLarge) => (
            UNWRITTEN,
            "raise the limit of file sizes (`ulimit -f`) or choose another path with `--report PATH`",
        ),
        (None, _) => (
            UNWRITTEN,
            "check the disk or choose another path with `--report PATH`",
        ),
    }
}

const UNWRITTEN: &str = "cannot write the report; nothing more was sent";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_advice_fits_the_system_error() {
        let of_kind = |kind: io::ErrorKind| io::Error::from(kind);
        for (error, what, advised) in [
            (
                LostReport::Deleted.into(),
                "the report is gone",
                "what deleted it",
            ),
            (
                LostReport::Replaced.into(),
                "the report is gone",
                "move the new file away",
            ),
            (
                LostReport::Cut {
                    found: 0,
                    written: 9,
                }
                .into(),
                "the report was changed by another program",
                "`copytruncate`",
            ),
            (
                LostReport::Extended {
                    found: 10,
                    written: 9,
                }
                .into(),
                "the report was changed by another program",
                "delete the lines that the run did not write",
            ),
            (
                of_kind(io::ErrorKind::StorageFull),
                "cannot write",
                "free some space",
            ),
            (
                of_kind(io::ErrorKind::QuotaExceeded),
                "cannot write",
                "free some space",
            ),
            (
                of_kind(io::ErrorKind::FileTooLarge),
                "cannot write",
                "`ulimit -f`",
            ),
            (
                of_kind(io::ErrorKind::NotFound),
                "cannot write",
                "check the disk",
            ),
        ] {
            let (happened, advice) = write_failure(&error);
            assert!(happened.starts_with(what), "{happened}");
            assert!(advice.contains(advised), "{advice}");
        }
    }
}
