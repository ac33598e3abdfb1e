//! Why `verify` cannot start.

use std::path::PathBuf;

use crate::report::read_error::ReadBackError;

/// Why `verify` cannot start.
#[derive(Debug, thiserror::Error)]
pub enum VerifyError {
    /// Flags that say how to read a CSV were given with a report.
    #[error(
        "`{}` is a report, and {} for a CSV",
        path.display(),
        flags_are(flags)
    )]
    InputFlags {
        /// The report.
        path: PathBuf,
        /// The flags, without dashes.
        flags: Vec<&'static str>,
    },
    /// The report was piped in: what is read of it is needed twice.
    #[error("{input} has a report: it can be read only once")]
    ReportInStream {
        /// The name of the input.
        input: String,
    },
    /// A stream has no default place for an output.
    #[error("{input} needs `--output PATH`: only a file has a default output")]
    NoOutput {
        /// The name of the input.
        input: String,
    },
    /// A flag needs to read the input twice.
    #[error("`{flag}` needs a file: {input} can be read only once")]
    Stream {
        /// The flag.
        flag: &'static str,
        /// The name of the input.
        input: String,
    },
    /// The input has keys, and the lines of the output do not.
    #[error("`--resume` cannot compare keys with the record ids in the output")]
    ResumeWithKeys,
    /// `--missing` with `--expect absent`.
    #[error("`--missing` cannot be used with `--expect absent`: it lists pairs to import again")]
    MissingOfAbsent,
    /// `--missing` reads the output when it is complete.
    #[error("`--missing` needs an output that is a file: `{}` is none", path.display())]
    MissingOfStream {
        /// The output.
        path: PathBuf,
    },
    /// The file of `--missing` exists.
    #[error("`--missing {}` exists", path.display())]
    MissingExists {
        /// The path.
        path: PathBuf,
    },
    /// A rehearsal wrote the report.
    #[error("`{}` is the report of a rehearsal (line {line}): nothing in it was linked in HubSpot", path.display())]
    Rehearsed {
        /// The report.
        path: PathBuf,
        /// The first such line.
        line: u64,
    },
    /// The report has lines of several portals.
    #[error("`{}` has lines of two portals, {first} and {other} (line {line})", path.display())]
    SeveralPortals {
        /// The report.
        path: PathBuf,
        /// The portal of the lines before.
        first: u64,
        /// The other portal.
        other: u64,
        /// The first line of the other portal.
        line: u64,
    },
    /// The report is of another portal than `--expect-portal` says.
    #[error("`{}` is the report of portal {portal}, not of {expected} as `--expect-portal` says", path.display())]
    UnexpectedPortal {
        /// The report.
        path: PathBuf,
        /// The portal of the report.
        portal: u64,
        /// The portal of the flag.
        expected: u64,
    },
    /// The token belongs to another portal than the report.
    #[error("the token belongs to portal {found}, but `{}` is the report of portal {portal}", path.display())]
    OtherPortal {
        /// The report.
        path: PathBuf,
        /// The portal of the report.
        portal: u64,
        /// The portal of the token.
        found: u64,
    },
    /// The portal of the token cannot be compared with that of the report.
    #[error(
        "`{}` is the report of portal {portal}, and the portal of the token cannot be determined: {why}",
        path.display()
    )]
    UnknownPortal {
        /// The report.
        path: PathBuf,
        /// The portal of the report.
        portal: u64,
        /// Why the portal of the token is not known.
        why: String,
    },
    /// The report is damaged in its middle.
    #[error("cannot read the report `{}`", path.display())]
    Damaged {
        /// The report.
        path: PathBuf,
        /// What is wrong with it.
        source: ReadBackError,
    },
    /// The report has changed since the output was written.
    #[error(
        "`{}` is not the report that the output was made from: row {row} (line {line} of the output): {how}",
        path.display()
    )]
    Changed {
        /// The report.
        path: PathBuf,
        /// The first row that differs.
        row: u64,
        /// Its line in the output.
        line: u64,
        /// The pair in the output, and what the report has instead.
        how: String,
    },
    /// The output was written with `--expect absent`, which does not read whether the records of missing pairs exist.
    #[error(
        "`{}` was written with `--expect absent`: line {line} does not show whether the records of the missing pair exist",
        path.display()
    )]
    ExpectedAbsent {
        /// The output.
        path: PathBuf,
        /// The first such line.
        line: u64,
    },
}

impl VerifyError {
    /// What the user can do.
    #[must_use]
    pub fn hint(&self) -> &'static str {
        match self {
            Self::InputFlags { .. } => {
                "a report needs no flags to be read: remove them, or their variables \
                                        (`HUBSPOT_ASSOCIATE_` and the name of the flag)"
            }
            Self::ReportInStream { .. } => "name the file of the report, which can be .gz or .zst",
            Self::NoOutput { .. } => "e.g. `--output pairs.verify.csv`",
            Self::Stream { .. } => "save the input to a file, and name that file",
            Self::ResumeWithKeys => {
                "start again with `--overwrite`; or write the ids beside the keys with `resolve`, and \
                                     verify its output"
            }
            Self::MissingOfAbsent => "remove one of them",
            Self::MissingOfStream { .. } => "name a file with `--output PATH`",
            Self::MissingExists { .. } => {
                "name another file with `--missing PATH`; a file that `verify` wrote is replaced with `--overwrite` or \
                 `--resume`"
            }
            Self::Rehearsed { .. } => "name the report of a real run",
            Self::SeveralPortals { .. } => {
                "nothing was sent; verify the lines of each portal on their own"
            }
            Self::UnexpectedPortal { .. } => "nothing was sent; correct one of them",
            Self::OtherPortal { .. } => "no link was read; use a token of the portal of the report",
            Self::UnknownPortal { .. } => "no link was read; try again later",
            Self::Damaged { .. } => {
                "the import with `--resume --repair` keeps every line that is whole, and sends the other rows again"
            }
            Self::Changed { .. } => {
                "restore the report, or start again with `--overwrite` or another `--output PATH`"
            }
            Self::ExpectedAbsent { .. } => {
                "start again with `--overwrite` or another `--output PATH`"
            }
        }
    }
}

/// The flags and the verb that follows them.
fn flags_are(flags: &[&str]) -> String {
    let flags: Vec<_> = flags.iter().map(|flag| format!("`--{flag}`")).collect();
    let verb = if flags.len() == 1 { "is" } else { "are" };
    format!("{} {verb}", flags.join(" and "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flags_of_a_csv_are_named() {
        let error = |flags: &[&'static str]| VerifyError::InputFlags {
            path: "r.csv".into(),
            flags: flags.to_vec(),
        };
        let one = error(&["from-type"]);
        assert_eq!(
            one.to_string(),
            "`r.csv` is a report, and `--from-type` is for a CSV"
        );
        let two = error(&["split", "first"]);
        assert_eq!(
            two.to_string(),
            "`r.csv` is a report, and `--split` and `--first` are for a CSV"
        );
    }
}
