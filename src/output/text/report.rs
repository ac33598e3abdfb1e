//! Renders the summary of a report that was read back, as text and as JSON. docs/report.schema.json is the schema of
//! the JSON.

use std::path::Path;

use serde::Serialize;

use crate::number::{grouped, rows};
use crate::output::json::format::pretty;
use crate::output::json::run::{Category, Next, Outcomes, Rejects, categories, stamp};
use crate::output::summary::{NextStep, RejectsFile, shown};
use crate::output::text::lines::Lines;
use crate::output::text::run::{add_categories, add_outcomes};
use crate::process::program::Program;
use crate::report::end_of_run::EndOfRun;
use crate::report::stats::durations::Percentiles;
use crate::report::stats::statistics::Statistics;

/// The version of the JSON format.
const VERSION: u32 = 1;

/// What the summary says about a run without an end.
const NOT_FINISHED: &str = "not finished: it was stopped, or it is still running";

/// The data for the summary of a report.
#[derive(Debug)]
pub struct ReportSummary<'s> {
    /// The statistics of its lines.
    pub statistics: &'s Statistics,
    /// The report.
    pub report: &'s Path,
    /// The rejects file, if one was written.
    pub rejects: Option<RejectsFile<'s>>,
    /// The HTML page, if one was written.
    pub html: Option<&'s Path>,
    /// The suggested next step, if there is one.
    pub next: Option<&'s NextStep>,
}

impl ReportSummary<'_> {
    /// The summary as text; each line ends with a line break.
    #[must_use]
    pub fn to_text(&self) -> String {
        let counts = self.statistics.counts();
        let settled = counts.finished();
        let mut lines = Lines::default();
        lines.about(
            "report",
            format!("{}, {}", shown(self.report), rows(settled)),
        );
        let rehearsed = match self.statistics.rehearsed() {
            0 => None,
            all if all == settled => Some("none of its rows was linked in HubSpot".to_owned()),
            some => Some(format!(
                "{} of its rows were not linked in HubSpot",
                grouped(some)
            )),
        };
        lines.about_some("rehearsal", rehearsed);
        let portals = self.statistics.portals();
        let portals = portals.iter().map(u64::to_string).collect::<Vec<_>>();
        lines.about_some(
            "portal",
            Some(portals.join(", ")).filter(|shown| !shown.is_empty()),
        );
        let is_unfinished = self.statistics.end_of_run() == EndOfRun::NotFinished;
        lines.about_some("run", is_unfinished.then_some(NOT_FINISHED));
        add_outcomes(counts, &mut lines);
        add_categories(counts, &mut lines);
        lines.about("requests", self.statistics.requests());
        lines.about_some("rejects", self.rejects);
        lines.about_some("HTML report", self.html.map(shown));
        lines.about_some("next", self.next);
        lines.into_text()
    }

    /// The summary as one JSON object, with more details; it ends with a line break.
    #[must_use]
    pub fn to_json(&self) -> String {
        let counts = self.statistics.counts();
        let ends = self.statistics.first_and_last();
        pretty(&Json {
            version: VERSION,
            program: Program::THIS,
            report: self.report.to_string_lossy().into_owned(),
            rehearsal: self.statistics.rehearsed() > 0,
            portal_ids: self.statistics.portals(),
            finished: match self.statistics.end_of_run() {
                EndOfRun::Finished => Some(true),
                EndOfRun::NotFinished => Some(false),
                EndOfRun::NotNoted => None,
            },
            rows: Rows {
                settled: counts.finished(),
                outcomes: Outcomes::of(counts),
            },
            categories: categories(counts),
            requests: Requests::of(self.statistics),
            first_finished_at: ends.map(|(first, _)| stamp(first)),
            last_finished_at: ends.map(|(_, last)| stamp(last)),
            duration_ms: self.statistics.durations().percentiles(),
            attempts: self
                .statistics
                .attempts()
                .map(|(attempts, rows)| Attempts { attempts, rows })
                .collect(),
            files: Files {
                rejects: self.rejects.map(Rejects::from),
                html: self.html.map(|path| path.to_string_lossy().into_owned()),
            },
            next: self.next.map(Next::of),
        })
    }
}

#[derive(Serialize)]
struct Json<'s> {
    version: u32,
    program: Program,
    report: String,
    rehearsal: bool,
    portal_ids: &'s [u64],
    finished: Option<bool>,
    rows: Rows,
    categories: Vec<Category<'s>>,
    requests: Requests,
    first_finished_at: Option<String>,
    last_finished_at: Option<String>,
    duration_ms: Option<Percentiles>,
    attempts: Vec<Attempts>,
    files: Files,
    next: Option<Next<'s>>,
}

#[derive(Serialize)]
struct Rows {
    settled: u64,
    #[serde(flatten)]
    outcomes: Outcomes,
}

#[derive(Serialize)]
struct Requests {
    sent: Option<u64>,
    at_least: u64,
    at_most: u64,
}

impl Requests {
    fn of(statistics: &Statistics) -> Self {
        let requests = statistics.requests();
        Self {
            sent: requests.exact(),
            at_least: requests.at_least,
            at_most: requests.at_most,
        }
    }
}

#[derive(Serialize)]
struct Attempts {
    attempts: u64,
    rows: u64,
}

#[derive(Serialize)]
struct Files {
    rejects: Option<Rejects>,
    html: Option<String>,
}
