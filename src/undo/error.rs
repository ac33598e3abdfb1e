//! Why an undo is refused. Nothing is sent in any of these cases.

use std::num::NonZeroU64;
use std::path::PathBuf;

use crate::number::{counted, grouped};

/// Why an undo is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UndoError {
    /// The report is read several times.
    #[error("`{}` is not a regular file, and an undo reads its report more than once", path.display())]
    NotFile {
        /// The report.
        path: PathBuf,
    },
    /// A rehearsal wrote the report.
    #[error("`{}` is the report of a rehearsal (line {line}): nothing in it was linked in HubSpot", path.display())]
    Rehearsal {
        /// The report.
        path: PathBuf,
        /// The first such line.
        line: u64,
    },
    /// The run that wrote the report has not ended by itself.
    #[error("the import that writes the report `{}` has not finished", path.display())]
    Unfinished {
        /// The report.
        path: PathBuf,
    },
    /// A line of an associated row has no valid ids.
    #[error("`{}` line {line}: the row is associated, but its line does not name a pair", path.display())]
    NoPair {
        /// The report.
        path: PathBuf,
        /// The line.
        line: u64,
    },
    /// The report was made in other portals.
    #[error("the report `{}` was made in {}, not in portal {expected}", path.display(), portals(found))]
    OtherPortal {
        /// The report.
        path: PathBuf,
        /// The portals that it names.
        found: Vec<u64>,
        /// The value of `--expect-portal`.
        expected: NonZeroU64,
    },
    /// The report was made in several portals, and no flag says which one is meant.
    #[error("the report `{}` was made in {}", path.display(), portals(found))]
    SeveralPortals {
        /// The report.
        path: PathBuf,
        /// The portals that it names.
        found: Vec<u64>,
    },
    /// Links are to be removed, but no flag names the portal.
    #[error("`--confirm` needs `--expect-portal`, which names the portal whose links are removed")]
    NoPortal {
        /// The portal of the report, if it names one.
        portal: Option<u64>,
        /// The links that the plan removes.
        planned: u64,
    },
    /// The number of `--confirm` is not the planned one.
    #[error(
        "the plan removes {}, but `--confirm` names {}: nothing was removed",
        counted(*planned, "link", "links"),
        grouped(*confirmed)
    )]
    OtherNumber {
        /// The links that the plan removes.
        planned: u64,
        /// The number of `--confirm`.
        confirmed: u64,
    },
    /// An earlier undo has not ended, or some of its rows failed.
    #[error(
        "an earlier undo of this report is not complete: `{}` has final lines for {} of {} rows",
        path.display(),
        grouped(*settled),
        grouped(*rows)
    )]
    Incomplete {
        /// The undo report.
        path: PathBuf,
        /// The rows with a line that is kept by `--resume`.
        settled: u64,
        /// The associated rows of the report.
        rows: u64,
    },
    /// The undo report does not belong to the report.
    #[error("`{}` is the undo of another report: it has a line for row {row} that does not belong to this report", path.display())]
    OtherReport {
        /// The undo report.
        path: PathBuf,
        /// The first row that differs.
        row: u64,
    },
}

/// The portals, for a message.
fn portals(found: &[u64]) -> String {
    let shown: Vec<_> = found.iter().take(3).map(u64::to_string).collect();
    match found {
        [portal] => format!("portal {portal}"),
        _ if found.len() > shown.len() => format!("the portals {} and others", shown.join(", ")),
        _ => format!("the portals {}", shown.join(", ")),
    }
}

impl UndoError {
    /// What the user can do. Hints with a command are made where the command line is known.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::NotFile { .. } => "write it to a file, and name the file",
            Self::Rehearsal { .. } => "name the report of a real import",
            Self::Unfinished { .. } => {
                "continue the import with `--resume` until it has finished, or undo the rows that have a line in its report \
                 with `--partial`"
            }
            Self::NoPair { .. } => {
                "the report was changed after the import: undo an unchanged copy of it"
            }
            Self::OtherPortal { .. } => {
                "nothing was sent; check that it is the right report, and compare the portal of the token with `doctor`"
            }
            Self::SeveralPortals { .. } => "name one of them with `--expect-portal`",
            Self::Incomplete { .. } => {
                "`--resume` continues it, `--overwrite` reads all links again, `--output PATH` writes another undo report"
            }
            Self::OtherReport { .. } => {
                "`--output PATH` writes another undo report, `--overwrite` replaces this one"
            }
            Self::NoPortal { .. } | Self::OtherNumber { .. } => return None,
        };
        Some(hint.to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_names_what_was_found_and_what_was_expected() {
        let path = PathBuf::from("r.csv");
        let expected = NonZeroU64::new(5).unwrap();
        for (error, text) in [
            (
                UndoError::OtherPortal {
                    path: path.clone(),
                    found: vec![7],
                    expected,
                },
                "the report `r.csv` was made in portal 7, not in portal 5",
            ),
            (
                UndoError::OtherPortal {
                    path: path.clone(),
                    found: vec![7, 8, 9, 10],
                    expected,
                },
                "the report `r.csv` was made in the portals 7, 8, 9 and others, not in portal 5",
            ),
            (
                UndoError::OtherNumber {
                    planned: 16_500,
                    confirmed: 1650,
                },
                "the plan removes 16,500 links, but `--confirm` names 1,650: nothing was removed",
            ),
            (
                UndoError::Incomplete {
                    path,
                    settled: 200,
                    rows: 20_000,
                },
                "an earlier undo of this report is not complete: `r.csv` has final lines for 200 of 20,000 rows",
            ),
        ] {
            assert_eq!(error.to_string(), text);
        }
    }
}
