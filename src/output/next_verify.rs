//! Builds the commands to run after `verify`, and to verify a report. Pure.

use std::ffi::OsString;
use std::path::Path;

use crate::domain::file_names::missing_of;
use crate::output::command_line::CommandLine;
use crate::output::next_command::NOT_FOR_RESOLVED;
use crate::output::summary::NextStep;
use crate::verify::totals::VerifyTotals;

/// Flags whose labels stand in the file of missing pairs.
const LABELS: [&str; 3] = ["label", "label-id", "label-column"];

/// Flags of `verify` that an import of the missing pairs must not repeat, besides those for how its input was read.
const NOT_FOR_MISSING: [&str; 3] = ["resume", "repair", "html"];

/// A file of missing pairs.
#[derive(Clone, Copy, Debug)]
pub(crate) struct MissingFile<'f> {
    pub(crate) path: &'f Path,
    /// Whether it has a column with labels.
    pub(crate) has_labels: bool,
}

/// The commands to run after a run that was not stopped: what links the missing pairs, and what reads the unknown ones
/// again. `missing` is the file of the missing pairs, if one was written; `report` is what the run wrote. An output that
/// cannot be resumed is written once more.
#[must_use]
pub(crate) fn after_verify(
    arguments: &[OsString],
    totals: &VerifyTotals,
    report: &Path,
    missing: Option<MissingFile<'_>>,
    can_resume: bool,
) -> Vec<NextStep> {
    let again = again(arguments, can_resume);
    let can_import =
        totals.states.missing.exist + totals.states.missing.linked > 0 && !totals.expects_absent;
    let link = can_import.then(|| match missing {
        Some(missing) => step(
            "import the missing pairs again",
            import_of_missing(arguments, missing),
        ),
        None => step(
            "write the missing pairs to a file",
            again
                .clone()
                .with_value("missing", missing_of(report))
                .line(),
        ),
    });
    let unknown =
        (totals.states.unknown > 0).then(|| step("read the unknown pairs again", again.line()));
    link.into_iter().chain(unknown).collect()
}

fn step(what: &str, command: String) -> NextStep {
    NextStep {
        what: what.to_owned(),
        command,
    }
}

/// The import of the missing pairs, which needs no flags to be read but that for a column with labels.
fn import_of_missing(arguments: &[OsString], missing: MissingFile<'_>) -> String {
    let command_line = CommandLine::new(arguments)
        .without(&NOT_FOR_RESOLVED)
        .without(&NOT_FOR_MISSING)
        .without(&LABELS)
        .only_flags_of("import")
        .command("import")
        .file(missing.path);
    if missing.has_labels {
        command_line.with_value("label-column", "label").line()
    } else {
        command_line.line()
    }
}

/// The same verification, which reads only the unknown pairs again; all pairs if the output cannot be resumed, as that of
/// standard input or of keys.
fn again(arguments: &[OsString], can_resume: bool) -> CommandLine {
    let way = if can_resume { "resume" } else { "overwrite" };
    CommandLine::new(arguments)
        .without(&["resume", "overwrite", "repair"])
        .with(way)
}

/// The command that shows whether links that were removed are absent, with the flags of the connection. `is_verified` says
/// whether the report of an earlier verification is in its place: it shows the links before they were removed.
#[must_use]
pub(crate) fn verify_absent(arguments: &[OsString], report: &Path, is_verified: bool) -> String {
    let own = [
        "output",
        "o",
        "resume",
        "repair",
        "overwrite",
        "json",
        "html",
    ];
    let command_line = CommandLine::new(arguments)
        .without(&own)
        .only_flags_of("verify")
        .command("verify")
        .file(report)
        .with_value("expect", "absent");
    if is_verified {
        command_line.with("overwrite").line()
    } else {
        command_line.line()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::output::verify_summary::fixtures::totals;
    use crate::verify::totals::{MissingRecords, PairState};

    const TYPED: &str = "verify pairs.csv --split=; --from-type=contacts --sample=5 --seed=7 --output=v.csv --overwrite \
                         --missing=m.csv --token-file=t --rate=50/10s -v";

    const MISSING: PairState = PairState::Missing(MissingRecords::Exist);

    fn arguments(line: &str) -> Vec<OsString> {
        line.split_whitespace().map(OsString::from).collect()
    }

    fn steps(typed: &str, totals: &VerifyTotals, missing: Option<&Path>) -> Vec<String> {
        let steps = after_verify(
            &arguments(typed),
            totals,
            Path::new("x/p.verify.csv"),
            missing.map(|path| MissingFile {
                path,
                has_labels: typed.contains("--label"),
            }),
            !typed.starts_with("verify - "),
        );
        steps.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn missing_pairs_are_imported_without_the_flags_for_the_input_and_unknown_ones_are_read_again()
    {
        let totals = totals(&[
            (PairState::Present, 1),
            (MISSING, 1),
            (PairState::Unknown, 1),
        ]);
        assert_eq!(
            steps(TYPED, &totals, Some(Path::new("m.csv"))),
            [
                "import the missing pairs again: hubspot-associate import m.csv --token-file=t --rate=50/10s -v",
                "read the unknown pairs again: hubspot-associate verify pairs.csv '--split=;' --from-type=contacts \
                 --sample=5 --seed=7 --output=v.csv --missing=m.csv --token-file=t --rate=50/10s -v --resume",
            ]
        );
    }

    #[test]
    fn the_labels_of_missing_pairs_are_read_from_their_file() {
        let linked = PairState::Missing(MissingRecords::Linked);
        assert_eq!(
            steps(
                "verify p.csv --label=A --label-id=USER_DEFINED:3 --missing=m.csv",
                &totals(&[(linked, 1)]),
                Some(Path::new("m.csv"))
            ),
            ["import the missing pairs again: hubspot-associate import m.csv --label-column label"]
        );
    }

    #[test]
    fn without_a_file_of_the_missing_pairs_it_is_written_first() {
        let found = totals(&[(MISSING, 1)]);
        assert_eq!(
            steps("verify p.csv --overwrite", &found, None),
            [
                "write the missing pairs to a file: hubspot-associate verify p.csv --resume --missing x/missing.csv"
            ]
        );
    }

    #[test]
    fn an_output_that_cannot_be_resumed_is_written_once_more() {
        let found = totals(&[(MISSING, 1), (PairState::Unknown, 1)]);
        let again = "hubspot-associate verify - --output=v.csv --overwrite";
        assert_eq!(
            steps("verify - --output=v.csv", &found, None),
            [
                format!("write the missing pairs to a file: {again} --missing x/missing.csv"),
                format!("read the unknown pairs again: {again}"),
            ]
        );
    }

    #[test]
    fn a_verification_of_removed_links_keeps_the_flags_of_the_connection() {
        let typed = arguments("undo p.report.csv --confirm=5 --output=u.csv --resume");
        let report = Path::new("p.report.csv");
        assert_eq!(
            verify_absent(&typed, report, false),
            "hubspot-associate verify p.report.csv --expect absent"
        );
        assert_eq!(
            verify_absent(&typed, report, true),
            "hubspot-associate verify p.report.csv --expect absent --overwrite"
        );
    }

    #[test]
    fn there_is_nothing_to_import_where_no_pair_can_be_linked() {
        let absent = VerifyTotals {
            expects_absent: true,
            ..totals(&[(MISSING, 1), (PairState::Present, 1)])
        };
        let deleted = totals(&[(PairState::Missing(MissingRecords::Deleted), 1)]);
        let good = totals(&[(PairState::Present, 1)]);
        for totals in [absent, deleted, good] {
            assert_eq!(steps("verify p.csv", &totals, None), [""; 0]);
        }
    }
}
