//! Renders the plan of an undo, and how the undo ended. Pure.

use crate::number::{counted, grouped, rows, span};
use crate::output::summary::shown;
use crate::output::text::lines::Lines;
use crate::output::text::run::requests;
use crate::output::undo_summary::{EarlierUndo, PlanSummary, UndoSummary};
use crate::text::excerpt;

/// The maximum number of types, or of reasons, in a list.
const MAX_LISTED: usize = 10;

/// The maximum length of an entry of a list.
const MAX_ENTRY_CHARS: usize = 100;

/// What makes a report that proves its links.
const HOW_TO_PROVE: &str =
    "only a report of `import --check-existing` proves which links the import made";

impl PlanSummary<'_> {
    /// The plan as text; each line ends with a line break.
    #[must_use]
    pub fn to_text(&self) -> String {
        let plan = self.plan;
        let mut lines = Lines::default();
        let associated = counted(plan.associated, "associated row", "associated rows");
        lines.about("report", format!("{}, {associated}", shown(self.report)));
        if !self.is_finished {
            lines.about(
                "remark",
                "the import has not finished: later rows are not undone",
            );
        }
        lines.about_some("portal", plan.portal);
        lines.about("to remove", counted(plan.links(), "link", "links"));
        let types = plan.types.listed().into_iter();
        add_list(
            types.map(|([from, to], links)| (format!("{from} -> {to}"), links)),
            &mut lines,
        );
        if plan.stay > 0 {
            let stay = counted(plan.stay, "link that stays", "links that stay");
            lines.about("labels to remove", format!("of {stay}"));
            add_list(plan.labels.listed(), &mut lines);
        }
        if plan.kept_rows() > 0 {
            lines.about("to keep", rows(plan.kept_rows()));
            add_list(plan.kept.iter().copied(), &mut lines);
        }
        if plan.others > 0 {
            lines.about("not associated", rows(plan.others));
        }
        self.add_state(&mut lines);
        lines.about_some("next", self.next);
        lines.into_text()
    }

    /// What an earlier undo left, and what is left to do.
    fn add_state(&self, lines: &mut Lines) {
        match self.earlier {
            Some(EarlierUndo { path, .. }) if self.is_undone() => {
                lines.add(format!(
                    "nothing to do: {} has a line for each associated row",
                    shown(path)
                ));
                return;
            }
            Some(EarlierUndo { path, settled }) => lines.about(
                "earlier undo",
                format!(
                    "{} has final lines for {} of {}",
                    shown(path),
                    grouped(settled),
                    rows(self.plan.associated)
                ),
            ),
            None => {}
        }
        if self.plan.remove == 0 {
            lines.add("nothing to do: the report proves no link of the import");
            lines.add(HOW_TO_PROVE);
        } else {
            lines.add(
                "nothing was sent; each link is read again before it is removed, and kept if it has a label of others by then",
            );
        }
    }
}

impl UndoSummary<'_> {
    /// The summary as text; each line ends with a line break.
    #[must_use]
    pub fn to_text(&self) -> String {
        let totals = self.totals;
        let mut lines = Lines::default();
        lines.add(self.first_line());
        for (what, rows) in [
            ("removed", totals.removed),
            ("kept", totals.kept),
            ("gone", totals.gone),
            ("failed", totals.failed),
        ] {
            if rows > 0 {
                lines.add(format!("  {what:<11}{:>12}", grouped(rows)));
            }
        }
        if totals.labels > 0 {
            let stay = counted(totals.labels, "link that stays", "links that stay");
            lines.add(format!("of the removed, only labels: {stay}"));
        }
        if totals.kept > 0 {
            lines.add("kept because:");
            add_list(totals.kept_by_reason(), &mut lines);
        }
        if totals.failed > 0 {
            lines.add("failed because:");
            add_list(totals.failed_by_reason(), &mut lines);
        }
        lines.about_some("portal", self.plan.portal);
        let calls = &self.counts.links;
        lines.about(
            "calls",
            format!(
                "{}, {}",
                counted(calls.reads, "read", "reads"),
                counted(calls.removals, "removal", "removals")
            ),
        );
        lines.about("requests", requests(self.counts));
        lines.about("undo report", shown(self.output));
        // After an early stop, the error shows the next command.
        lines.about_some("next", self.next.filter(|_| self.problem.is_none()));
        lines.into_text()
    }

    /// How the run ended, the number of rows, and the time.
    fn first_line(&self) -> String {
        let state = match self.problem {
            None => "finished",
            Some(_) => "stopped",
        };
        let all = self.totals.rows();
        let earlier = match self.earlier {
            0 => String::new(),
            earlier => format!(
                ", {} of them in earlier runs; this run: {}",
                grouped(earlier),
                rows(all.saturating_sub(earlier))
            ),
        };
        format!("{state}: {}{earlier} in {}", rows(all), span(self.elapsed))
    }
}

/// Adds a line for each entry, as long as the list is short.
fn add_list<T: AsRef<str>>(entries: impl IntoIterator<Item = (T, u64)>, lines: &mut Lines) {
    let mut more = 0;
    for (place, (entry, count)) in entries.into_iter().enumerate() {
        if place < MAX_LISTED {
            let entry = excerpt(entry.as_ref(), MAX_ENTRY_CHARS);
            lines.add(format!("  {:>12}  {entry}", grouped(count)));
        } else {
            more += count;
        }
    }
    if more > 0 {
        lines.add(format!("  {:>12}  others", grouped(more)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::fixtures::pair;
    use crate::domain::label_set::LabelSet;
    use crate::domain::proof::UndoOutcome;
    use crate::domain::run_counts::RunCounts;
    use crate::exit_status::ExitStatus;
    use crate::output::exit_reason::FINISHED;
    use crate::output::summary::NextStep;
    use crate::undo::keep_reason::KeepReason;
    use crate::undo::link_row::LinkRow;
    use crate::undo::plan::{Fate, Plan};
    use crate::undo::totals::UndoTotals;
    use jiff::Timestamp;
    use std::path::Path;
    use std::time::Duration;

    fn plan(removed: u64, kept: u64) -> Plan {
        let pair = pair("contacts 1", "companies 2");
        let row = LinkRow {
            row: 1,
            pair: &pair,
            is_associated: true,
            existed_before: None,
            portal: Some(7),
            labels: None,
            labels_added: None,
            finished_at: None,
        };
        let mut plan = Plan::new(Some(7));
        (0..removed).for_each(|_| plan.add(&row, Some(Fate::Remove)));
        (0..kept).for_each(|_| plan.add(&row, Some(Fate::Keep(KeepReason::NotAsked))));
        plan.add(&row, None);
        plan
    }

    #[test]
    fn a_plan_shows_what_is_removed_what_is_kept_and_the_command_that_does_it() {
        let plan = plan(1200, 3);
        let next = NextStep {
            what: "remove these links".to_owned(),
            command: "hubspot-associate undo r.csv --expect-portal 7 --confirm 1200".to_owned(),
        };
        let summary = PlanSummary {
            plan: &plan,
            report: Path::new("r.csv"),
            is_finished: true,
            earlier: None,
            next: Some(&next),
        };
        assert_eq!(
            summary.to_text(),
            "\
report: r.csv, 1,203 associated rows
portal: 7
to remove: 1,200 links
         1,200  contacts -> companies
to keep: 3 rows
             3  imported without `--check-existing`: the link may have existed before
not associated: 1 row
nothing was sent; each link is read again before it is removed, and kept if it has a label of others by then
next: remove these links: hubspot-associate undo r.csv --expect-portal 7 --confirm 1200
"
        );
    }

    #[test]
    fn a_plan_shows_the_labels_that_links_lose_which_stay() {
        let mut plan = plan(2, 0);
        let labels = LabelSet::parse("USER_DEFINED:1:Decision maker").unwrap();
        plan.labels.add(&labels);
        (plan.associated, plan.remove, plan.stay) = (3, 3, 1);
        let summary = PlanSummary {
            plan: &plan,
            report: Path::new("r.csv"),
            is_finished: true,
            earlier: None,
            next: None,
        };
        let text = summary.to_text();
        let expected = "
to remove: 2 links
             2  contacts -> companies
labels to remove: of 1 link that stays
             1  USER_DEFINED:1:Decision maker
";
        assert!(text.contains(expected), "{text}");
    }

    #[test]
    fn a_plan_without_a_proved_link_says_how_to_make_a_report_that_proves_them() {
        let plan = plan(0, 3);
        let summary = PlanSummary {
            plan: &plan,
            report: Path::new("r.csv"),
            is_finished: false,
            earlier: None,
            next: None,
        };
        let text = summary.to_text();
        assert!(text.contains("to remove: 0 links\n"), "{text}");
        assert!(
            text.contains("\nremark: the import has not finished"),
            "{text}"
        );
        assert!(text.ends_with(&format!("{HOW_TO_PROVE}\n")), "{text}");
    }

    #[test]
    fn a_plan_says_how_much_an_earlier_undo_has_done() {
        let plan = plan(1200, 3);
        for (settled, shown, hidden) in [
            (
                1100,
                "\nearlier undo: u.csv has final lines for 1,100 of 1,203 rows\nnothing was sent;",
                "nothing to do",
            ),
            (
                1203,
                "\nnothing to do: u.csv has a line for each associated row\n",
                "nothing was sent",
            ),
        ] {
            let summary = PlanSummary {
                plan: &plan,
                report: Path::new("r.csv"),
                is_finished: true,
                earlier: Some(EarlierUndo {
                    path: Path::new("u.csv"),
                    settled,
                }),
                next: None,
            };
            let text = summary.to_text();
            assert!(text.contains(shown), "{text}");
            assert!(!text.contains(hidden), "{text}");
        }
    }

    #[test]
    fn the_summary_shows_the_rows_by_outcome_and_why_links_are_kept() {
        let plan = plan(3, 1);
        let mut totals = UndoTotals::default();
        for (outcome, reason) in [
            (UndoOutcome::Removed, ""),
            (UndoOutcome::Kept, "has the label \"A\" since"),
            (UndoOutcome::Kept, "the link existed before the import"),
            (UndoOutcome::Kept, "the link existed before the import"),
        ] {
            totals.add(outcome, reason);
        }
        let mut counts = RunCounts::default();
        counts.requests = 3;
        counts.links.reads = 2;
        counts.links.removals = 1;
        let summary = UndoSummary {
            totals: &totals,
            plan: &plan,
            earlier: 1,
            counts: &counts,
            report: Path::new("r.csv"),
            output: Path::new("u.csv"),
            started_at: Timestamp::UNIX_EPOCH,
            elapsed: Duration::from_secs(130),
            status: ExitStatus::Done,
            reason: FINISHED,
            resumable: false,
            problem: None,
            next: None,
        };
        assert_eq!(
            summary.to_text(),
            "\
finished: 4 rows, 1 of them in earlier runs; this run: 3 rows in 2m 10s
  removed               1
  kept                  3
kept because:
             2  the link existed before the import
             1  has the label \"A\" since
portal: 7
calls: 2 reads, 1 removal
requests: 3, no 429 replies
undo report: u.csv
"
        );
    }
}
