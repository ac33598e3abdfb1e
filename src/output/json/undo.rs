//! Renders the plan of an undo, and how the undo ended, as one JSON object for scripts. Pure. An incompatible change
//! increases the version.

use serde::Serialize;

use crate::output::json::format::pretty;
use crate::output::json::run::{Exit, Next, stamp};
use crate::output::undo_summary::{PlanSummary, UndoSummary};
use crate::process::program::Program;
use crate::undo::plan::Plan;

/// The version of the JSON format.
const VERSION: u32 = 1;

impl PlanSummary<'_> {
    /// The plan as one JSON object that ends with a line break.
    #[must_use]
    pub fn to_json(&self) -> String {
        pretty(&PlanJson {
            version: VERSION,
            program: Program::THIS,
            report: self.report.to_string_lossy().into_owned(),
            report_finished: self.is_finished,
            undo_report: self
                .earlier
                .map(|undo| undo.path.to_string_lossy().into_owned()),
            settled: self.earlier.map_or(0, |undo| undo.settled),
            portal: self.plan.portal,
            plan: Planned::of(self.plan),
            next: self.next.map(Next::of),
        })
    }
}

impl UndoSummary<'_> {
    /// The summary as one JSON object that ends with a line break.
    #[must_use]
    pub fn to_json(&self) -> String {
        let totals = self.totals;
        let ended_at = self.started_at.checked_add(self.elapsed);
        pretty(&Json {
            version: VERSION,
            program: Program::THIS,
            report: self.report.to_string_lossy().into_owned(),
            undo_report: self.output.to_string_lossy().into_owned(),
            portal: self.plan.portal,
            started_at: stamp(self.started_at),
            ended_at: stamp(ended_at.unwrap_or(self.started_at)),
            elapsed_seconds: self.elapsed.as_secs_f64(),
            exit: Exit::of(self.status, self.reason, self.resumable, self.problem),
            plan: Planned::of(self.plan),
            rows: Rows {
                settled: totals.rows(),
                earlier: self.earlier,
                removed: totals.removed,
                labels_only: totals.labels,
                kept: totals.kept,
                gone: totals.gone,
                failed: totals.failed,
            },
            kept: reasons(totals.kept_by_reason()),
            failed: reasons(totals.failed_by_reason()),
            requests: Requests {
                sent: self.counts.requests,
                throttled: self.counts.throttled,
                link_reads: self.counts.links.reads,
                link_removals: self.counts.links.removals,
            },
            next: self.next.map(Next::of),
        })
    }
}

#[derive(Serialize)]
struct PlanJson<'s> {
    version: u32,
    program: Program,
    report: String,
    /// Whether the import that wrote the report has finished.
    report_finished: bool,
    /// The undo report of an earlier undo, if it has final lines.
    undo_report: Option<String>,
    /// The number of its final lines. If it equals the associated rows, there is nothing to do.
    settled: u64,
    portal: Option<u64>,
    plan: Planned,
    next: Option<Next<'s>>,
}

#[derive(Serialize)]
struct Json<'s> {
    version: u32,
    program: Program,
    report: String,
    undo_report: String,
    portal: Option<u64>,
    started_at: String,
    ended_at: String,
    elapsed_seconds: f64,
    exit: Exit<'s>,
    plan: Planned,
    rows: Rows,
    kept: Vec<Reason>,
    failed: Vec<Reason>,
    requests: Requests,
    next: Option<Next<'s>>,
}

/// The plan, in rows of the report.
#[derive(Serialize)]
struct Planned {
    associated: u64,
    not_associated: u64,
    /// Links, and links that stay and lose labels.
    remove: u64,
    types: Vec<Types>,
    /// The number of links that stay and lose labels.
    labels_only: u64,
    /// The labels that these lose.
    labels: Vec<Labels>,
    keep: u64,
    reasons: Vec<Reason>,
}

impl Planned {
    fn of(plan: &Plan) -> Self {
        let types = plan.types.listed().into_iter();
        Self {
            associated: plan.associated,
            not_associated: plan.others,
            remove: plan.remove,
            types: types
                .map(|([from_object_type, to_object_type], links)| Types {
                    from_object_type,
                    to_object_type,
                    links,
                })
                .collect(),
            labels_only: plan.stay,
            labels: plan
                .labels
                .listed()
                .into_iter()
                .map(|(label, links)| Labels { label, links })
                .collect(),
            keep: plan.kept_rows(),
            reasons: reasons(plan.kept.iter().copied()),
        }
    }
}

#[derive(Serialize)]
struct Labels {
    /// `CATEGORY:ID:label`.
    label: String,
    links: u64,
}

#[derive(Serialize)]
struct Types {
    from_object_type: String,
    to_object_type: String,
    links: u64,
}

/// Rows that are kept for the same reason.
#[derive(Serialize)]
struct Reason {
    reason: String,
    rows: u64,
}

fn reasons<'t>(counts: impl IntoIterator<Item = (&'t str, u64)>) -> Vec<Reason> {
    let counts = counts.into_iter();
    counts
        .map(|(reason, rows)| Reason {
            reason: reason.to_owned(),
            rows,
        })
        .collect()
}

#[derive(Serialize)]
struct Rows {
    settled: u64,
    earlier: u64,
    removed: u64,
    /// Those of `removed` of which only labels were removed.
    labels_only: u64,
    kept: u64,
    gone: u64,
    failed: u64,
}

#[derive(Serialize)]
struct Requests {
    sent: u64,
    throttled: u64,
    link_reads: u64,
    link_removals: u64,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::fixtures::pair;
    use crate::domain::label_set::LabelSet;
    use crate::domain::proof::UndoOutcome;
    use crate::domain::run_counts::RunCounts;
    use crate::exit_status::ExitStatus;
    use crate::undo::totals::UndoTotals;
    use jiff::Timestamp;
    use serde_json::{Value, json};
    use std::path::Path;
    use std::time::Duration;

    #[test]
    fn a_plan_says_what_is_removed_and_in_which_portal() {
        let mut plan = Plan {
            associated: 5,
            remove: 3,
            stay: 1,
            kept: vec![("the link existed before the import", 3)],
            ..Plan::new(Some(7))
        };
        for company in ["companies 2", "companies 3"] {
            plan.types.add(&pair("contacts 1", company));
        }
        plan.labels
            .add(&LabelSet::parse("USER_DEFINED:37:Billing").unwrap());
        let summary = PlanSummary {
            plan: &plan,
            report: Path::new("r.csv"),
            is_finished: true,
            earlier: None,
            next: None,
        };
        let found: Value = serde_json::from_str(&summary.to_json()).unwrap();
        assert_eq!(found["portal"], 7);
        assert_eq!(found["report_finished"], true);
        assert_eq!(
            found["plan"],
            json!({
                "associated": 5,
                "not_associated": 0,
                "remove": 3,
                "types": [{"from_object_type": "contacts", "to_object_type": "companies", "links": 2}],
                "labels_only": 1,
                "labels": [{"label": "USER_DEFINED:37:Billing", "links": 1}],
                "keep": 2,
                "reasons": [{"reason": "the link existed before the import", "rows": 3}],
            })
        );
    }

    #[test]
    fn the_summary_has_the_rows_by_outcome_and_the_exit_status() {
        let mut totals = UndoTotals::default();
        totals.add(UndoOutcome::Removed, "");
        totals.add(UndoOutcome::Kept, "has the label A since");
        totals.add(UndoOutcome::Failed, "no reply");
        let summary = UndoSummary {
            totals: &totals,
            plan: &Plan::new(Some(7)),
            earlier: 0,
            counts: &RunCounts::default(),
            report: Path::new("r.csv"),
            output: Path::new("u.csv"),
            started_at: Timestamp::UNIX_EPOCH,
            elapsed: Duration::from_secs(2),
            status: ExitStatus::SomeRowsNot,
            reason: "finished",
            resumable: false,
            problem: None,
            next: None,
        };
        let found: Value = serde_json::from_str(&summary.to_json()).unwrap();
        assert_eq!(
            found["rows"],
            json!({"settled": 3, "earlier": 0, "removed": 1, "labels_only": 0, "kept": 1, "gone": 0, "failed": 1})
        );
        assert_eq!(
            found["kept"],
            json!([{"reason": "has the label A since", "rows": 1}])
        );
        assert_eq!(found["failed"], json!([{"reason": "no reply", "rows": 1}]));
        assert_eq!(found["exit"]["status"], 1);
        assert_eq!(found["ended_at"], "1970-01-01T00:00:02.000Z");
    }
}
