//! The last words: what became of the rows, and what to do next. Pure text.

use std::fmt::{self, Write as _};
use std::path::Path;
use std::time::Duration;

use super::advice::advice;
use super::number::{grouped, per_second, span};
use crate::outcome::OutcomeKind;
use crate::run::Tally;
use crate::text::excerpt;

/// How many categories are listed.
const MAX_CATEGORIES: usize = 5;

/// Where less of the quota is used than this, the summary says why.
const WORTH_A_REASON: f64 = 0.95;

/// Characters of a category that are shown.
const MAX_CATEGORY_CHARS: usize = 40;

/// What the closing summary is made from.
#[derive(Debug)]
pub struct Summary<'s> {
    /// What was counted.
    pub tally: &'s Tally,
    /// How long the run took.
    pub elapsed: Duration,
    /// Whether every row of the input has its line.
    pub finished: bool,
    /// Where the lines are.
    pub report: &'s Path,
    /// The file of the rows that are not associated, if one was made.
    pub rejects: Option<RejectsFile<'s>>,
    /// The command to run next, if one helps.
    pub next: Option<&'s str>,
}

/// A file of rows that are not associated.
#[derive(Clone, Copy, Debug)]
pub struct RejectsFile<'s> {
    /// Its path.
    pub path: &'s Path,
    /// How many lines it has.
    pub rows: u64,
}

impl fmt::Display for RejectsFile<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = excerpt(&self.path.to_string_lossy(), usize::MAX);
        let rows = if self.rows == 1 { "row" } else { "rows" };
        write!(formatter, "{path}, {} {rows}", grouped(self.rows))
    }
}

/// What the summary of a report that was read back is made from.
#[derive(Debug)]
pub struct ReportSummary<'s> {
    /// What was counted.
    pub tally: &'s Tally,
    /// The report.
    pub report: &'s Path,
    /// The file of the rows that are not associated, if one was made.
    pub rejects: Option<RejectsFile<'s>>,
    /// The command to run next, if one helps.
    pub next: Option<&'s str>,
}

impl ReportSummary<'_> {
    /// The summary, with a line end behind each line.
    #[must_use]
    pub fn to_text(&self) -> String {
        let mut text = String::new();
        let settled = self.tally.settled();
        let rows = if settled == 1 { "row" } else { "rows" };
        let mut line = |content: String| {
            text.push_str(content.trim_end());
            text.push('\n');
        };
        let report = excerpt(&self.report.to_string_lossy(), usize::MAX);
        line(format!("report: {report}, {} {rows}", grouped(settled)));
        outcomes(self.tally, &mut line);
        categories(self.tally, &mut line);
        line(format!("requests: {}", grouped(self.tally.requests)));
        if let Some(rejects) = self.rejects {
            line(format!("rejects: {rejects}"));
        }
        if let Some(next) = self.next {
            line(format!("next: {next}"));
        }
        text
    }
}

impl Summary<'_> {
    /// The summary, with a line end behind each line.
    #[must_use]
    pub fn to_text(&self) -> String {
        let mut text = String::new();
        let settled = self.tally.settled();
        let here = settled - self.tally.earlier;
        let state = if self.finished { "finished" } else { "stopped" };
        let seconds = self.elapsed.as_secs_f64();
        let rate = if seconds > 0.0 {
            here as f64 / seconds
        } else {
            0.0
        };
        let rows = if settled == 1 { "row" } else { "rows" };
        let mut line = |content: String| {
            text.push_str(content.trim_end());
            text.push('\n');
        };
        let earlier = match self.tally.earlier {
            0 => String::new(),
            earlier => format!(
                ", {} of them in earlier runs; {}",
                grouped(earlier),
                grouped(here)
            ),
        };
        line(format!(
            "{state}: {} {rows}{earlier} in {}, {} rows per second",
            grouped(settled),
            span(self.elapsed),
            per_second(rate)
        ));
        outcomes(self.tally, &mut line);
        categories(self.tally, &mut line);
        let throttled = match self.tally.throttled {
            0 => "none answered 429".to_owned(),
            some => format!("{} answered 429", grouped(some)),
        };
        line(format!(
            "requests: {}, {throttled}",
            grouped(self.tally.requests)
        ));
        if let Some((share, why)) = self.tally.usage.of(self.tally.requests) {
            let why = why.filter(|_| share < WORTH_A_REASON);
            let why = why
                .map(|why| format!(", {}", why.as_str()))
                .unwrap_or_default();
            line(format!(
                "quota: {:.0} % of the limit used{why}",
                share * 100.0
            ));
        }
        let report = excerpt(&self.report.to_string_lossy(), usize::MAX);
        line(format!("report: {report}"));
        if let Some(rejects) = self.rejects {
            line(format!("rejects: {rejects}"));
        }
        if let Some(next) = self.next {
            line(format!("next: {next}"));
        }
        text
    }
}

fn outcomes(tally: &Tally, line: &mut impl FnMut(String)) {
    for kind in OutcomeKind::ALL {
        if tally.of(kind) > 0 {
            line(format!("  {kind:<11}{:>12}", grouped(tally.of(kind))));
        }
    }
}

fn categories(tally: &Tally, line: &mut impl FnMut(String)) {
    let categories = tally.categories();
    if categories.is_empty() {
        return;
    }
    let shown = &categories[..categories.len().min(MAX_CATEGORIES)];
    line("why:".to_owned());
    for entry in shown {
        let category = excerpt(&entry.category, MAX_CATEGORY_CHARS);
        let mut first = String::new();
        let _infallible = write!(
            first,
            "  {:>8}  {} {category}",
            grouped(entry.rows),
            entry.kind
        );
        line(first);
        line(format!("            {}", advice(entry)));
    }
    let more: u64 = categories[shown.len()..]
        .iter()
        .map(|entry| entry.rows)
        .sum();
    if more > 0 {
        line(format!("  {:>8}  other, see the report", grouped(more)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::outcome::{Finding, Outcome, Subject};
    use crate::pair::RowKey;
    use jiff::Timestamp;

    fn tally(outcomes: &[(OutcomeKind, &str, u64)]) -> Tally {
        let mut tally = Tally::default();
        tally.requests = 1300;
        tally.throttled = 2;
        for &(kind, category, rows) in outcomes {
            for _ in 0..rows {
                tally.count(&Outcome {
                    key: RowKey { row: 1, line: 2 },
                    subject: Subject::Raw(Default::default()),
                    kind,
                    finding: Finding {
                        categories: vec![category.into()],
                        ..Finding::default()
                    },
                    attempts: 1,
                    duration: Duration::ZERO,
                    finished_at: Timestamp::UNIX_EPOCH,
                });
            }
        }
        tally
    }

    #[test]
    fn it_says_outcomes_reasons_requests_and_what_to_do_next() {
        let tally = tally(&[
            (OutcomeKind::Associated, "", 1200),
            (OutcomeKind::Rejected, "OBJECT_NOT_FOUND", 3),
            (OutcomeKind::Failed, "HTTP_502", 1),
        ]);
        let summary = Summary {
            tally: &tally,
            elapsed: Duration::from_secs(130),
            finished: true,
            report: Path::new("pairs.report.csv"),
            rejects: Some(RejectsFile {
                path: Path::new("rejects.csv"),
                rows: 4,
            }),
            next: Some("do this"),
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
            HubSpot had trouble: run the rows again later
requests: 1,300, 2 answered 429
report: pairs.report.csv
rejects: rejects.csv, 4 rows
next: do this
"
        );
    }

    #[test]
    fn a_run_without_rows_says_so() {
        let summary = Summary {
            tally: &Tally::default(),
            elapsed: Duration::ZERO,
            finished: true,
            report: Path::new("r.csv"),
            rejects: None,
            next: None,
        };
        assert_eq!(
            summary.to_text(),
            "finished: 0 rows in 0.0s, 0.0 rows per second\nrequests: 0, none answered 429\nreport: r.csv\n"
        );
    }

    #[test]
    fn categories_from_a_server_cannot_fill_or_recolour_the_terminal() {
        let names: Vec<String> = (0..9).map(|index| format!("\u{1b}[31m{index}")).collect();
        let outcomes: Vec<_> = names
            .iter()
            .map(|name| (OutcomeKind::Rejected, name.as_str(), 1))
            .collect();
        let tally = tally(&outcomes);
        let summary = Summary {
            tally: &tally,
            elapsed: Duration::from_secs(1),
            finished: true,
            report: Path::new("r.csv"),
            rejects: None,
            next: None,
        };
        let text = summary.to_text();
        assert!(!text.contains('\u{1b}'));
        assert!(
            text.contains("         4  other, see the report\n"),
            "{text}"
        );
    }
}
