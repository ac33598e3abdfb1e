//! How `verify` ended: what the text, the JSON and the page are made from. Pure.

use std::path::Path;

use jiff::Timestamp;

use crate::diagnostic::Problem;
use crate::domain::run_counts::RunCounts;
use crate::exit_status::ExitStatus;
use crate::number::{counted, grouped};
use crate::output::summary::{NextStep, RejectsFile};
use crate::verify::totals::{MissingCounts, VerifyTotals};

/// What the pairs were read from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum VerifySource {
    /// The report of an import.
    Report {
        /// Whether the import had finished.
        is_finished: bool,
    },
    /// A file of pairs.
    Input,
}

/// The result of `verify`.
#[derive(Clone, Debug)]
pub struct VerifySummary<'s> {
    /// What was found.
    pub totals: &'s VerifyTotals,
    /// The counts of the run: why rows are unknown or invalid, its lookups and requests.
    pub counts: &'s RunCounts,
    /// The name of the report or file, as the user gave it.
    pub input: &'s str,
    /// Which of the two it is.
    pub source: VerifySource,
    /// The report with one line for each pair.
    pub report: &'s Path,
    /// When the run started.
    pub started_at: Timestamp,
    /// The exit status.
    pub status: ExitStatus,
    /// The reason word, one of those in [`exit_reason`](crate::output::exit_reason).
    pub reason: &'static str,
    /// Whether the same command with `--resume` continues the run.
    pub resumable: bool,
    /// Why the run ended before every pair had its line.
    pub problem: Option<&'s Problem>,
    /// The file of missing pairs, if one was written.
    pub missing: Option<RejectsFile<'s>>,
    /// The HTML page, if one was written.
    pub html: Option<&'s Path>,
    /// The commands to run next.
    pub next: &'s [NextStep],
}

impl VerifySummary<'_> {
    /// What was found, as a clause: whether the pairs are as expected. A sample, or a run that was stopped, never speaks
    /// of all pairs.
    #[must_use]
    pub(crate) fn result(&self) -> String {
        let totals = self.totals;
        let pairs = totals.states.pairs();
        let wrong = totals.unexpected();
        let unknown = totals.states.unknown;
        let state = if totals.expects_absent {
            "still linked"
        } else {
            "not linked"
        };
        if pairs == 0 {
            return "no pair was verified".to_owned();
        }
        let of_sample = if totals.sample.is_some() {
            " of the sample"
        } else {
            ""
        };
        let scope = if self.problem.is_some() {
            format!(
                "the {}{of_sample} read so far",
                counted(pairs, "pair", "pairs")
            )
        } else if totals.sample.is_some() || pairs == 1 {
            format!("the {}{of_sample}", counted(pairs, "pair", "pairs"))
        } else {
            format!("all {} pairs", grouped(pairs))
        };
        if wrong + unknown > 0 {
            let wrong = (wrong > 0).then(|| format!("{} {state}", are(wrong)));
            let unknown = (unknown > 0).then(|| format!("{} unknown", are(unknown)));
            let parts: Vec<String> = wrong.into_iter().chain(unknown).collect();
            return format!("of {scope}, {}", parts.join(", and "));
        }
        match (totals.expects_absent, pairs) {
            (false, 1) => format!("{scope} is linked"),
            (false, _) => format!("{scope} are linked"),
            (true, 1) => format!("{scope} is not linked"),
            (true, _) => format!("none of {} is linked", scope.replacen("all ", "the ", 1)),
        }
    }

    /// The rows that were not verified, and why.
    #[must_use]
    pub(crate) fn left_out(&self) -> Option<String> {
        let left_out = self.totals.left_out;
        let why = match self.source {
            VerifySource::Report { .. } => "that the report does not show as linked",
            VerifySource::Input => "with an empty list of ids",
        };
        (left_out > 0).then(|| format!("{} {why}", counted(left_out, "row", "rows")))
    }

    /// What the sample is, and what it leaves open.
    #[must_use]
    pub(crate) fn sample(&self) -> Option<String> {
        let sample = self.totals.sample?;
        let rest = sample.of.saturating_sub(sample.pairs);
        Some(format!(
            "{} of {} pairs, seed {}; the other {} not verified",
            grouped(sample.pairs),
            grouped(sample.of),
            sample.seed,
            are(rest)
        ))
    }

    /// A remark on a report whose run had not finished: it may lack rows.
    #[must_use]
    pub(crate) fn unfinished(&self) -> Option<&'static str> {
        let is_unfinished = self.source == VerifySource::Report { is_finished: false };
        is_unfinished.then_some("the import of this report has not finished; pairs that it has not sent are not verified")
    }

    /// The calls of this run.
    #[must_use]
    pub(crate) fn calls(&self) -> String {
        let calls = self.totals.calls;
        let records = match calls.record_reads {
            0 => String::new(),
            reads => format!(", {} of records", counted(reads, "read", "reads")),
        };
        format!(
            "{} of links{records}",
            counted(calls.reads, "read", "reads")
        )
    }
}

/// `1 is`, `7 are`.
fn are(number: u64) -> String {
    counted(number, "is", "are")
}

/// Why pairs are missing.
pub(crate) struct MissingReason {
    /// The number of pairs.
    pub(crate) pairs: u64,
    /// What is known of their records.
    pub(crate) what: &'static str,
    /// What to do about them.
    pub(crate) advice: &'static str,
}

/// Why pairs are missing, those that another import can link first.
#[must_use]
pub(crate) fn reasons(missing: &MissingCounts) -> Vec<MissingReason> {
    let all = [
        (
            missing.exist,
            "both records exist",
            "Import these pairs again; --missing writes them to a file.",
        ),
        (
            missing.linked,
            "they are linked without all labels of their rows",
            "Import these pairs again with their labels; --missing writes them to a file.",
        ),
        (
            missing.deleted,
            "a record is deleted, or never existed",
            "Correct the id, or remove the row.",
        ),
        (
            missing.merged,
            "a record was merged into another one",
            "Replace the id by that of the other record, which the report shows.",
        ),
        (
            missing.unknown,
            "it is unknown whether both records exist",
            "Verify these pairs again with a new report.",
        ),
    ];
    let reasons = all.into_iter().filter(|&(pairs, ..)| pairs > 0);
    let reasons = reasons.map(|(pairs, what, advice)| MissingReason {
        pairs,
        what,
        advice,
    });
    reasons.collect()
}

#[cfg(test)]
pub(crate) mod fixtures {
    use super::*;
    use crate::domain::link_counts::LinkCounts;
    use crate::output::exit_reason::FINISHED;
    use crate::verify::totals::{MissingRecords, PairState};
    use std::time::Duration;

    /// Totals with these pairs of contacts and companies.
    pub(crate) fn totals(states: &[(PairState, u64)]) -> VerifyTotals {
        let mut totals = VerifyTotals {
            calls: LinkCounts {
                reads: 12,
                record_reads: 1,
                removals: 0,
            },
            elapsed: Duration::from_secs(72),
            ..VerifyTotals::default()
        };
        for &(state, pairs) in states {
            for _ in 0..pairs {
                totals.count(["contacts", "companies"], state);
            }
        }
        totals
    }

    /// Pairs in every state.
    pub(crate) fn every_state() -> VerifyTotals {
        totals(&[
            (PairState::Present, 1990),
            (PairState::Missing(MissingRecords::Exist), 5),
            (PairState::Missing(MissingRecords::Deleted), 2),
            (PairState::Missing(MissingRecords::Merged), 1),
            (PairState::Unknown, 2),
        ])
    }

    /// Why a run was stopped.
    pub(crate) fn interrupted() -> Problem {
        Problem {
            what: "interrupted; 2,000 rows have their line in the report".into(),
            causes: Vec::new(),
            hint: Some("to continue, run this".into()),
        }
    }

    /// The summary of a finished run.
    pub(crate) fn summary<'s>(
        totals: &'s VerifyTotals,
        counts: &'s RunCounts,
    ) -> VerifySummary<'s> {
        VerifySummary {
            totals,
            counts,
            input: "pairs.report.csv",
            source: VerifySource::Report { is_finished: true },
            report: Path::new("pairs.report.verify.csv"),
            started_at: Timestamp::UNIX_EPOCH,
            status: totals.exit_status(),
            reason: FINISHED,
            resumable: false,
            problem: None,
            missing: None,
            html: None,
            next: &[],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::fixtures::{every_state, interrupted, summary, totals};
    use super::*;
    use crate::verify::totals::{MissingRecords, PairState, Sample};

    const MISSING: PairState = PairState::Missing(MissingRecords::Exist);

    #[test]
    fn the_result_says_whether_the_pairs_are_as_expected() {
        let counts = RunCounts::default();
        for (expects_absent, states, result) in [
            (false, &[][..], "no pair was verified"),
            (false, &[(PairState::Present, 1)], "the 1 pair is linked"),
            (
                false,
                &[(PairState::Present, 1200)],
                "all 1,200 pairs are linked",
            ),
            (true, &[(MISSING, 1)], "the 1 pair is not linked"),
            (true, &[(MISSING, 3)], "none of the 3 pairs is linked"),
            (
                false,
                &[(PairState::Present, 7), (MISSING, 1)],
                "of all 8 pairs, 1 is not linked",
            ),
            (
                false,
                &[
                    (PairState::Present, 7),
                    (MISSING, 2),
                    (PairState::Unknown, 1),
                ],
                "of all 10 pairs, 2 are not linked, and 1 is unknown",
            ),
            (
                true,
                &[(PairState::Present, 7), (MISSING, 2)],
                "of all 9 pairs, 7 are still linked",
            ),
            (
                true,
                &[(PairState::Unknown, 2), (MISSING, 2)],
                "of all 4 pairs, 2 are unknown",
            ),
        ] {
            let totals = VerifyTotals {
                expects_absent,
                ..totals(states)
            };
            assert_eq!(summary(&totals, &counts).result(), result);
        }
    }

    #[test]
    fn a_sample_and_a_stopped_run_never_speak_of_all_pairs() {
        let counts = RunCounts::default();
        let sample = Some(Sample {
            seed: 7,
            pairs: 3,
            of: 1000,
        });
        for (expects_absent, state, result) in [
            (
                false,
                PairState::Present,
                "the 3 pairs of the sample are linked",
            ),
            (true, MISSING, "none of the 3 pairs of the sample is linked"),
            (
                false,
                MISSING,
                "of the 3 pairs of the sample, 3 are not linked",
            ),
        ] {
            let totals = VerifyTotals {
                expects_absent,
                sample,
                ..totals(&[(state, 3)])
            };
            let summary = summary(&totals, &counts);
            assert_eq!(summary.result(), result);
            assert_eq!(
                summary.sample().unwrap(),
                "3 of 1,000 pairs, seed 7; the other 997 are not verified"
            );
        }
        let problem = interrupted();
        let totals = every_state();
        let stopped = VerifySummary {
            problem: Some(&problem),
            ..summary(&totals, &counts)
        };
        assert_eq!(
            stopped.result(),
            "of the 2,000 pairs read so far, 8 are not linked, and 2 are unknown"
        );
        assert_eq!(stopped.sample(), None);
        let of_sample = VerifyTotals {
            sample,
            ..self::totals(&[(PairState::Present, 2)])
        };
        let stopped = VerifySummary {
            problem: Some(&problem),
            ..summary(&of_sample, &counts)
        };
        assert_eq!(
            stopped.result(),
            "the 2 pairs of the sample read so far are linked"
        );
    }
}
