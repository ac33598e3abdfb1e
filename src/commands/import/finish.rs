//! The output at the end of an import, or after a failed start: run outcome or error → text on the terminal, and the
//! files that the flags name. Also decides the exit status.

use std::time::Instant;

use jiff::Timestamp;
use tracing::warn;

use crate::api::auth::error::CredentialsError;
use crate::cli::import::ImportArgs;
use crate::clock::now;
use crate::commands::connection::ClosedConnection;
use crate::commands::context::Context;
use crate::commands::next_steps;
use crate::commands::observers::Throttles;
use crate::diagnostic::Problem;
use crate::domain::run_counts::RunCounts;
use crate::error::RunError;
use crate::exit_status::ExitStatus;
use crate::input::decode::source::InputSource;
use crate::output::exit_reason::{FINISHED, OUTPUT, reason_of_error, reason_of_stop};
use crate::output::files::Output;
use crate::output::hints::hint;
use crate::output::html::page::Page;
use crate::output::metrics_file::MetricsFile;
use crate::output::outputs::Outputs;
use crate::output::summary::{NextStep, RejectsFile, Summary};
use crate::process::stdout::print;
use crate::report::error::ReportError;
use crate::report::layout::ReportKind;
use crate::report::lost_report::LostReport;
use crate::report::rejects;
use crate::report::stats::statistics::Statistics;
use crate::run::context::RunOutcome;
use crate::run::stop_reason::StopReason;
use crate::settings::connection::Destination;
use crate::settings::import::ImportSettings;
use crate::settings::report_path::report_path;

/// When a run began.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RunStart {
    pub(crate) at: Timestamp,
    pub(crate) clock: Instant,
}

/// Writes the summary and the metrics of a run that could not start. The caller prints the error.
pub(crate) fn report_failed_start(
    error: &RunError,
    flags: &ImportArgs,
    start: RunStart,
    outputs: &Outputs,
    ctx: &Context,
) {
    let counts = RunCounts::default();
    let problem = Problem::new(error, hint(error, &ctx.arguments));
    let report = report_path(flags);
    let summary = Summary {
        input: &flags.input.input.to_string_lossy(),
        report: report.as_deref(),
        rehearsed: flags.sandbox,
        started_at: start.at,
        elapsed: start.clock.elapsed(),
        counts: &counts,
        status: error.exit_status(),
        reason: reason_of_error(error),
        resumable: false,
        problem: Some(&problem),
        rejects: None,
        html: None,
        next: None,
    };
    // While another run holds the report, the metrics file belongs to that run.
    let busy = matches!(error, RunError::Report(ReportError::Busy { .. }));
    let metrics = outputs.metrics.as_ref().filter(|_| !busy);
    let metrics = write_metrics(metrics, &summary);
    let summary = write_summary(outputs, &summary);
    // An error about an output file is already reported as the cause.
    if matches!(error, RunError::Output(_)) {
        return;
    }
    for error in metrics.into_iter().chain(summary) {
        ctx.screen.problem(ctx.output, &Problem::new(&error, None));
    }
}

/// A run that has ended, with what its summary needs.
pub(crate) struct FinishedRun<'e> {
    pub(crate) result: &'e RunOutcome,
    pub(crate) start: RunStart,
    pub(crate) settings: &'e ImportSettings,
    pub(crate) connection: &'e ClosedConnection,
    pub(crate) throttles: &'e Throttles,
}

impl FinishedRun<'_> {
    /// Prints and writes how the run ended, and returns the exit status. The report must be closed. `lost_token` is why a
    /// new refresh token could not be kept.
    pub(crate) fn finish(
        &self,
        lost_token: Option<CredentialsError>,
        outputs: &Outputs,
        ctx: &Context,
    ) -> ExitStatus {
        let mut unwritten: Vec<RunError> = lost_token.into_iter().map(RunError::from).collect();
        let rejects = self.write_rejects(ctx).unwrap_or_else(|error| {
            unwritten.push(error);
            None
        });
        let stopped = self.result.stop.as_ref();
        let stopped = stopped.map(|reason| self.stopped(reason, ctx));
        let steps = next_steps::after_run(self.result, self.settings, rejects, ctx);
        let input = self.settings.input.path.name();
        let mut summary = Summary {
            rejects,
            next: steps.first(),
            ..self.summary(&input, stopped.as_ref())
        };
        if let Some(html) = &outputs.html {
            match self.write_page(html, &summary, &steps) {
                Ok(()) => summary.html = Some(html.path()),
                Err(error) => unwritten.push(error),
            }
        }
        // Standard output gets either the JSON summary or the text.
        if !outputs.prints_summary && !ctx.output.is_quiet() {
            // If both streams go to the same place, the log comes first.
            ctx.screen.flush();
            let printed = print(&summary.to_text());
            unwritten.extend(printed.err().map(RunError::from));
        }
        if let Some(problem) = &stopped {
            ctx.screen.problem(ctx.output, problem);
        }
        write_for_scripts(summary, unwritten, outputs, ctx)
    }

    /// The summary before any file is written.
    fn summary<'c>(&'c self, input: &'c str, stopped: Option<&'c Problem>) -> Summary<'c> {
        let Self {
            result, settings, ..
        } = self;
        Summary {
            input,
            report: Some(&settings.report.path),
            rehearsed: matches!(settings.destination, Destination::Sandbox),
            started_at: self.start.at,
            elapsed: result.elapsed,
            counts: &result.counts,
            status: match &result.stop {
                Some(reason) => reason.exit_status(),
                None => result.counts.exit_status(),
            },
            reason: result.stop.as_ref().map_or(FINISHED, reason_of_stop),
            resumable: stopped.is_some(),
            problem: stopped,
            rejects: None,
            html: None,
            next: None,
        }
    }

    /// Writes the rejects file, if a flag names one. Skipped after a signal, to end quickly, and if the report could not be
    /// written, since it is incomplete then.
    fn write_rejects(&self, ctx: &Context) -> Result<Option<RejectsFile<'_>>, RunError> {
        let settings = self.settings;
        let Some(path) = &settings.rejects else {
            return Ok(None);
        };
        let status = self.result.stop.as_ref().map(StopReason::exit_status);
        let skipped_for = [
            ExitStatus::Interrupted,
            ExitStatus::Terminated,
            ExitStatus::CannotWrite,
            ExitStatus::Bug,
        ];
        if status.is_none_or(|status| !skipped_for.contains(&status)) {
            let rows = rejects::write(path, &settings.input, &settings.report.path)?;
            return Ok(Some(RejectsFile { path, rows }));
        }
        if let InputSource::File(input) = &settings.input.path {
            let later =
                next_steps::make_rejects(&ctx.arguments, &settings.report.path, Some(input));
            warn!(
                "the rejects file is not written: `{}` writes it at any time",
                later.command
            );
        }
        Ok(None)
    }

    fn write_page(
        &self,
        html: &Output,
        summary: &Summary<'_>,
        steps: &[NextStep],
    ) -> Result<(), RunError> {
        let report = &self.settings.report.path;
        let is_lost = matches!(&self.result.stop, Some(StopReason::Report(error)) if LostReport::cause_of(error).is_some());
        if is_lost || !report.is_file() {
            // The lines written to a device or a pipe cannot be read back, and a replaced file belongs to another run.
            return Err(html.impossible("the report cannot be read back").into());
        }
        let mut statistics = Statistics::read(report)?;
        statistics.add_to_timeline(self.throttles.timeline());
        let page = Page {
            statistics: &statistics,
            report,
            summary: Some(summary),
            steps,
            made_at: now(),
        };
        Ok(html.write(&page.to_html())?)
    }

    fn stopped(&self, reason: &StopReason, ctx: &Context) -> Problem {
        let input = &self.settings.input;
        let counts = &self.result.counts;
        let next = next_steps::command_after_stop(reason, counts, input, &ctx.arguments);
        self.connection
            .stop_message(reason, counts, &next, Some(ReportKind::Import))
    }
}

/// Writes the metrics and the JSON summary, which also record that an output could not be written (`unwritten`), and
/// returns the exit status.
fn write_for_scripts(
    mut summary: Summary<'_>,
    mut unwritten: Vec<RunError>,
    outputs: &Outputs,
    ctx: &Context,
) -> ExitStatus {
    if !unwritten.is_empty() {
        report_write_failures(&mut summary);
    }
    if let Some(error) = write_metrics(outputs.metrics.as_ref(), &summary) {
        report_write_failures(&mut summary);
        unwritten.push(error);
    }
    let unwritten: Vec<Problem> = unwritten
        .iter()
        .map(|error| Problem::new(error, error.hint()))
        .collect();
    for problem in &unwritten {
        ctx.screen.problem(ctx.output, problem);
    }
    let summary = Summary {
        problem: summary.problem.or(unwritten.first()),
        ..summary
    };
    match write_summary(outputs, &summary) {
        None => summary.status,
        Some(error) => {
            ctx.screen.problem(ctx.output, &Problem::new(&error, None));
            status_with_write_failure(summary.status)
        }
    }
}

/// Records that an output could not be written. If the run was stopped, the exit reason stays that of the stop.
fn report_write_failures(summary: &mut Summary<'_>) {
    summary.status = status_with_write_failure(summary.status);
    if summary.problem.is_none() {
        summary.reason = OUTPUT;
    }
}

/// The exit status if an output could not be written. More serious statuses are kept.
pub(crate) fn status_with_write_failure(status: ExitStatus) -> ExitStatus {
    match status {
        ExitStatus::Done | ExitStatus::SomeRowsNot | ExitStatus::StoppedEarly => {
            ExitStatus::CannotWrite
        }
        other => other,
    }
}

fn write_metrics(metrics: Option<&MetricsFile>, summary: &Summary<'_>) -> Option<RunError> {
    let written = metrics?.write_last(
        summary.counts,
        summary.started_at,
        summary.elapsed,
        (summary.status, summary.reason),
        summary.rehearsed,
    );
    written.err().map(RunError::from)
}

fn write_summary(outputs: &Outputs, summary: &Summary<'_>) -> Option<RunError> {
    if outputs.prints_summary {
        return print(&summary.to_json()).err().map(RunError::from);
    }
    let written = outputs.summary.as_ref()?.write(&summary.to_json());
    written.err().map(RunError::from)
}
