//! The output at the end of an undo: run outcome → text or JSON on the terminal, and the exit status.

use std::path::Path;

use jiff::Timestamp;

use crate::cli::undo::UndoArgs;
use crate::commands::connection::ClosedConnection;
use crate::commands::context::Context;
use crate::domain::file_names::verify_report_beside;
use crate::error::RunError;
use crate::exit_status::ExitStatus;
use crate::output::exit_reason::{FINISHED, reason_of_stop};
use crate::output::next_command;
use crate::output::next_verify::verify_absent;
use crate::output::summary::NextStep;
use crate::output::undo_summary::UndoSummary;
use crate::process::stdout::print;
use crate::report::layout::ReportKind;
use crate::run::context::RunOutcome;
use crate::undo::plan::Plan;
use crate::undo::totals::UndoTotals;

/// An undo that has ended, with what its summary needs.
pub(crate) struct FinishedUndo<'e> {
    pub(crate) flags: &'e UndoArgs,
    pub(crate) plan: &'e Plan,
    pub(crate) result: &'e RunOutcome,
    pub(crate) totals: &'e UndoTotals,
    /// The rows of `totals` that earlier runs settled.
    pub(crate) earlier: u64,
    /// The undo report.
    pub(crate) output: &'e Path,
    pub(crate) started_at: Timestamp,
}

impl FinishedUndo<'_> {
    /// Prints how the undo ended, and returns the exit status. The undo report must be closed.
    pub(crate) fn finish(
        &self,
        mut connection: ClosedConnection,
        ctx: &Context,
    ) -> Result<ExitStatus, RunError> {
        let Self { result, totals, .. } = self;
        let lost_token = connection.lost_token.take();
        let again = next_command::resumed(&ctx.arguments);
        let stopped = result.stop.as_ref().map(|reason| {
            let next = again.clone().into();
            connection.stop_message(reason, &result.counts, &next, Some(ReportKind::Undo))
        });
        let status = match &result.stop {
            Some(reason) => reason.exit_status(),
            None => totals.exit_status(),
        };
        let next = self.next_step(again, ctx);
        let summary = UndoSummary {
            totals,
            plan: self.plan,
            earlier: self.earlier,
            counts: &result.counts,
            report: &self.flags.report,
            output: self.output,
            started_at: self.started_at,
            elapsed: result.elapsed,
            status,
            reason: result.stop.as_ref().map_or(FINISHED, reason_of_stop),
            resumable: stopped.is_some(),
            problem: stopped.as_ref(),
            next: Some(&next),
        };
        if self.flags.json {
            print(&summary.to_json())?;
        } else if !ctx.output.is_quiet() {
            ctx.screen.flush();
            print(&summary.to_text())?;
        }
        if let Some(problem) = &stopped {
            ctx.screen.problem(ctx.output, problem);
        }
        match lost_token {
            Some(error) => Err(error.into()),
            None => Ok(status),
        }
    }

    /// What to run next; `again` is the command that continues the undo.
    fn next_step(&self, again: String, ctx: &Context) -> NextStep {
        if self.totals.failed > 0 {
            return NextStep {
                what: "try the failed rows again".to_owned(),
                command: again,
            };
        }
        let what = if self.totals.kept == 0 {
            "check that the links are absent"
        } else {
            "check that the links are absent, except for those that are kept"
        };
        let report = &self.flags.report;
        let is_verified = verify_report_beside(report).exists();
        NextStep {
            what: what.to_owned(),
            command: verify_absent(&ctx.arguments, report, is_verified),
        }
    }
}
