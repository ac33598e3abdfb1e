//! Describes why a run could not write its report, with advice. Pure.

use std::borrow::Cow;
use std::io;

use crate::report::layout::ReportKind;
use crate::report::lost_report::LostReport;

/// The failure and the advice, for the report of this command.
pub(crate) fn write_failure(
    error: &io::Error,
    kind: ReportKind,
) -> (&'static str, Cow<'static, str>) {
    const CHANGED: &str = "the report was changed by another program; nothing more was sent";
    const GONE: &str = "the report no longer exists; nothing more was sent";
    let flag = kind.path_flag();
    let without_report = without_report(kind);
    match (LostReport::cause_of(error), error.kind()) {
        (Some(LostReport::Deleted), _) => (
            GONE,
            format!("find out which program deleted it, and restore it; {without_report}").into(),
        ),
        (Some(LostReport::Replaced), _) => (
            GONE,
            format!("move the new file to another place, and restore the report; {without_report}")
                .into(),
        ),
        (Some(LostReport::Cut { .. }), _) => (
            CHANGED,
            format!(
                "do not let other programs change the report, such as logrotate with `copytruncate`; if they copied its \
                 lines, restore them; {}",
                without_lines(kind)
            )
            .into(),
        ),
        (Some(LostReport::Extended { .. }), _) => (
            CHANGED,
            "do not let other programs write to the report, and delete the lines that the run did not write".into(),
        ),
        (None, io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded) => (
            UNWRITTEN,
            format!("free some disk space, or choose another path with `{flag} PATH`").into(),
        ),
        (None, io::ErrorKind::FileTooLarge) => (
            UNWRITTEN,
            format!(
                "raise the limit of file sizes (`ulimit -f` shows it), or choose another path with `{flag} PATH`"
            )
            .into(),
        ),
        (None, _) => (
            UNWRITTEN,
            format!("check the disk, or choose another path with `{flag} PATH`").into(),
        ),
    }
}

/// What the next run does if the report is not restored.
fn without_report(kind: ReportKind) -> &'static str {
    match kind {
        ReportKind::Import => {
            "without the report, the run sends all rows again, which makes no duplicate associations"
        }
        ReportKind::Verify => "without the report, the run reads all pairs again",
        ReportKind::Undo => {
            "without the report, the run reads all links again, and those that it removed before are `gone`"
        }
    }
}

/// What the next run does with the rows whose lines are not restored.
fn without_lines(kind: ReportKind) -> &'static str {
    match kind {
        ReportKind::Import => {
            "rows without a line are sent again, which makes no duplicate associations"
        }
        ReportKind::Verify => "pairs without a line are read again",
        ReportKind::Undo => {
            "links without a line are read again, and those that were removed before are `gone`"
        }
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
            let (happened, advice) = write_failure(&error, ReportKind::Import);
            assert!(happened.starts_with(what), "{happened}");
            assert!(advice.contains(advised), "{advice}");
        }
    }
    #[test]
    fn the_advice_names_the_flag_and_the_consequence_of_the_command() {
        let deleted: io::Error = LostReport::Deleted.into();
        let cut: io::Error = LostReport::Cut {
            found: 0,
            written: 9,
        }
        .into();
        let unwritten = [
            io::ErrorKind::StorageFull,
            io::ErrorKind::FileTooLarge,
            io::ErrorKind::Other,
        ];
        for (kind, flag, again) in [
            (ReportKind::Import, "`--report PATH`", "sen"),
            (ReportKind::Verify, "`--output PATH`", "read"),
            (ReportKind::Undo, "`--output PATH`", "`gone`"),
        ] {
            for error in unwritten {
                let (_, advice) = write_failure(&error.into(), kind);
                assert!(advice.ends_with(flag), "{advice}");
            }
            for error in [&deleted, &cut] {
                let (_, advice) = write_failure(error, kind);
                let consequence = advice.rsplit(';').next().unwrap();
                assert!(consequence.contains(again), "{advice}");
            }
        }
    }
}
