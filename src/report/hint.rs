//! What the user can do about a report that cannot be used.

use crate::report::error::ReportError;
use crate::report::layout::ReportKind;
use crate::report::origin::Origin;
use crate::report::read_error::ReadBackError;
use crate::text::shell_path;

/// The flag for the path of the report of an import.
pub const REPORT_FLAG: &str = "--report";

/// The flag for the path of the report of `verify` and `undo`.
pub const OUTPUT_FLAG: &str = "--output";

impl ReportKind {
    /// The flag for the path of the report.
    #[must_use]
    pub fn path_flag(self) -> &'static str {
        match self {
            Self::Import => REPORT_FLAG,
            Self::Verify | Self::Undo => OUTPUT_FLAG,
        }
    }
}

impl ReportError {
    /// What the user can do; `flag` is the one for the path of the report.
    #[must_use]
    pub fn hint(&self, flag: &str) -> Option<String> {
        Some(match self {
            // Undo has an error of its own.
            Self::Exists { .. } if flag == OUTPUT_FLAG => {
                "`--resume` keeps its lines and reads the rest, `--overwrite` reads all pairs again, `--output PATH` writes \
                 another"
                    .to_owned()
            }
            Self::Exists { .. } => {
                format!("`--resume` continues it, `--overwrite` replaces it, `{flag} PATH` writes another")
            }
            Self::Busy {
                lock_file: Some(lock_file),
                ..
            } => format!(
                "wait until it ends, or write another with `{flag} PATH`; if that process is not running any more, delete the \
                 lock file: `rm {}`",
                shell_path(lock_file)
            ),
            Self::Busy { .. } => format!("wait until it ends, or write another with `{flag} PATH`"),
            Self::ReadBack { source, .. } => return read_back_hint(source, flag),
            Self::OtherOrigin { origin, .. } => other_origin_hint(*origin, flag),
            Self::OtherPortal { .. } => format!(
                "use the token of the other portal, or write another report with `{flag} PATH`"
            ),
            Self::KnownPairsOfOtherPortal { .. } => {
                "its pairs are not linked in this portal: name a report of this one, or use the token of the other".to_owned()
            }
            Self::RehearsedKnownPairs { .. } => {
                "name the report of a real run, or rehearse with `--sandbox`".to_owned()
            }
            Self::Compressed { .. } => {
                format!("unpack it and name the unpacked file, or write another with `{flag} PATH`")
            }
            Self::NotReport { .. } | Self::OtherKind { .. } => {
                format!("`--overwrite` does not replace it either: name another file with `{flag} PATH`")
            }
            Self::Missing { .. } => {
                "an import writes its report beside the input, as `<input>.report.csv`, or where `--report` says"
                    .to_owned()
            }
            Self::MissingKnownPairs { path } => format!(
                "if there is none yet, make an empty one: `touch {}`",
                shell_path(path)
            ),
            Self::OnlyKnownPairs { .. } => {
                format!("read the pairs from a file, or write another report with `{flag} PATH`")
            }
            Self::IsInput { .. } | Self::KnownPairsOfKeys { .. } => {
                format!("name another file with `{flag} PATH`")
            }
            Self::Io { .. } => return None,
        })
    }
}

fn other_origin_hint(origin: Origin, flag: &str) -> String {
    let why = match origin {
        Origin::Rehearsal => "nothing in it was linked in HubSpot",
        Origin::RealRun => "it shows what was sent to HubSpot",
    };
    format!("{why}: name another with `{flag} PATH`, or replace it with `--overwrite`")
}

fn read_back_hint(error: &ReadBackError, flag: &str) -> Option<String> {
    Some(match error {
        ReadBackError::Io(_)
        | ReadBackError::OtherOrigin { .. }
        | ReadBackError::OtherPortal { .. } => return None,
        ReadBackError::NoReport { .. } | ReadBackError::OtherKind { .. } => {
            "name the report of an import".to_owned()
        }
        ReadBackError::Damaged { line: 1, .. } => format!(
            "it was changed, or another version wrote it: write another with `{flag} PATH`, or keep its complete lines \
             with `--resume --repair`"
        ),
        ReadBackError::Damaged { .. } => {
            "`--resume --repair` keeps every line that is whole and sends the other rows again, which does no harm"
                .to_owned()
        }
        ReadBackError::Twice { .. } => "delete one of them".to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_existing_output_of_verify_says_what_is_read_again() {
        let error = ReportError::Exists {
            path: "p.verify.csv".into(),
        };
        for (kind, overwrite) in [
            (
                ReportKind::Import,
                "`--overwrite` replaces it, `--report PATH`",
            ),
            (
                ReportKind::Verify,
                "`--overwrite` reads all pairs again, `--output PATH`",
            ),
        ] {
            let hint = error.hint(kind.path_flag()).unwrap();
            assert!(hint.contains(overwrite), "{hint}");
        }
    }
}
