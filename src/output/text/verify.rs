//! Renders how `verify` ended: pairs by state, why pairs are missing or unknown, and the next commands. Pure.

use crate::number::{counted, grouped, per_second, span};
use crate::output::lookups::lookups;
use crate::output::summary::shown;
use crate::output::text::lines::Lines;
use crate::output::text::run::{add_categories, requests};
use crate::output::verify_summary::{MissingReason, VerifySummary, reasons};
use crate::text::excerpt;
use crate::verify::totals::{StateCounts, TypesCounts};

/// The maximum number of pairs of types in the list.
const MAX_TYPES: usize = 10;

/// The maximum length of a type.
const MAX_TYPE_CHARS: usize = 30;

impl VerifySummary<'_> {
    /// The summary as text; each line ends with a line break.
    #[must_use]
    pub fn to_text(&self) -> String {
        let totals = self.totals;
        let mut lines = Lines::default();
        lines.add(self.first_line());
        lines.about_some("sample", self.sample());
        add_states(&totals.states, &mut lines);
        if totals.invalid > 0 {
            add_count("invalid", totals.invalid, &mut lines);
        }
        lines.about("result", self.result());
        lines.about_some("remark", self.unfinished());
        lines.about_some("not verified", self.left_out());
        add_types(&totals.by_types, &mut lines);
        add_categories(self.counts, &mut lines);
        if let Some(lookups) = lookups(&self.counts.lookup) {
            lines.add(format!("looked up {lookups}"));
        }
        lines.about("calls", self.calls());
        lines.about("requests", requests(self.counts));
        lines.about("report", shown(self.report));
        lines.about_some("missing pairs", self.missing);
        lines.about_some("HTML report", self.html.map(shown));
        // After an early stop, the error shows the next command.
        if self.problem.is_none() {
            for step in self.next {
                lines.about("next", step);
            }
        }
        lines.into_text()
    }

    /// How the run ended, the number of pairs, and the time.
    fn first_line(&self) -> String {
        let totals = self.totals;
        let state = match self.problem {
            None => "finished",
            Some(_) => "stopped",
        };
        let pairs = totals.states.pairs();
        let here = pairs.saturating_sub(totals.from_earlier_runs);
        let earlier = match totals.from_earlier_runs {
            0 => String::new(),
            earlier => format!(
                ", {} of them in earlier runs; this run: {}",
                grouped(earlier),
                pairs_of(here)
            ),
        };
        let seconds = totals.elapsed.as_secs_f64();
        let rate = if seconds > 0.0 {
            here as f64 / seconds
        } else {
            0.0
        };
        format!(
            "{state}: {} verified{earlier} in {}, {} per second",
            pairs_of(pairs),
            span(totals.elapsed),
            per_second(rate)
        )
    }
}

fn pairs_of(number: u64) -> String {
    counted(number, "pair", "pairs")
}

fn add_count(what: &str, number: u64, lines: &mut Lines) {
    lines.add(format!("  {what:<11}{:>12}", grouped(number)));
}

/// Adds a line for each state that occurred; below `missing`, the reasons.
fn add_states(states: &StateCounts, lines: &mut Lines) {
    let missing = states.missing.all();
    if states.present > 0 {
        add_count("present", states.present, lines);
    }
    if missing > 0 {
        add_count("missing", missing, lines);
        for MissingReason { pairs, what, .. } in reasons(&states.missing) {
            lines.add(format!("    {:>8}  {what}", grouped(pairs)));
        }
    }
    if states.unknown > 0 {
        add_count("unknown", states.unknown, lines);
    }
}

/// Adds the pairs of each two types, unless all have the same types.
fn add_types(by_types: &[TypesCounts], lines: &mut Lines) {
    if by_types.len() < 2 {
        return;
    }
    let (listed, others) = by_types.split_at(by_types.len().min(MAX_TYPES));
    lines.add("by types:");
    for TypesCounts { types, states } in listed {
        let [from, to] = types.each_ref().map(|name| excerpt(name, MAX_TYPE_CHARS));
        let counts = [
            (states.present, "present"),
            (states.missing.all(), "missing"),
            (states.unknown, "unknown"),
        ];
        let counts = counts.into_iter().filter(|&(pairs, _)| pairs > 0);
        let counts = counts.map(|(pairs, state)| format!("{} {state}", grouped(pairs)));
        let counts: Vec<String> = counts.collect();
        lines.add(format!("  {from} -> {to}: {}", counts.join(", ")));
    }
    let more: u64 = others.iter().map(|counts| counts.states.pairs()).sum();
    if more > 0 {
        lines.add(format!(
            "  {} of other types: see the report",
            pairs_of(more)
        ));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::fixtures::{details, outcome};
    use crate::domain::outcome::{Outcome, OutcomeKind};
    use crate::domain::run_counts::RunCounts;
    use crate::output::summary::{NextStep, RejectsFile};
    use crate::output::verify_summary::VerifySource;
    use crate::output::verify_summary::fixtures::{every_state, interrupted, summary, totals};
    use crate::verify::totals::{PairState, Sample, VerifyTotals};
    use std::path::Path;

    #[test]
    fn it_shows_the_states_the_reasons_the_calls_and_the_next_commands() {
        let mut counts = RunCounts::default();
        counts.requests = 13;
        counts.count(&Outcome {
            details: details("HTTP_502", "bad gateway"),
            ..outcome(1, OutcomeKind::Failed)
        });
        let totals = VerifyTotals {
            invalid: 1,
            left_out: 30,
            from_earlier_runs: 560,
            ..every_state()
        };
        let next = ["first", "second"].map(|what| NextStep {
            what: what.into(),
            command: "do this".into(),
        });
        let summary = VerifySummary {
            missing: Some(RejectsFile {
                path: Path::new("missing.csv"),
                rows: 5,
            }),
            html: Some(Path::new("page.html")),
            next: &next,
            ..summary(&totals, &counts)
        };
        assert_eq!(
            summary.to_text(),
            "\
finished: 2,000 pairs verified, 560 of them in earlier runs; this run: 1,440 pairs in 1m 12s, 20.0 per second
  present           1,990
  missing               8
           5  both records exist
           2  a record is deleted, or never existed
           1  a record was merged into another one
  unknown               2
  invalid               1
result: of all 2,000 pairs, 8 are not linked, and 2 are unknown
not verified: 30 rows that the report does not show as linked
why:
         1  failed HTTP_502
            HubSpot had a server error: run the rows again later
calls: 12 reads of links, 1 read of records
requests: 13, no 429 replies
report: pairs.report.verify.csv
missing pairs: missing.csv, 5 rows
HTML report: page.html
next: first: do this
next: second: do this
"
        );
    }

    #[test]
    fn a_stopped_run_leaves_the_next_command_to_the_error() {
        let (totals, counts, problem) = (every_state(), RunCounts::default(), interrupted());
        let next = [NextStep {
            what: "later".into(),
            command: "do this".into(),
        }];
        let summary = VerifySummary {
            problem: Some(&problem),
            next: &next,
            ..summary(&totals, &counts)
        };
        let text = summary.to_text();
        assert!(
            text.starts_with("stopped: 2,000 pairs verified in "),
            "{text}"
        );
        assert!(!text.contains("next: "), "{text}");
        assert!(!text.contains(" all "), "{text}");
    }

    #[test]
    fn a_sample_shows_its_seed_and_never_says_all() {
        let counts = RunCounts::default();
        let totals = VerifyTotals {
            sample: Some(Sample {
                seed: 7,
                pairs: 2,
                of: 1000,
            }),
            ..totals(&[(PairState::Present, 2)])
        };
        let text = summary(&totals, &counts).to_text();
        assert!(
            text.contains("\nsample: 2 of 1,000 pairs, seed 7; the other 998 are not verified\n"),
            "{text}"
        );
        assert!(!text.contains(" all "), "{text}");
    }

    #[test]
    fn pairs_of_several_types_are_shown_by_types() {
        let counts = RunCounts::default();
        let mut totals = totals(&[(PairState::Present, 3), (PairState::Unknown, 1)]);
        assert!(!summary(&totals, &counts).to_text().contains("by types"));
        for number in 0..12 {
            totals.count(
                [&format!("p_\u{1b}[31m{number}"), "deals"],
                PairState::Present,
            );
        }
        let text = summary(&totals, &counts).to_text();
        assert!(
            text.contains("\nby types:\n  contacts -> companies: 3 present, 1 unknown\n"),
            "{text}"
        );
        assert!(
            text.contains("\n  3 pairs of other types: see the report\n"),
            "{text}"
        );
        assert!(!text.contains('\u{1b}'));
    }

    #[test]
    fn a_report_that_is_not_finished_and_a_file_with_empty_lists_are_remarked_on() {
        let counts = RunCounts::default();
        let totals = VerifyTotals {
            left_out: 1,
            ..totals(&[(PairState::Present, 1)])
        };
        let unfinished = VerifySummary {
            source: VerifySource::Report { is_finished: false },
            ..summary(&totals, &counts)
        };
        assert!(
            unfinished
                .to_text()
                .contains("\nremark: the import of this report has not finished; ")
        );
        let input = VerifySummary {
            source: VerifySource::Input,
            ..summary(&totals, &counts)
        };
        let text = input.to_text();
        assert!(
            text.contains("\nnot verified: 1 row with an empty list of ids\n"),
            "{text}"
        );
        assert!(!text.contains("remark: "), "{text}");
    }
}
