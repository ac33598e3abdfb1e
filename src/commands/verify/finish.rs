//! How a verification ended: run outcome and totals → text or JSON, the page, the file of missing pairs, and the exit
//! status.

use std::path::Path;

use jiff::Timestamp;

use crate::cli::verify::VerifyArgs;
use crate::clock::now;
use crate::commands::connection::ClosedConnection;
use crate::commands::context::Context;
use crate::commands::import::finish::status_with_write_failure;
use crate::commands::verify::files::{Files, WrittenPairs, write_missing};
use crate::diagnostic::Problem;
use crate::domain::property_name::PropertyName;
use crate::error::RunError;
use crate::exit_status::ExitStatus;
use crate::output::exit_reason::{FINISHED, OUTPUT, reason_of_stop};
use crate::output::html::verify_page::VerifyPage;
use crate::output::next_command;
use crate::output::next_verify::{MissingFile, after_verify};
use crate::output::stop_message::FollowUpCommand;
use crate::output::summary::RejectsFile;
use crate::output::verify_summary::{VerifySource, VerifySummary};
use crate::process::stdout::print;
use crate::report::layout::ReportKind;
use crate::run::context::RunOutcome;
use crate::run::stop_reason::{PropertyRefusal, StopReason};
use crate::settings::verify::can_resume;
use crate::verify::totals::VerifyTotals;

/// A verification that has ended.
pub(crate) struct Verification<'v> {
    pub(crate) flags: &'v VerifyArgs,
    pub(crate) started_at: Timestamp,
    pub(crate) result: &'v RunOutcome,
    pub(crate) totals: &'v VerifyTotals,
    pub(crate) source: VerifySource,
    pub(crate) output: &'v Path,
    pub(crate) files: &'v Files,
}

impl Verification<'_> {
    /// Writes and prints how it ended. The output must be closed.
    pub(crate) fn finish(self, mut connection: ClosedConnection, ctx: &Context) -> ExitStatus {
        let lost_token = connection.lost_token.take();
        let mut unwritten: Vec<RunError> = lost_token.into_iter().map(RunError::from).collect();
        let written = self.write_missing().unwrap_or_else(|error| {
            unwritten.push(error);
            None
        });
        let stop = self.result.stop.as_ref();
        let stopped = stop.map(|reason| self.stopped(reason, &connection, ctx));
        let steps = if stop.is_some() {
            Vec::new()
        } else {
            let missing = written.map(|(path, written)| MissingFile {
                path,
                has_labels: written.has_labels,
            });
            let can_resume = can_resume(self.flags);
            after_verify(
                &ctx.arguments,
                self.totals,
                self.output,
                missing,
                can_resume,
            )
        };
        let input = self.flags.input.display().to_string();
        let mut summary = VerifySummary {
            totals: self.totals,
            counts: &self.result.counts,
            input: &input,
            source: self.source,
            report: self.output,
            started_at: self.started_at,
            status: stop.map_or_else(|| self.totals.exit_status(), StopReason::exit_status),
            reason: stop.map_or(FINISHED, reason_of_stop),
            resumable: stopped.is_some(),
            problem: stopped.as_ref(),
            missing: written.map(|(path, written)| RejectsFile {
                path,
                rows: written.rows,
            }),
            html: None,
            next: &steps,
        };
        if let Some(html) = &self.files.html {
            let page = VerifyPage {
                summary: &summary,
                made_at: now(),
            };
            match html.write(&page.to_html()) {
                Ok(()) => summary.html = Some(html.path()),
                Err(error) => unwritten.push(error.into()),
            }
        }
        let problems = unwritten
            .iter()
            .map(|error| Problem::new(error, error.hint()));
        let problems: Vec<Problem> = problems.collect();
        self.show(summary, &problems, ctx)
    }

    /// Prints the result and the problems, and returns the exit status.
    fn show<'s>(
        &self,
        mut summary: VerifySummary<'s>,
        problems: &'s [Problem],
        ctx: &Context,
    ) -> ExitStatus {
        let mut printed = Ok(());
        // If both streams go to the same place, the log comes first.
        ctx.screen.flush();
        if !self.files.json && !ctx.output.is_quiet() {
            printed = print(&summary.to_text());
        }
        for problem in summary.problem.into_iter().chain(problems) {
            ctx.screen.problem(ctx.output, problem);
        }
        if let Some(problem) = problems.first() {
            summary.status = status_with_write_failure(summary.status);
            if summary.problem.is_none() {
                summary.reason = OUTPUT;
                summary.problem = Some(problem);
            }
        }
        if self.files.json {
            printed = print(&summary.to_json());
        }
        match printed {
            Ok(()) => summary.status,
            Err(error) => {
                ctx.screen.problem(ctx.output, &Problem::new(&error, None));
                status_with_write_failure(summary.status)
            }
        }
    }

    /// Writes the missing pairs, unless the run was stopped: then the output is not complete.
    fn write_missing(&self) -> Result<Option<(&Path, WrittenPairs)>, RunError> {
        match (&self.files.missing, &self.result.stop) {
            (Some(path), None) => Ok(Some((path, write_missing(path, self.output)?))),
            _ => Ok(None),
        }
    }

    fn stopped(
        &self,
        reason: &StopReason,
        connection: &ClosedConnection,
        ctx: &Context,
    ) -> Problem {
        let next = self.command_after_stop(reason, ctx);
        let report = Some(ReportKind::Verify);
        connection.stop_message(reason, &self.result.counts, &next, report)
    }

    /// The command to run after a stop. A run that cannot be resumed starts again.
    fn command_after_stop(&self, reason: &StopReason, ctx: &Context) -> FollowUpCommand {
        let arguments = &ctx.arguments;
        let reading = &self.flags.reading;
        let given = [&reading.from_id_property, &reading.to_id_property];
        let given = given.map(|name| name.as_ref().map(PropertyName::as_str));
        match reason {
            _ if can_resume(self.flags) => next_command::resumed(arguments).into(),
            StopReason::PropertyRefused {
                refusal: PropertyRefusal::NotUnique,
                ..
            } => next_command::started_again_with_search(arguments).into(),
            StopReason::PropertyRefused {
                refusal: PropertyRefusal::Unknown,
                property,
                ..
            } => next_command::with_another_property(arguments, property, given),
            _ => next_command::started_again_without(arguments, &[]).into(),
        }
    }
}
