//! Renders the final summary as text: rows by outcome, errors by category, and the next step. Pure.

use crate::domain::outcome::OutcomeKind;
use crate::domain::run_counts::RunCounts;
use crate::number::{grouped, per_second, rows, span};
use crate::output::advice::advice;
use crate::output::existing::existed_before;
use crate::output::lookups::lookups;
use crate::output::summary::{Summary, WORTH_A_REASON, shown};
use crate::output::text::lines::Lines;
use crate::text::excerpt;

/// The maximum number of categories in the list.
const MAX_CATEGORIES: usize = 5;

/// The maximum length of a category.
const MAX_CATEGORY_CHARS: usize = 40;

impl Summary<'_> {
    /// The summary as text; each line ends with a line break.
    #[must_use]
    pub fn to_text(&self) -> String {
        let mut lines = Lines::default();
        lines.add(self.first_line());
        add_outcomes(self.counts, &mut lines);
        add_categories(self.counts, &mut lines);
        if let Some(lookups) = lookups(&self.counts.lookup) {
            lines.add(format!("looked up {lookups}"));
        }
        lines.about("requests", requests(self.counts));
        lines.about_some("quota", self.quota());
        lines.about_some("report", self.report.map(shown));
        lines.about_some("rejects", self.rejects);
        lines.about_some("HTML report", self.html.map(shown));
        // After an early stop, the error shows the next command.
        lines.about_some("next", self.next.filter(|_| self.problem.is_none()));
        lines.into_text()
    }

    /// How the run ended, the number of rows, the time and the speed.
    fn first_line(&self) -> String {
        let state = match self.problem {
            None => "finished",
            Some(_) => "stopped",
        };
        let finished = self.counts.finished();
        let here = finished - self.counts.already_reported;
        let earlier = match self.counts.already_reported {
            0 => String::new(),
            earlier => format!(
                ", {} of them in earlier runs; this run: {}",
                grouped(earlier),
                rows(here)
            ),
        };
        let seconds = self.elapsed.as_secs_f64();
        let rate = if seconds > 0.0 {
            here as f64 / seconds
        } else {
            0.0
        };
        format!(
            "{state}: {}{earlier} in {}, {} rows per second",
            rows(finished),
            span(self.elapsed),
            per_second(rate)
        )
    }

    /// The used share of the rate limit, and why it is low.
    fn quota(&self) -> Option<String> {
        let (share, why) = self.counts.quota_use()?;
        let why = why
            .filter(|_| share < WORTH_A_REASON)
            .map(|why| format!(", {}", why.as_str()))
            .unwrap_or_default();
        Some(format!("{:.0} % of the limit used{why}", share * 100.0))
    }
}

/// The requests of a run, and how many of them were refused for their rate.
pub(crate) fn requests(counts: &RunCounts) -> String {
    let throttled = match counts.throttled {
        0 => "no 429 replies".to_owned(),
        some => format!("{} with a 429 reply", grouped(some)),
    };
    format!("{}, {throttled}", grouped(counts.requests))
}

/// Adds a line for each outcome that occurred, and one about the pairs that were linked before.
pub(crate) fn add_outcomes(counts: &RunCounts, lines: &mut Lines) {
    for kind in OutcomeKind::ALL {
        if counts.of(kind) > 0 {
            lines.add(format!("  {kind:<11}{:>12}", grouped(counts.of(kind))));
        }
    }
    lines.about_some("existed before", existed_before(counts));
}

/// The message for an input whose lists of ids are all empty.
pub const ONLY_EMPTY_LISTS: &str =
    "nothing was sent: the list of ids is empty in every row; check whether it is the right column";

/// Adds the categories of the rows that are not associated.
pub(crate) fn add_categories(counts: &RunCounts, lines: &mut Lines) {
    if counts.has_only_empty_lists() {
        lines.add(ONLY_EMPTY_LISTS);
    }
    let categories = counts.categories();
    if categories.is_empty() {
        return;
    }
    let (listed, others) = categories.split_at(categories.len().min(MAX_CATEGORIES));
    lines.add("why:");
    for entry in listed {
        let category = excerpt(&entry.category, MAX_CATEGORY_CHARS);
        let (rows, kind) = (grouped(entry.rows), entry.kind);
        lines.add(format!("  {rows:>8}  {kind} {category}"));
        lines.add(format!("            {}", advice(entry)));
    }
    let more: u64 = others.iter().map(|entry| entry.rows).sum();
    if more > 0 {
        lines.add(format!(
            "  {:>8}  with other reasons: see the report",
            grouped(more)
        ));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::link_counts::ExistedCounts;
    use crate::domain::lookup_counts::LookupCounts;
    use crate::domain::outcome::{Details, Outcome, RowTarget};
    use crate::domain::pair::RowKey;
    use crate::exit_status::ExitStatus;
    use crate::output::exit_reason::FINISHED;
    use crate::output::summary::{NextStep, RejectsFile};
    use jiff::Timestamp;
    use std::path::Path;
    use std::time::Duration;

    fn summary(counts: &RunCounts, elapsed: Duration) -> Summary<'_> {
        Summary {
            input: "pairs.csv",
            report: Some(Path::new("pairs.report.csv")),
            rehearsed: false,
            started_at: Timestamp::UNIX_EPOCH,
            elapsed,
            counts,
            status: ExitStatus::Done,
            reason: FINISHED,
            resumable: false,
            problem: None,
            rejects: None,
            html: None,
            next: None,
        }
    }

    fn counts(outcomes: &[(OutcomeKind, &str, u64)]) -> RunCounts {
        let mut counts = RunCounts::default();
        counts.requests = 1300;
        counts.throttled = 2;
        for &(kind, category, rows) in outcomes {
            for _ in 0..rows {
                counts.count(&Outcome {
                    key: RowKey { row: 1, line: 2 },
                    target: RowTarget::Raw(Default::default()),
                    keys: None,
                    kind,
                    details: Details {
                        categories: vec![category.into()],
                        ..Details::default()
                    },
                    attempts: 1,
                    duration: Duration::ZERO,
                    finished_at: Timestamp::UNIX_EPOCH,
                    existed_before: None,
                    labels: None,
                    proof: None,
                });
            }
        }
        counts
    }

    #[test]
    fn it_shows_outcomes_causes_requests_and_next_steps() {
        let counts = counts(&[
            (OutcomeKind::Associated, "", 1200),
            (OutcomeKind::Rejected, "OBJECT_NOT_FOUND", 3),
            (OutcomeKind::Failed, "HTTP_502", 1),
        ]);
        let next = NextStep {
            what: "later".into(),
            command: "do this".into(),
        };
        let summary = Summary {
            rejects: Some(RejectsFile {
                path: Path::new("rejects.csv"),
                rows: 4,
            }),
            html: Some(Path::new("page.html")),
            next: Some(&next),
            ..summary(&counts, Duration::from_secs(130))
        };
        assert_eq!(
            summary.to_text(),
            "\
finished: 1,204 rows in 2m 10s, 9.3 rows per second
  associated        1,200
  rejected              3
  failed                1
why:
         3  rejected OBJECT_NOT_FOUND
            the record does not exist or is deleted: check the id and its type
         1  failed HTTP_502
            HubSpot had a server error: run the rows again later
requests: 1,300, 2 with a 429 reply
report: pairs.report.csv
rejects: rejects.csv, 4 rows
HTML report: page.html
next: later: do this
"
        );
    }

    #[test]
    fn a_run_with_keys_shows_what_their_lookups_came_to() {
        let mut counts = counts(&[(OutcomeKind::Associated, "", 2)]);
        counts.lookup.calls = 1;
        counts.lookup.exact = 2;
        let text = summary(&counts, Duration::ZERO).to_text();
        let line = "\nlooked up 2 keys with 1 call: 2 exact, 0 folded, ";
        assert!(text.contains(line), "{text}");
        counts.lookup = LookupCounts::default();
        let text = summary(&counts, Duration::ZERO).to_text();
        assert!(!text.contains("looked up"), "{text}");
    }

    #[test]
    fn a_run_that_read_links_shows_which_pairs_were_linked_before() {
        let mut counts = counts(&[
            (OutcomeKind::Associated, "", 2),
            (OutcomeKind::Skipped, "CLIENT_EXISTS", 3),
        ]);
        counts.existed.yes = 3;
        counts.existed.no = 2;
        counts.links.reads = 1;
        let text = summary(&counts, Duration::ZERO).to_text();
        let lines = "  skipped               3\nexisted before: yes 3 (3 skipped), no 2, unknown 0; read with 1 call\n";
        assert!(text.contains(lines), "{text}");
        counts.existed = ExistedCounts::default();
        counts.links.reads = 0;
        let text = summary(&counts, Duration::ZERO).to_text();
        assert!(!text.contains("existed"), "{text}");
    }

    #[test]
    fn a_run_that_could_send_nothing_says_so() {
        let empty = counts(&[(OutcomeKind::Skipped, "CLIENT_NOTHING_TO_LINK", 3)]);
        let known = counts(&[(OutcomeKind::Skipped, "CLIENT_ALREADY_ASSOCIATED", 3)]);
        for (counts, said) in [(empty, true), (known, false)] {
            let text = summary(&counts, Duration::ZERO).to_text();
            assert_eq!(text.contains(ONLY_EMPTY_LISTS), said, "{text}");
        }
    }

    #[test]
    fn a_run_without_rows_says_so() {
        let counts = RunCounts::default();
        let summary = summary(&counts, Duration::ZERO);
        assert_eq!(
            summary.to_text(),
            "finished: 0 rows in 0.0s, 0.0 rows per second\nrequests: 0, no 429 replies\nreport: pairs.report.csv\n"
        );
    }

    #[test]
    fn categories_from_a_server_cannot_fill_or_recolour_the_terminal() {
        let names: Vec<String> = (0..9).map(|index| format!("\u{1b}[31m{index}")).collect();
        let outcomes: Vec<_> = names
            .iter()
            .map(|name| (OutcomeKind::Rejected, name.as_str(), 1))
            .collect();
        let counts = counts(&outcomes);
        let text = summary(&counts, Duration::from_secs(1)).to_text();
        assert!(!text.contains('\u{1b}'));
        assert!(
            text.contains("         4  with other reasons: see the report\n"),
            "{text}"
        );
    }
}
