//! Renders the summary of a run as one JSON object for scripts. docs/summary.schema.json is its schema; an
//! incompatible change increases the version.

use std::borrow::Cow;

use jiff::Timestamp;
use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};

use crate::diagnostic::Problem;
use crate::domain::outcome::OutcomeKind;
use crate::domain::run_counts::{CategoryCount, Example, RunCounts};
use crate::domain::utilization::LimitingFactor;
use crate::exit_status::ExitStatus;
use crate::output::advice::advice;
use crate::output::json::format::pretty;
use crate::output::json::reads::{Existed, Lookup};
use crate::output::summary::{NextStep, RejectsFile, Summary};
use crate::process::program::Program;

/// The version of the JSON format.
const VERSION: u32 = 1;

impl Summary<'_> {
    /// The summary as one JSON object that ends with a line break.
    #[must_use]
    pub fn to_json(&self) -> String {
        let utilization = self.counts.quota_use();
        let ended_at = self.started_at.checked_add(self.elapsed);
        pretty(&Json {
            version: VERSION,
            program: Program::THIS,
            input: self.input,
            report: self.report.map(|path| path.to_string_lossy().into_owned()),
            rehearsal: self.rehearsed,
            started_at: stamp(self.started_at),
            ended_at: stamp(ended_at.unwrap_or(self.started_at)),
            elapsed_seconds: self.elapsed.as_secs_f64(),
            exit: Exit::of(self.status, self.reason, self.resumable, self.problem),
            rows: Rows {
                settled: self.counts.finished(),
                earlier: self.counts.already_reported,
                outcomes: Outcomes::of(self.counts),
            },
            categories: categories(self.counts),
            requests: Requests {
                sent: self.counts.requests,
                throttled: self.counts.throttled,
            },
            lookup: Lookup::of(&self.counts.lookup),
            existed_before: Existed::of(self.counts),
            quota: QuotaUse {
                used_ratio: utilization.map(|(share, _)| share),
                why_less: utilization
                    .and_then(|(_, why)| why)
                    .map(LimitingFactor::as_str),
                daily_limit: self.counts.daily.map(|daily| daily.limit),
                daily_remaining: self.counts.daily.map(|daily| daily.remaining),
            },
            files: Files {
                rejects: self.rejects.map(Rejects::from),
                html: self.html.map(|path| path.to_string_lossy().into_owned()),
            },
            next: self.next.map(Next::of),
        })
    }
}

/// Whether this content is a summary that this program wrote.
#[must_use]
pub fn is_summary(content: &[u8]) -> bool {
    /// The fields that identify a summary.
    #[derive(Deserialize)]
    struct Mark<'m> {
        #[serde(borrow)]
        program: Named<'m>,
        #[serde(rename = "version")]
        _version: u32,
        #[serde(rename = "exit")]
        _exit: IgnoredAny,
    }
    #[derive(Deserialize)]
    struct Named<'m> {
        #[serde(borrow)]
        name: Cow<'m, str>,
    }
    let mark = serde_json::from_slice::<Mark<'_>>(content);
    mark.is_ok_and(|mark| mark.program.name == Program::THIS.name)
}

/// RFC 3339 in UTC, as in the report.
pub(crate) fn stamp(time: Timestamp) -> String {
    format!("{time:.3}")
}

/// The categories, most frequent first, with what to do about them.
pub(crate) fn categories(counts: &RunCounts) -> Vec<Category<'_>> {
    counts.categories().into_iter().map(Category::of).collect()
}

#[derive(Serialize)]
struct Json<'s> {
    version: u32,
    program: Program,
    input: &'s str,
    report: Option<String>,
    rehearsal: bool,
    started_at: String,
    ended_at: String,
    elapsed_seconds: f64,
    exit: Exit<'s>,
    rows: Rows,
    categories: Vec<Category<'s>>,
    requests: Requests,
    lookup: Option<Lookup>,
    existed_before: Option<Existed>,
    quota: QuotaUse,
    files: Files,
    next: Option<Next<'s>>,
}

/// How the program ended.
#[derive(Serialize)]
pub(crate) struct Exit<'s> {
    status: u8,
    reason: &'static str,
    resumable: bool,
    message: Option<&'s str>,
    causes: &'s [String],
    hint: Option<&'s str>,
}

impl<'s> Exit<'s> {
    pub(crate) fn of(
        status: ExitStatus,
        reason: &'static str,
        resumable: bool,
        problem: Option<&'s Problem>,
    ) -> Self {
        Self {
            status: status.code(),
            reason,
            resumable,
            message: problem.map(|problem| problem.what.as_str()),
            causes: problem.map_or(&[], |problem| &problem.causes),
            hint: problem.and_then(|problem| problem.hint.as_deref()),
        }
    }
}

#[derive(Serialize)]
struct Rows {
    settled: u64,
    earlier: u64,
    #[serde(flatten)]
    outcomes: Outcomes,
}

/// Rows by outcome.
#[derive(Serialize)]
pub(crate) struct Outcomes {
    associated: u64,
    rejected: u64,
    failed: u64,
    invalid: u64,
    skipped: u64,
}

impl Outcomes {
    pub(crate) fn of(counts: &RunCounts) -> Self {
        Self {
            associated: counts.of(OutcomeKind::Associated),
            rejected: counts.of(OutcomeKind::Rejected),
            failed: counts.of(OutcomeKind::Failed),
            invalid: counts.of(OutcomeKind::Invalid),
            skipped: counts.of(OutcomeKind::Skipped),
        }
    }
}

/// A category of rows that are not associated.
#[derive(Serialize)]
pub(crate) struct Category<'t> {
    #[serde(rename = "category")]
    name: &'t str,
    cause: Option<&'static str>,
    outcome: &'static str,
    rows: u64,
    advice: &'static str,
    examples: Vec<ExampleRow<'t>>,
}

impl<'t> Category<'t> {
    fn of(count: &'t CategoryCount) -> Self {
        Self {
            name: &count.category,
            cause: count.cause.as_str(),
            outcome: count.kind.as_str(),
            rows: count.rows,
            advice: advice(count),
            examples: count.examples.iter().map(ExampleRow::of).collect(),
        }
    }
}

#[derive(Serialize)]
struct ExampleRow<'t> {
    row: u64,
    line: u64,
    from_object_type: &'t str,
    from_object_id: &'t str,
    to_object_type: &'t str,
    to_object_id: &'t str,
    from_key: Option<&'t str>,
    to_key: Option<&'t str>,
    http_status: Option<u16>,
    message: &'t str,
    correlation_id: Option<&'t str>,
}

impl<'t> ExampleRow<'t> {
    fn of(example: &'t Example) -> Self {
        let [
            from_object_type,
            from_object_id,
            to_object_type,
            to_object_id,
        ] = example.values.each_ref().map(String::as_str);
        let [from_key, to_key] = example.keys.each_ref().map(|key| {
            let key = key.as_str();
            (!key.is_empty()).then_some(key)
        });
        Self {
            row: example.key.row,
            line: example.key.line,
            from_object_type,
            from_object_id,
            to_object_type,
            to_object_id,
            from_key,
            to_key,
            http_status: example.http_status,
            message: &example.message,
            correlation_id: example.correlation_id.as_deref(),
        }
    }
}

#[derive(Serialize)]
struct Requests {
    sent: u64,
    throttled: u64,
}

#[derive(Serialize)]
struct QuotaUse {
    used_ratio: Option<f64>,
    why_less: Option<&'static str>,
    daily_limit: Option<u64>,
    daily_remaining: Option<u64>,
}

#[derive(Serialize)]
struct Files {
    rejects: Option<Rejects>,
    html: Option<String>,
}

/// What to do next.
#[derive(Serialize)]
pub(crate) struct Next<'s> {
    what: &'s str,
    command: &'s str,
}

impl<'s> Next<'s> {
    pub(crate) fn of(step: &'s NextStep) -> Self {
        Self {
            what: &step.what,
            command: &step.command,
        }
    }
}

/// A file of rows that are not associated.
#[derive(Serialize)]
pub(crate) struct Rejects {
    path: String,
    rows: u64,
}

impl From<RejectsFile<'_>> for Rejects {
    fn from(file: RejectsFile<'_>) -> Self {
        Self {
            path: file.path.to_string_lossy().into_owned(),
            rows: file.rows,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::fixtures::{details, outcome};
    use crate::domain::lookup_counts::LookupCounts;
    use crate::domain::outcome::Outcome;
    use crate::domain::row_keys::{CellKey, RowKeys};
    use crate::output::exit_reason::FINISHED;
    use serde_json::Value;
    use std::time::Duration;

    /// The JSON of a run with these counts, which the schema describes.
    fn json(counts: &RunCounts) -> Value {
        let schema = include_str!("../../../docs/summary.schema.json");
        let schema: Value = serde_json::from_str(schema).unwrap();
        let summary = Summary {
            input: "pairs.csv",
            report: None,
            rehearsed: false,
            started_at: Timestamp::UNIX_EPOCH,
            elapsed: Duration::ZERO,
            counts,
            status: ExitStatus::Done,
            reason: FINISHED,
            resumable: false,
            problem: None,
            rejects: None,
            html: None,
            next: None,
        };
        let json: Value = serde_json::from_str(&summary.to_json()).unwrap();
        jsonschema::validate(&schema, &json).unwrap();
        json
    }

    #[test]
    fn an_example_of_a_row_by_key_shows_the_key() {
        let mut counts = RunCounts::default();
        counts.count(&Outcome {
            keys: Some(Box::new(RowKeys {
                from: Some(CellKey {
                    cell: "ada@acme.com".into(),
                    matched: None,
                }),
                to: None,
            })),
            details: details("CLIENT_KEY_NOT_FOUND", "no contact has this email"),
            ..outcome(1, OutcomeKind::Rejected)
        });
        let example = &json(&counts)["categories"][0]["examples"][0];
        assert_eq!(example["from_key"], "ada@acme.com");
        assert_eq!(example["to_key"], Value::Null);
    }

    #[test]
    fn rows_are_counted_by_whether_their_pair_was_linked_as_the_schema_says() {
        let existed = |counts: &RunCounts| json(counts)["existed_before"].clone();
        let mut counts = RunCounts::default();
        assert_eq!(existed(&counts), Value::Null);
        counts.existed.yes = 3;
        counts.existed.no = 2;
        counts.existed.unknown = 1;
        counts.skipped_as_linked = 3;
        counts.links.reads = 4;
        let expected =
            serde_json::json!({"yes": 3, "no": 2, "unknown": 1, "skipped": 3, "calls": 4});
        assert_eq!(existed(&counts), expected);
    }

    #[test]
    fn keys_are_counted_by_their_answer_as_the_schema_says() {
        let lookup = |counts: &RunCounts| json(counts)["lookup"].clone();
        let mut counts = RunCounts::default();
        assert_eq!(lookup(&counts), Value::Null);
        counts.lookup = LookupCounts {
            calls: 9,
            exact: 1,
            folded: 2,
            secondary: 3,
            search: 4,
            not_found: 5,
            ambiguous: 6,
            refused: 7,
            failed: 8,
        };
        assert_eq!(
            lookup(&counts),
            serde_json::json!({
                "keys": 36,
                "calls": 9,
                "exact": 1,
                "folded": 2,
                "secondary": 3,
                "search": 4,
                "not_found": 5,
                "ambiguous": 6,
                "refused": 7,
                "failed": 8,
            })
        );
    }
}
