//! Turns statistics into the texts of the page. Pure.

use askama::Template;

use crate::domain::outcome::OutcomeKind;
use crate::domain::run_counts::{CategoryCount, Example, RunCounts};
use crate::number::{grouped, rows, span};
use crate::output::advice::advice;
use crate::output::existing::existed_before;
use crate::output::html::chart::{SeriesStyle, shares};
use crate::output::html::duration_chart::DurationChart;
use crate::output::html::figure::{Figure, share};
use crate::output::html::page::Page;
use crate::output::html::time_axis::formatted;
use crate::output::html::timeline_chart::TimelineChart;
use crate::output::lookups::lookups;
use crate::output::summary::{NextStep, Summary, WORTH_A_REASON};
use crate::process::program::Program;
use crate::report::stats::statistics::Statistics;
use crate::text::excerpt;

/// The number of characters of a message that are shown.
const MAX_MESSAGE_CHARS: usize = 400;

/// The number of categories that are shown, the most frequent ones first.
const MAX_CATEGORIES: usize = 20;

/// The content of the page.
#[derive(Template)]
#[template(path = "page.html", config = "src/output/html/askama.toml")]
pub(crate) struct View {
    style: &'static str,
    title: String,
    tone: &'static str,
    lead: String,
    causes: Vec<String>,
    facts: Vec<(&'static str, String)>,
    outcomes: Vec<Outcome>,
    outcome_figure: Figure,
    categories: Vec<Category>,
    more_categories: Option<String>,
    timeline: Option<TimelineChart>,
    durations: Option<DurationChart>,
    /// The purpose of each command, and the command.
    steps: Vec<(String, String)>,
    made: String,
}

struct Outcome {
    color: String,
    word: &'static str,
    rows: String,
    pub(crate) share: String,
    meaning: &'static str,
}

struct Category {
    name: String,
    outcome: &'static str,
    rows: String,
    advice: String,
    examples: Vec<Sample>,
}

struct Sample {
    row: String,
    line: String,
    pair: String,
    status: String,
    message: String,
    correlation_id: String,
}

impl View {
    pub(crate) fn of(page: &Page<'_>) -> Self {
        let counts = page.statistics.counts();
        let input = page.summary.map(|summary| shown(summary.input));
        let report = shown(&page.report.to_string_lossy());
        let (tone, lead) = lead(page.statistics, page.summary);
        let categories = counts.categories();
        let (listed, more) = categories.split_at(categories.len().min(MAX_CATEGORIES));
        let more: u64 = more.iter().map(|count| count.rows).sum();
        let problem = page.summary.and_then(|summary| summary.problem);
        Self {
            style: include_str!("page.css"),
            title: match &input {
                Some(input) => format!("Import of {input}"),
                None => format!("Report {report}"),
            },
            tone,
            lead,
            causes: problem.map_or(Vec::new(), |problem| {
                let causes = problem.causes.iter();
                causes
                    .map(|cause| excerpt(cause, MAX_MESSAGE_CHARS))
                    .collect()
            }),
            facts: facts(page, report),
            outcomes: outcomes(counts),
            outcome_figure: outcome_figure(counts),
            categories: listed.iter().map(|count| category(count)).collect(),
            more_categories: (more > 0).then(|| {
                format!(
                    "{} with other categories: the report lists them.",
                    rows(more)
                )
            }),
            timeline: TimelineChart::of(page.statistics, page.summary.is_some()),
            durations: DurationChart::of(page.statistics),
            steps: page
                .steps
                .iter()
                .map(|NextStep { what, command }| (capital(what), shown(command)))
                .collect(),
            made: format!(
                "Created {} UTC by {} {} from {}.",
                formatted(page.made_at.as_second(), "%Y-%m-%d %H:%M"),
                Program::THIS.name,
                Program::THIS.version_and_commit(),
                shown(&page.report.to_string_lossy()),
            ),
        }
    }
}

/// Untrusted text, with control and invisible characters escaped.
pub(crate) fn shown(text: &str) -> String {
    excerpt(text, usize::MAX)
}

/// The first sentence of the page, and its tone.
fn lead(statistics: &Statistics, summary: Option<&Summary<'_>>) -> (&'static str, String) {
    let counts = statistics.counts();
    let (finished, bad) = (counts.finished(), counts.with_problems());
    let good = if bad == 0 {
        "all of them are associated or skipped".to_owned()
    } else {
        format!("{} of them are not associated", grouped(bad))
    };
    let problem = summary.and_then(|summary| summary.problem);
    let place = match statistics.rehearsed() {
        0 => "",
        all if all == finished => " This was a rehearsal: nothing was linked in HubSpot.",
        _ => " Some of these rows are from a rehearsal: they were not linked in HubSpot.",
    };
    match (problem, summary) {
        (Some(problem), _) => {
            let what = excerpt(&problem.what, MAX_MESSAGE_CHARS);
            ("stopped", format!("{}.", capital(&what)))
        }
        (None, Some(_)) if finished == 0 => ("good", "Finished: there were no rows.".to_owned()),
        (None, Some(_)) => (
            tone(bad),
            format!("Finished: {}; {good}.{place}", rows(finished)),
        ),
        (None, None) if finished == 0 => ("good", "The report has no rows yet.".to_owned()),
        (None, None) => (
            tone(bad),
            format!("{} in the report; {good}.{place}", rows(finished)),
        ),
    }
}

fn tone(bad: u64) -> &'static str {
    if bad == 0 { "good" } else { "bad" }
}

fn capital(text: &str) -> String {
    let mut characters = text.chars();
    match characters.next() {
        Some(first) => first.to_uppercase().chain(characters).collect(),
        None => String::new(),
    }
}

fn facts(page: &Page<'_>, report: String) -> Vec<(&'static str, String)> {
    let statistics = page.statistics;
    let moment = |second| formatted(second, "%Y-%m-%d %H:%M:%S");
    let mut facts = vec![("Report", report)];
    if let Some(summary) = page.summary {
        let status = format!("{} ({})", summary.status.code(), summary.reason);
        facts.push(("Exit status", status));
        let start = moment(summary.started_at.as_second());
        facts.push(("Started", format!("{start} UTC")));
        facts.push(("Duration", span(summary.elapsed)));
        if summary.counts.already_reported > 0 {
            let earlier = grouped(summary.counts.already_reported);
            facts.push(("Rows of earlier runs", earlier));
        }
        let run = summary.counts;
        let throttled = match run.throttled {
            0 => "none with status 429".to_owned(),
            some => format!("{} with status 429", grouped(some)),
        };
        let requests = format!("{}, {throttled}", grouped(run.requests));
        facts.push(("Requests of this run", requests));
        facts.extend(lookups(&run.lookup).map(|lookups| ("Lookups", lookups)));
        facts.extend(existed_before(run).map(|existed| ("Existed before", existed)));
        if let Some((share, why)) = run.quota_use() {
            let why = why.filter(|_| share < WORTH_A_REASON);
            let why = why.map(|why| format!("; {}", why.as_str().replace('`', "")));
            let share = format!("{:.0} % used{}", share * 100.0, why.unwrap_or_default());
            facts.push(("Quota", share));
        }
        if let Some(daily) = run.daily {
            let left = format!("{} of {}", grouped(daily.remaining), grouped(daily.limit));
            facts.push(("Requests left today", left));
        }
        return facts;
    }
    if let Some((first, last)) = statistics.first_and_last() {
        let times = [first, last].map(|time| moment(time.as_second()));
        facts.push(("First row ended", format!("{} UTC", times[0])));
        facts.push(("Last row ended", format!("{} UTC", times[1])));
    }
    facts.push(("Requests for these rows", statistics.requests().to_string()));
    let existed = existed_before(statistics.counts());
    facts.extend(existed.map(|existed| ("Existed before", existed)));
    facts
}

fn series_style(kind: OutcomeKind) -> SeriesStyle {
    match kind {
        OutcomeKind::Associated => SeriesStyle::Associated,
        OutcomeKind::Rejected => SeriesStyle::Rejected,
        OutcomeKind::Failed => SeriesStyle::Failed,
        OutcomeKind::Invalid => SeriesStyle::Invalid,
        OutcomeKind::Skipped => SeriesStyle::Skipped,
    }
}

fn meaning(kind: OutcomeKind) -> &'static str {
    match kind {
        OutcomeKind::Associated => "HubSpot’s reply confirms the association.",
        OutcomeKind::Rejected => {
            "HubSpot refused the pair. Correct the cause, then send the row again."
        }
        OutcomeKind::Failed => {
            "Every attempt failed for a temporary cause. Send the row again later."
        }
        OutcomeKind::Invalid => "The row is invalid and was not sent.",
        OutcomeKind::Skipped => "The row did not have to be sent.",
    }
}

fn outcomes(counts: &RunCounts) -> Vec<Outcome> {
    let finished = counts.finished();
    OutcomeKind::ALL
        .into_iter()
        .map(|kind| Outcome {
            color: series_style(kind).hex(),
            word: kind.as_str(),
            rows: grouped(counts.of(kind)),
            share: share(counts.of(kind), finished),
            meaning: meaning(kind),
        })
        .collect()
}

fn outcome_figure(counts: &RunCounts) -> Figure {
    let finished = counts.finished();
    let there = OutcomeKind::ALL
        .into_iter()
        .filter(|&kind| counts.of(kind) > 0);
    let parts: Vec<String> = there
        .map(|kind| format!("{} {kind}", share(counts.of(kind), finished)))
        .collect();
    Figure {
        alt: format!("Rows by outcome: {}.", parts.join(", ")),
        svg: shares(&OutcomeKind::ALL.map(|kind| (series_style(kind), counts.of(kind)))),
        keys: Vec::new(),
    }
}

fn category(count: &CategoryCount) -> Category {
    Category {
        name: excerpt(&count.category, 120),
        outcome: count.kind.as_str(),
        rows: rows(count.rows),
        advice: capital(advice(count)),
        examples: count.examples.iter().map(sample).collect(),
    }
}

fn sample(example: &Example) -> Sample {
    let [from_type, from_id, to_type, to_id] =
        example.values.each_ref().map(|value| excerpt(value, 60));
    let [from_key, to_key] = example.keys.each_ref().map(|key| excerpt(key, 60));
    let (from, to) = (named(from_id, from_key), named(to_id, to_key));
    Sample {
        row: grouped(example.key.row),
        line: grouped(example.key.line),
        pair: format!("{from_type} {from} → {to_type} {to}"),
        status: example
            .http_status
            .map_or("none".to_owned(), |status| status.to_string()),
        message: excerpt(&example.message, MAX_MESSAGE_CHARS),
        correlation_id: match &example.correlation_id {
            Some(id) => excerpt(id, 200),
            None => "none".to_owned(),
        },
    }
}

/// A record's id, with the key by which it was found; the key alone if none was found.
fn named(id: String, key: String) -> String {
    match (id.is_empty(), key.is_empty()) {
        (_, true) => id,
        (true, false) => key,
        (false, false) => format!("{id} ({key})"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::pair::RowKey;

    #[test]
    fn an_example_names_a_record_by_its_id_and_its_key() {
        for (id, key, shown) in [
            ("17", "", "17"),
            ("", "ada@acme.com", "ada@acme.com"),
            ("17", "ada@acme.com", "17 (ada@acme.com)"),
        ] {
            let example = Example {
                key: RowKey { row: 1, line: 2 },
                values: ["contacts", id, "deals", "9"].map(str::to_owned),
                keys: [key.to_owned(), String::new()],
                http_status: None,
                message: String::new(),
                correlation_id: None,
            };
            let pair = sample(&example).pair;
            assert_eq!(pair, format!("contacts {shown} → deals 9"));
        }
    }

    #[test]
    fn a_share_is_never_rounded_to_all_or_nothing() {
        for (part, whole, text) in [
            (0, 0, "0 %"),
            (0, 10, "0 %"),
            (10, 10, "100 %"),
            (1, 3, "33.3 %"),
            (1, 10_000_000, "under 0.1 %"),
            (9_999_999, 10_000_000, "over 99.9 %"),
        ] {
            assert_eq!(share(part, whole), text);
        }
    }
}
