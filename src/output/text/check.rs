//! Renders the findings of `check` as text and as JSON. Pure.

use std::fmt::Write as _;

use serde::Serialize;

use crate::check::duplicates::Duplicates;
use crate::check::findings::{Findings, SelfLinks, TypesCount};
use crate::check::tiers::{TIERS, Tier, TimeNeeded};
use crate::input::columns::column::Column;
use crate::input::csv::quoted_rows::QuotedRows;
use crate::number::{grouped, rows, span};
use crate::output::json::format::pretty;
use crate::output::text::check_labels::{CheckedLabels, LabelJson};
use crate::output::text::check_lookups::{self, LookupJson};
use crate::output::text::lines::Lines;
use crate::output::text::run::ONLY_EMPTY_LISTS;

/// The maximum number of type combinations in the list.
const MAX_TYPES: usize = 20;

/// The data for the text.
#[derive(Debug)]
pub struct Checked<'c> {
    /// The findings.
    pub findings: &'c Findings,
    /// The input's name, escaped.
    pub input: &'c str,
    /// The labels of the rows, if they have any.
    pub labels: Option<CheckedLabels<'c>>,
    /// Whether the input was read to its end.
    pub complete: bool,
    /// The suggested next command, if there is one.
    pub next: Option<&'c str>,
}

impl Checked<'_> {
    /// The findings as text; each line ends with a line break.
    #[must_use]
    pub fn to_text(&self) -> String {
        let findings = self.findings;
        let mut lines = Lines::default();
        let end = if self.complete {
            ""
        } else {
            "; then reading failed"
        };
        let read = rows(findings.rows);
        lines.about("checked", format!("{read} of {}{end}", self.input));
        self.add_counts(&mut lines);
        self.add_problems(&mut lines);
        self.add_types(&mut lines);
        if let Some(labels) = &self.labels {
            labels.add_to(&mut lines, &findings.types());
        }
        lines.about_some("duplicates", findings.duplicates().map(about));
        self.add_odd_rows(&mut lines);
        self.add_calls(&mut lines);
        if let Some(plan) = findings.lookups() {
            check_lookups::add_to(&mut lines, &plan);
        }
        lines.about_some("next", self.next);
        lines.into_text()
    }

    fn add_counts(&self, lines: &mut Lines) {
        let findings = self.findings;
        for (what, count) in [
            ("to send", findings.to_send),
            ("invalid", findings.invalid),
            ("nothing to link", findings.nothing_to_link),
            ("duplicates, skipped", findings.skipped_duplicates),
            ("already associated", findings.already_associated),
        ] {
            if count > 0 {
                lines.add(format!("  {what:<20}{:>12}", grouped(count)));
            }
        }
        if findings.has_only_empty_lists() {
            lines.add(ONLY_EMPTY_LISTS);
        }
    }

    fn add_problems(&self, lines: &mut Lines) {
        let kinds = self.findings.problems();
        let total: u64 = kinds.iter().map(|(_, count)| count).sum();
        if total == 0 {
            return;
        }
        lines.add("problems:");
        for example in &self.findings.examples {
            let mut shown = format!("  {}:{}", self.input, example.key.line);
            if let Some(column) = example.problem.column() {
                let _infallible = write!(shown, ":{}", column.number());
            }
            lines.about(&shown, &example.problem);
        }
        let more = total - self.findings.examples.len() as u64;
        if more > 0 {
            lines.add(format!("  and {} more", grouped(more)));
        }
        lines.add("problems by kind:");
        for (kind, count) in kinds {
            lines.add(format!("{:>12}  {kind}", grouped(count)));
        }
    }

    fn add_types(&self, lines: &mut Lines) {
        let types = self.findings.types();
        if types.is_empty() {
            return;
        }
        lines.add("to send, by object types:");
        let shown = &types[..types.len().min(MAX_TYPES)];
        for TypesCount {
            from_type,
            to_type,
            pairs,
        } in shown
        {
            lines.add(format!("{:>12}  {from_type} -> {to_type}", grouped(*pairs)));
        }
        let listed: u64 = shown.iter().map(|count| count.pairs).sum();
        let more = self.findings.to_send - listed;
        if more > 0 {
            lines.add(format!("{:>12}  with other types", grouped(more)));
        }
    }

    /// Adds rows that are valid, but may not be what the user meant.
    fn add_odd_rows(&self, lines: &mut Lines) {
        if let SelfLinks {
            pairs,
            first_line: Some(first),
        } = self.findings.self_links
        {
            lines.add(format!(
                "self-links: {}, the first on line {first}: the pair links a record to itself",
                grouped(pairs)
            ));
        }
        if let QuotedRows {
            rows,
            first_line: Some(first),
        } = self.findings.quoted_rows
        {
            lines.add(format!(
                "rows in quotes: {}, the first on line {first}: a quoted field contains lines that look like rows; \
                 check for a missing or extra quote there",
                grouped(rows)
            ));
        }
    }

    fn add_calls(&self, lines: &mut Lines) {
        let calls = [self.findings.to_send, self.findings.batch_calls()];
        if calls[0] == 0 {
            return;
        }
        let [single, batch] = calls.map(grouped);
        lines.add(format!(
            "calls: {single}, or {batch} with `--mode batch` (up to {} pairs per call)",
            grouped(self.findings.per_call)
        ));
        lines.add(format!(
            "{:<43}{:>17}{:>17}",
            "time by quota (calls per 10 s, per day):", "single", "batch"
        ));
        for tier in TIERS {
            let a_day = tier.per_day.map_or("not stated".to_owned(), grouped);
            let name = format!("  {}: {}, {a_day}", tier.name, tier.per_10_seconds);
            let [single, batch] = calls.map(|calls| needed(tier.time_for(calls)));
            lines.add(format!("{name:<43}{single:>17}{batch:>17}"));
        }
    }

    /// The findings as one JSON object that ends with a line break. docs/check.md describes it.
    #[must_use]
    pub fn to_json(&self) -> String {
        let findings = self.findings;
        let calls = Calls {
            single: findings.to_send,
            batch: findings.batch_calls(),
        };
        let json = Json {
            version: 1,
            input: self.input,
            complete: self.complete,
            rows: findings.rows,
            to_send: findings.to_send,
            invalid: findings.invalid,
            nothing_to_link: findings.nothing_to_link,
            skipped_duplicates: findings.skipped_duplicates,
            already_associated: findings.already_associated,
            types: findings.types(),
            problems: Problems::of(findings),
            duplicates: findings.duplicates(),
            self_links: findings.self_links,
            quoted_rows: findings.quoted_rows,
            quotas: TIERS
                .into_iter()
                .map(|tier| Quota {
                    tier,
                    single: tier.time_for(calls.single),
                    batch: tier.time_for(calls.batch),
                })
                .collect(),
            calls,
            lookups: findings.lookups().map(LookupJson::of),
            labels: self.labels.as_ref().map(CheckedLabels::json),
        };
        pretty(&json)
    }
}

fn needed(time: TimeNeeded) -> String {
    let days = match time.days {
        0 | 1 => "1 day".to_owned(),
        days => format!("{} days", grouped(days)),
    };
    let sending = match time.seconds {
        seconds @ 0..60 => format!("{seconds}s"),
        _ => span(time.duration()),
    };
    format!("{sending}, {days}")
}

fn about(Duplicates { pairs, exact }: Duplicates) -> String {
    let advice = "they are sent again unless you add --skip-duplicates";
    match (pairs, exact) {
        (0, true) => "none".to_owned(),
        (0, false) => "none in a sample; --duplicates-memory is too small for all pairs".to_owned(),
        (pairs, true) => format!("{}; {advice}", grouped(pairs)),
        (pairs, false) => format!(
            "about {}; {advice}; this is an estimate, because --duplicates-memory is too small for all pairs",
            grouped(pairs)
        ),
    }
}

#[derive(Serialize)]
struct Json<'j> {
    version: u32,
    input: &'j str,
    complete: bool,
    rows: u64,
    to_send: u64,
    invalid: u64,
    nothing_to_link: u64,
    skipped_duplicates: u64,
    already_associated: u64,
    types: Vec<TypesCount>,
    problems: Problems,
    duplicates: Option<Duplicates>,
    self_links: SelfLinks,
    quoted_rows: QuotedRows,
    calls: Calls,
    quotas: Vec<Quota>,
    /// Only for an input with keys.
    #[serde(skip_serializing_if = "Option::is_none")]
    lookups: Option<LookupJson>,
    /// Only for an input with labels.
    #[serde(skip_serializing_if = "Option::is_none")]
    labels: Option<LabelJson<'j>>,
}

#[derive(Serialize)]
struct Problems {
    kinds: Vec<KindCount>,
    first: Vec<ProblemAt>,
}

impl Problems {
    fn of(findings: &Findings) -> Self {
        let kinds = findings.problems().into_iter();
        let first = findings.examples.iter().map(|example| ProblemAt {
            row: example.key.row,
            line: example.key.line,
            column: example.problem.column().map(Column::number),
            kind: example.problem.kind(),
            message: example.problem.to_string(),
        });
        Self {
            kinds: kinds
                .map(|(kind, count)| KindCount { kind, count })
                .collect(),
            first: first.collect(),
        }
    }
}

#[derive(Serialize)]
struct KindCount {
    kind: &'static str,
    count: u64,
}

#[derive(Serialize)]
struct ProblemAt {
    row: u64,
    line: u64,
    column: Option<usize>,
    kind: &'static str,
    message: String,
}

#[derive(Clone, Copy, Serialize)]
struct Calls {
    single: u64,
    batch: u64,
}

#[derive(Serialize)]
struct Quota {
    #[serde(flatten)]
    tier: Tier,
    single: TimeNeeded,
    batch: TimeNeeded,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::input::fixtures;
    use crate::input::row::CheckedRow;

    fn checked(rows: &str) -> (Findings, String) {
        let csv = format!("from_type,from_id,to_type,to_id\n{rows}");
        let mut input = fixtures::open(csv).unwrap();
        let mut findings = Findings::new(1 << 20);
        let mut row = CheckedRow::default();
        while input.read(&mut row).unwrap() {
            findings.add(&row);
        }
        let text = Checked {
            findings: &findings,
            input: "pairs.csv",
            labels: None,
            complete: true,
            next: Some("do this"),
        }
        .to_text();
        (findings, text)
    }

    #[test]
    fn only_the_first_problems_are_shown_and_all_are_counted() {
        let (findings, text) = checked(&"contacts,x,deals,0\n".repeat(30));
        assert_eq!(findings.examples.len(), 20);
        assert_eq!(text.matches("pairs.csv:").count(), 20);
        assert!(text.contains("\n  and 40 more\nproblems by kind:\n          30  letters in an id\n          30  zero\n"));
        assert!(!text.contains("calls:"), "{text}");
    }

    #[test]
    fn a_damaged_column_of_types_takes_no_more_memory_and_loses_no_count() {
        let rows: Vec<_> = (1..=1500)
            .map(|id| format!("p_{id},1,deals,{id}"))
            .collect();
        let (findings, text) = checked(&rows.join("\n"));
        assert_eq!(findings.types().len(), 1001);
        assert_eq!(findings.to_send, 1500);
        assert_eq!(findings.batch_calls(), 1002);
        assert!(text.contains("       1,480  with other types\n"), "{text}");
    }
}
