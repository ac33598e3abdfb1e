//! Turns statistics into the texts of the page. Pure.

use askama::Template;

use crate::domain::outcome::OutcomeKind;
use crate::domain::run_counts::RunCounts;
use crate::number::{grouped, rows, span};
use crate::output::existing::existed_before;
use crate::output::html::categories::{Category, categories};
use crate::output::html::chart::{SeriesStyle, shares};
use crate::output::html::duration_chart::DurationChart;
use crate::output::html::figure::{Figure, Part, share};
use crate::output::html::frame::{causes, made, shown, steps, stopped};
use crate::output::html::page::Page;
use crate::output::html::time_axis::formatted;
use crate::output::html::timeline_chart::TimelineChart;
use crate::output::lookups::lookups;
use crate::output::summary::{Summary, WORTH_A_REASON};
use crate::report::stats::statistics::Statistics;

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
    outcomes: Vec<Part>,
    outcome_figure: Figure,
    categories: Vec<Category>,
    more_categories: Option<String>,
    timeline: Option<TimelineChart>,
    durations: Option<DurationChart>,
    /// The purpose of each command, and the command.
    steps: Vec<(String, String)>,
    made: String,
}

impl View {
    pub(crate) fn of(page: &Page<'_>) -> Self {
        let counts = page.statistics.counts();
        let input = page.summary.map(|summary| shown(summary.input));
        let report = shown(&page.report.to_string_lossy());
        let (tone, lead) = lead(page.statistics, page.summary);
        let (categories, more_categories) = categories(counts);
        let problem = page.summary.and_then(|summary| summary.problem);
        Self {
            style: include_str!("page.css"),
            title: match &input {
                Some(input) => format!("Import of {input}"),
                None => format!("Report {report}"),
            },
            tone,
            lead,
            causes: causes(problem),
            facts: facts(page, report),
            outcomes: outcomes(counts),
            outcome_figure: outcome_figure(counts),
            categories,
            more_categories,
            timeline: TimelineChart::of(page.statistics, page.summary.is_some()),
            durations: DurationChart::of(page.statistics),
            steps: steps(page.steps),
            made: made(page.made_at, page.report),
        }
    }
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
        (Some(problem), _) => ("stopped", stopped(problem)),
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

fn outcomes(counts: &RunCounts) -> Vec<Part> {
    let finished = counts.finished();
    OutcomeKind::ALL
        .into_iter()
        .map(|kind| Part {
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

#[cfg(test)]
mod tests {
    use super::*;

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
