//! `undo`: the report of an import → a plan, or the removal of the links that the report proves the import made.

mod earlier;
mod finish;
mod lines;
mod rows;
mod source;

use std::num::NonZeroU64;
use std::sync::Arc;

use crate::cli::undo::UndoArgs;
use crate::clock::now;
use crate::commands::connection::Connection;
use crate::commands::context::Context;
use crate::commands::counted_rows::CountedRows;
use crate::commands::observers::Observers;
use crate::commands::portal::Access;
use crate::commands::undo::earlier::{Existing, open_report};
use crate::commands::undo::finish::FinishedUndo;
use crate::commands::undo::rows::UndoRows;
use crate::commands::undo::source::{Planned, Source};
use crate::domain::outcome::Outcome;
use crate::error::RunError;
use crate::exit_status::ExitStatus;
use crate::input::progress::ReadProgress;
use crate::input::skip::Skips;
use crate::output::files::ensure_distinct;
use crate::output::next_undo;
use crate::output::outputs::credential_files;
use crate::output::summary::NextStep;
use crate::output::undo_summary::{EarlierUndo, PlanSummary};
use crate::process::stdout::print;
use crate::rate_limit::controller::RateController;
use crate::rate_limit::limiter::RateLimiter;
use crate::report::locked_report::ReportPlan;
use crate::run::context::{RunContext, RunOutcome, RunSettings};
use crate::run::dispatcher::run;
use crate::run::stop_reason::StopReason;
use crate::settings::undo::{UndoSettings, output_path, report_plan};
use crate::undo::count::count;
use crate::undo::error::UndoError;
use crate::undo::plan::Plan;
use crate::undo::totals::UndoTotals;

/// Shows the plan, or removes its links if they are confirmed.
pub(crate) fn undo(flags: &UndoArgs, ctx: &Context) -> Result<ExitStatus, RunError> {
    let mut others = credential_files(&flags.connection);
    others.push((&flags.report, "report"));
    ensure_distinct("--output", &output_path(flags), &others)?;
    let source = Source::open(&flags.report)?;
    let planned = source.plan(flags)?;
    let expected = flags.connection.expect_portal;
    let is_confirmed = planned.plan.is_confirmed(flags.confirm, expected)?;
    let report = report_plan(flags, expected);
    let existing = Existing::open(&report, &source)?;
    let earlier = existing
        .as_ref()
        .and_then(|existing| existing.earlier.as_ref());
    let rows = planned.plan.associated;
    let settled = earlier.map(|earlier| earlier.totals.rows());
    let is_undone = rows > 0 && settled == Some(rows);
    if let Some(settled) = settled
        && is_confirmed
        && !is_undone
        && !flags.resume
    {
        let path = report.path;
        return Err(UndoError::Incomplete {
            path,
            settled,
            rows,
        }
        .into());
    }
    match expected {
        Some(portal) if is_confirmed && !is_undone && planned.plan.remove > 0 => ReadyUndo {
            flags,
            source,
            planned,
            existing,
            earlier: settled.unwrap_or_default(),
            report,
            portal,
        }
        .start(ctx),
        _ => {
            let is_over = is_undone || is_confirmed;
            let next = next_step(&planned.plan, settled.is_some(), ctx).filter(|_| !is_over);
            let summary = PlanSummary {
                plan: &planned.plan,
                report: &flags.report,
                is_finished: planned.is_finished,
                earlier: settled.map(|settled| EarlierUndo {
                    path: &report.path,
                    settled,
                }),
                next: next.as_ref(),
            };
            show_plan(&summary, flags, ctx)
        }
    }
}

/// The command that removes the links of the plan.
fn next_step(plan: &Plan, is_begun: bool, ctx: &Context) -> Option<NextStep> {
    let portal = plan.portal.filter(|_| plan.remove > 0)?;
    Some(NextStep {
        what: "remove these links".to_owned(),
        command: next_undo::confirmed(&ctx.arguments, portal, plan.remove, is_begun),
    })
}

fn show_plan(
    summary: &PlanSummary<'_>,
    flags: &UndoArgs,
    ctx: &Context,
) -> Result<ExitStatus, RunError> {
    if flags.json {
        print(&summary.to_json())?;
    } else if !ctx.output.is_quiet() {
        ctx.screen.flush();
        print(&summary.to_text())?;
    }
    Ok(ExitStatus::Done)
}

/// An undo that can start.
struct ReadyUndo<'r> {
    flags: &'r UndoArgs,
    source: Source,
    planned: Planned,
    existing: Option<Existing>,
    /// The rows that earlier runs settled.
    earlier: u64,
    report: ReportPlan,
    portal: NonZeroU64,
}

impl ReadyUndo<'_> {
    /// Removes the links. An error means that nothing was sent but the question for the account.
    fn start(self, ctx: &Context) -> Result<ExitStatus, RunError> {
        let settings = UndoSettings::resolve(self.flags, &ctx.environment)?;
        let mut connection = Connection::open(
            &settings.destination,
            &settings.transport,
            settings.run.concurrency.get(),
            &ctx.signals,
        )?;
        connection.prepare(Some(self.portal), Access::Write)?;
        let daily_reset = settings
            .wait_for_daily_reset
            .then(|| connection.daily_reset());
        let run_settings = RunSettings {
            daily_reset,
            ..settings.run.clone()
        };
        let started_at = now();
        let progress = Arc::new(ReadProgress::counted(self.planned.plan.associated));
        let mut observers = Observers::start(ctx, None, progress, None, started_at)?;
        let (flags, plan) = (self.flags, self.planned.plan.clone());
        let earlier = self.earlier;
        let output = self.report.path.clone();
        let (result, totals) =
            self.send(&settings, run_settings, &connection, &mut observers, ctx)?;
        observers.finish();
        let is_daily_limit = result.stop.as_ref().is_some_and(StopReason::is_daily_limit);
        let connection = connection.close(is_daily_limit);
        FinishedUndo {
            flags,
            plan: &plan,
            result: &result,
            totals: &totals,
            earlier,
            output: &output,
            started_at,
        }
        .finish(connection, ctx)
    }

    /// Removes the links of the rows that are not settled, and closes the undo report.
    fn send(
        self,
        settings: &UndoSettings,
        run_settings: RunSettings,
        connection: &Connection,
        observer: &mut Observers,
        ctx: &Context,
    ) -> Result<(RunOutcome, UndoTotals), RunError> {
        let opened = open_report(self.existing, &self.report, &self.source)?;
        let mut report = opened.file;
        let mut totals = opened.totals;
        let mut observer = CountedRows {
            observer,
            count: |outcome: &Outcome| count(outcome, &mut totals),
        };
        let rows = UndoRows::open(&self.source, self.planned.decider, opened.settled)?;
        let rate = RateController::new(settings.rate, settings.share);
        let context = RunContext {
            rate_limiter: RateLimiter::new(rate),
            report: &mut report,
            observer: &mut observer,
            rows: rows.read().map_err(RunError::System)?,
            skips: Skips::default(),
            previous_counts: opened.counts,
            failed_before: Box::new(|_| false),
            stop: ctx.signals.begin_run(),
            now,
            draw: Box::new(fastrand::f64),
        };
        let endpoint = connection.endpoint.clone();
        let result = connection.block_on(run(endpoint, run_settings, context));
        Ok((result, totals))
    }
}
