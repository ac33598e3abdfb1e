//! Renders how `verify` ended as one JSON object for scripts. docs/verify.schema.json is its schema; an incompatible
//! change increases the version.

use serde::Serialize;

use crate::output::json::format::pretty;
use crate::output::json::reads::Lookup;
use crate::output::json::run::{Category, Exit, Next, Rejects, categories, stamp};
use crate::output::verify_summary::{VerifySource, VerifySummary};
use crate::process::program::Program;
use crate::verify::totals::{MissingCounts, StateCounts, TypesCounts};

/// The version of the JSON format.
const VERSION: u32 = 1;

impl VerifySummary<'_> {
    /// The summary as one JSON object that ends with a line break.
    #[must_use]
    pub fn to_json(&self) -> String {
        let totals = self.totals;
        let ended_at = self.started_at.checked_add(totals.elapsed);
        pretty(&Json {
            version: VERSION,
            program: Program::THIS,
            input: self.input,
            source: Source::of(self.source),
            report: self.report.to_string_lossy().into_owned(),
            expect: if totals.expects_absent {
                "absent"
            } else {
                "present"
            },
            started_at: stamp(self.started_at),
            ended_at: stamp(ended_at.unwrap_or(self.started_at)),
            elapsed_seconds: totals.elapsed.as_secs_f64(),
            exit: Exit::of(self.status, self.reason, self.resumable, self.problem),
            pairs: Pairs {
                verified: totals.states.pairs(),
                earlier: totals.from_earlier_runs,
                as_expected: totals.expected(),
                not_as_expected: totals.unexpected(),
                states: States::of(&totals.states),
            },
            missing: Missing::of(&totals.states.missing),
            rows: Rows {
                invalid: totals.invalid,
                not_verified: totals.left_out,
                without_line: totals.without_line,
            },
            sample: totals.sample.map(|sample| Sample {
                seed: sample.seed,
                pairs: sample.pairs,
                of: sample.of,
            }),
            types: totals.by_types.iter().map(Types::of).collect(),
            categories: categories(self.counts),
            requests: Requests {
                sent: self.counts.requests,
                throttled: self.counts.throttled,
                link_reads: totals.calls.reads,
                record_reads: totals.calls.record_reads,
            },
            lookup: Lookup::of(&self.counts.lookup),
            files: Files {
                missing: self.missing.map(Rejects::from),
                html: self.html.map(|path| path.to_string_lossy().into_owned()),
            },
            next: self.next.iter().map(Next::of).collect(),
        })
    }
}

#[derive(Serialize)]
struct Json<'s> {
    version: u32,
    program: Program,
    input: &'s str,
    source: Source,
    report: String,
    expect: &'static str,
    started_at: String,
    ended_at: String,
    elapsed_seconds: f64,
    exit: Exit<'s>,
    pairs: Pairs,
    missing: Missing,
    rows: Rows,
    sample: Option<Sample>,
    types: Vec<Types<'s>>,
    categories: Vec<Category<'s>>,
    requests: Requests,
    lookup: Option<Lookup>,
    files: Files,
    next: Vec<Next<'s>>,
}

/// What the pairs were read from.
#[derive(Serialize)]
struct Source {
    kind: &'static str,
    /// Whether the import had finished; none for a file of pairs.
    finished: Option<bool>,
}

impl Source {
    fn of(source: VerifySource) -> Self {
        match source {
            VerifySource::Report { is_finished } => Self {
                kind: "report",
                finished: Some(is_finished),
            },
            VerifySource::Input => Self {
                kind: "file",
                finished: None,
            },
        }
    }
}

#[derive(Serialize)]
struct Pairs {
    verified: u64,
    earlier: u64,
    as_expected: u64,
    not_as_expected: u64,
    #[serde(flatten)]
    states: States,
}

#[derive(Serialize)]
struct States {
    present: u64,
    missing: u64,
    unknown: u64,
}

impl States {
    fn of(states: &StateCounts) -> Self {
        Self {
            present: states.present,
            missing: states.missing.all(),
            unknown: states.unknown,
        }
    }
}

/// Missing pairs by what is known of their records.
#[derive(Serialize)]
struct Missing {
    records_exist: u64,
    #[serde(rename = "labels_missing")]
    without_labels: u64,
    deleted: u64,
    merged: u64,
    unknown: u64,
    not_asked: u64,
}

impl Missing {
    fn of(missing: &MissingCounts) -> Self {
        Self {
            records_exist: missing.exist,
            without_labels: missing.linked,
            deleted: missing.deleted,
            merged: missing.merged,
            unknown: missing.unknown,
            not_asked: missing.not_asked,
        }
    }
}

#[derive(Serialize)]
struct Rows {
    invalid: u64,
    not_verified: u64,
    without_line: u64,
}

#[derive(Serialize)]
struct Sample {
    seed: u64,
    pairs: u64,
    of: u64,
}

#[derive(Serialize)]
struct Types<'s> {
    from_object_type: &'s str,
    to_object_type: &'s str,
    #[serde(flatten)]
    states: States,
}

impl<'s> Types<'s> {
    fn of(counts: &'s TypesCounts) -> Self {
        let [from_object_type, to_object_type] = counts.types.each_ref().map(String::as_str);
        Self {
            from_object_type,
            to_object_type,
            states: States::of(&counts.states),
        }
    }
}

#[derive(Serialize)]
struct Requests {
    sent: u64,
    throttled: u64,
    link_reads: u64,
    record_reads: u64,
}

#[derive(Serialize)]
struct Files {
    missing: Option<Rejects>,
    html: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::fixtures::{details, outcome};
    use crate::domain::outcome::{Outcome, OutcomeKind};
    use crate::domain::run_counts::RunCounts;
    use crate::output::summary::{NextStep, RejectsFile};
    use crate::output::verify_summary::fixtures::{every_state, interrupted, summary, totals};
    use crate::verify::totals::{PairState, Sample, VerifyTotals};
    use serde_json::{Value, json};
    use std::path::Path;

    /// The JSON, which the schema describes. The schema names every field of it.
    fn valid(summary: &VerifySummary<'_>) -> Value {
        let schema = include_str!("../../../docs/verify.schema.json");
        let schema: Value = serde_json::from_str(schema).unwrap();
        let json: Value = serde_json::from_str(&summary.to_json()).unwrap();
        jsonschema::validate(&schema, &json).unwrap();
        for (name, value) in json.as_object().unwrap() {
            let described = &schema["properties"][name];
            assert!(described.is_object(), "{name}");
            for name in value.as_object().into_iter().flat_map(|value| value.keys()) {
                let is_described = [described, &described["oneOf"][1]]
                    .iter()
                    .any(|described| described["properties"][name].is_object());
                assert!(is_described || described["$ref"].is_string(), "{name}");
            }
        }
        json
    }

    #[test]
    fn every_count_has_its_name_as_the_schema_says() {
        let mut counts = RunCounts::default();
        counts.requests = 14;
        counts.lookup.calls = 1;
        counts.count(&Outcome {
            details: details("HTTP_502", "bad gateway"),
            ..outcome(1, OutcomeKind::Failed)
        });
        let totals = VerifyTotals {
            invalid: 3,
            left_out: 30,
            from_earlier_runs: 560,
            ..every_state()
        };
        let next = [NextStep {
            what: "import the missing pairs".into(),
            command: "do this".into(),
        }];
        let json = valid(&VerifySummary {
            missing: Some(RejectsFile {
                path: Path::new("missing.csv"),
                rows: 5,
            }),
            html: Some(Path::new("page.html")),
            next: &next,
            ..summary(&totals, &counts)
        });
        for (name, value) in [
            ("input", json!("pairs.report.csv")),
            ("source", json!({"kind": "report", "finished": true})),
            ("expect", json!("present")),
            ("started_at", json!("1970-01-01T00:00:00.000Z")),
            ("ended_at", json!("1970-01-01T00:01:12.000Z")),
            (
                "pairs",
                json!({"verified": 2000, "earlier": 560, "as_expected": 1990, "not_as_expected": 8, "present": 1990,
                       "missing": 8, "unknown": 2}),
            ),
            (
                "missing",
                json!({"records_exist": 5, "labels_missing": 0, "deleted": 2, "merged": 1, "unknown": 0, "not_asked": 0}),
            ),
            (
                "rows",
                json!({"invalid": 3, "not_verified": 30, "without_line": 0}),
            ),
            ("sample", Value::Null),
            (
                "types",
                json!([{"from_object_type": "contacts", "to_object_type": "companies", "present": 1990, "missing": 8,
                        "unknown": 2}]),
            ),
            (
                "requests",
                json!({"sent": 14, "throttled": 0, "link_reads": 12, "record_reads": 1}),
            ),
            (
                "files",
                json!({"missing": {"path": "missing.csv", "rows": 5}, "html": "page.html"}),
            ),
            (
                "next",
                json!([{"what": "import the missing pairs", "command": "do this"}]),
            ),
        ] {
            assert_eq!(json[name], value, "{name}");
        }
        assert_eq!(json["exit"]["status"], 1);
        assert_eq!(json["categories"][0]["category"], "HTTP_502");
        assert_eq!(json["lookup"]["calls"], 1);
    }

    #[test]
    fn a_sample_of_a_file_that_was_stopped_is_described_too() {
        let (counts, problem) = (RunCounts::default(), interrupted());
        let totals = VerifyTotals {
            expects_absent: true,
            sample: Some(Sample {
                seed: 7,
                pairs: 9,
                of: 1000,
            }),
            ..totals(&[(PairState::Present, 2)])
        };
        let json = valid(&VerifySummary {
            source: VerifySource::Input,
            reason: "interrupted",
            resumable: true,
            problem: Some(&problem),
            ..summary(&totals, &counts)
        });
        assert_eq!(json["source"], json!({"kind": "file", "finished": null}));
        assert_eq!(json["expect"], "absent");
        assert_eq!(json["sample"], json!({"seed": 7, "pairs": 9, "of": 1000}));
        assert_eq!(json["exit"]["message"], Value::from(problem.what));
        assert_eq!(json["pairs"]["not_as_expected"], 2);
        assert_eq!(json["lookup"], Value::Null);
    }
}
