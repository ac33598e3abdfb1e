//! Describes why a run could not write its report, with advice. Pure.

use std::io;

use crate::report::lost_report::LostReport;

/// The failure and the advice.
pub(crate) fn write_failure(error: &io::Error) -> (&'static str, &'static str) {
    const CHANGED: &str = "the report was changed by another program; nothing more was sent";
    const GONE: &str = "the report no longer exists; nothing more was sent";
    match (LostReport::cause_of(error), error.kind()) {
        (Some(LostReport::Deleted), _) => (
            GONE,
            "find out which program deleted it, and restore it; without the report, the run sends all rows again, which \
             makes no duplicate associations",
        ),
        (Some(LostReport::Replaced), _) => (
            GONE,
            "move the new file to another place, and restore the report; without the report, the run sends all rows again, \
             which makes no duplicate associations",
        ),
        (Some(LostReport::Cut { .. }), _) => (
            CHANGED,
            "do not let other programs change the report, such as logrotate with `copytruncate`; if they copied its lines, \
             restore them; rows without a line are sent again, which makes no duplicate associations",
        ),
        (Some(LostReport::Extended { .. }), _) => (
            CHANGED,
            "do not let other programs write to the report, and delete the lines that the run did not write",
        ),
        (None, io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded) => (
            UNWRITTEN,
            "free some disk space, or choose another path with `--report PATH`",
        ),
        (None, io::ErrorKind::FileTooLarge) => (
            UNWRITTEN,
            "raise the limit of file sizes (`ulimit -f` shows it), or choose another path with `--report PATH`",
        ),
        (None, _) => (
            UNWRITTEN,
            "check the disk, or choose another path with `--report PATH`",
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
                "the report no longer exists",
                "which program deleted it",
            ),
            (
                LostReport::Replaced.into(),
                "the report no longer exists",
                "move the new file to another place",
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
                "free some disk space",
            ),
            (
                of_kind(io::ErrorKind::QuotaExceeded),
                "cannot write",
                "free some disk space",
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
