//! `verify`: a report or a CSV of pairs → the links that HubSpot lists → a line per pair. Changes nothing in HubSpot.

pub mod files;
pub mod finish;
pub mod output;
pub mod report_rows;
pub mod rows;
pub mod source;

use std::num::NonZeroU64;
use std::sync::atomic::Ordering::Relaxed;

use tracing::warn;

use crate::api::portal_error::PortalError;
use crate::cli::verify::VerifyArgs;
use crate::clock::now;
use crate::commands::connection::Connection;
use crate::commands::context::Context;
use crate::commands::counted_rows::CountedRows;
use crate::commands::label_lists::labeler;
use crate::commands::observers::Observers;
use crate::commands::portal::Access;
use crate::commands::verify::files::Files;
use crate::commands::verify::finish::Verification;
use crate::commands::verify::output::{PreparedOutput, open, prepare};
use crate::commands::verify::rows::{Feed, feed};
use crate::commands::verify::source::{ReadyInput, ReadyReport, Source};
use crate::domain::outcome::Outcome;
use crate::error::RunError;
use crate::exit_status::ExitStatus;
use crate::input::skip::Skips;
use crate::output::verify_summary::VerifySource;
use crate::rate_limit::controller::RateController;
use crate::rate_limit::limiter::RateLimiter;
use crate::report::end_of_run::EndOfRun;
use crate::report::existing_file::IfExists;
use crate::run::context::{RunContext, RunOutcome, RunSettings};
use crate::run::dispatcher::run;
use crate::run::stop_reason::StopReason;
use crate::settings::verify::{VerifySettings, output_plan};
use crate::verify::count::count;
use crate::verify::error::VerifyError;
use crate::verify::totals::VerifyTotals;

/// Reads the links of the pairs, and writes what was found.
pub(crate) fn verify(flags: &VerifyArgs, ctx: &Context) -> Result<ExitStatus, RunError> {
    let started_at = now();
    let plan = output_plan(flags)?;
    let mut source = Source::open(flags)?;
    let files = Files::of(flags, &plan, &source)?;
    let settings = VerifySettings::resolve(flags, &ctx.environment)?;
    let mut connection = Connection::open(
        &settings.destination,
        &settings.transport,
        settings.run.concurrency.get(),
        &ctx.signals,
    )?;
    // Opened first, so that an output that is refused costs no request, and changed last.
    let locked = open(&plan, &source)?;
    let checked = check_portal(&mut connection, &source, settings.expect_portal)
        .and_then(|()| resolve_labels(&mut source, &settings, plan.if_exists, &connection));
    if let Err(error) = checked {
        locked.give_up();
        return Err(error);
    }
    let output = prepare(locked, &mut source, settings.expects_absent)?;
    let daily_reset = settings
        .wait_for_daily_reset
        .then(|| connection.daily_reset());
    let shown_source = shown(&source);
    let mut observers = Observers::start(ctx, None, source.progress(), None, started_at)?;
    let run_settings = RunSettings {
        daily_reset,
        ..settings.run.clone()
    };
    let ready = ReadyRun {
        settings: &settings,
        source,
        output,
    };
    let (result, totals) = ready.send(run_settings, &connection, &mut observers, ctx)?;
    observers.finish();
    let is_daily_limit = result.stop.as_ref().is_some_and(StopReason::is_daily_limit);
    let connection = connection.close(is_daily_limit);
    let verification = Verification {
        flags,
        started_at,
        result: &result,
        totals: &totals,
        source: shown_source,
        output: &plan.path,
        files: &files,
    };
    Ok(verification.finish(connection, ctx))
}

/// Resolves the labels that the rows of a CSV are expected to have.
fn resolve_labels(
    source: &mut Source,
    settings: &VerifySettings,
    if_exists: IfExists,
    connection: &Connection,
) -> Result<(), RunError> {
    if let (Source::Input(input), Some(labels)) = (source, &settings.labels) {
        let ReadyInput {
            input: opened,
            settings,
            labeler: resolved,
            ..
        } = &mut **input;
        *resolved = Some(labeler(labels, opened, settings, if_exists, connection)?);
    }
    Ok(())
}

/// What is verified, for the summary. Warns of the report of an import that has not finished.
fn shown(source: &Source) -> VerifySource {
    let Source::Report(report) = source else {
        return VerifySource::Input;
    };
    let is_finished = report.end_of_run != EndOfRun::NotFinished;
    if !is_finished {
        warn!(
            "the import of `{}` has not finished: pairs that it has not sent are not verified",
            report.path.display()
        );
    }
    VerifySource::Report { is_finished }
}

/// Prepares the connection. Fails unless the token is of the portal in which the report was made, and of the `expected`
/// one; then nothing more is sent.
fn check_portal(
    connection: &mut Connection,
    source: &Source,
    expected: Option<NonZeroU64>,
) -> Result<(), RunError> {
    let Some((path, portal)) = made_in(source) else {
        return connection.prepare(expected, Access::Read);
    };
    if let Some(expected) = expected.filter(|&expected| expected != portal) {
        return Err(VerifyError::UnexpectedPortal {
            path: path.clone(),
            portal: portal.get(),
            expected: expected.get(),
        }
        .into());
    }
    let prepared = connection.prepare(Some(portal), Access::Read);
    match prepared {
        Err(RunError::Portal(error)) if expected.is_none() => {
            let (path, portal) = (path.clone(), portal.get());
            let error = match error {
                PortalError::Other { found, .. } => VerifyError::OtherPortal {
                    path,
                    portal,
                    found,
                },
                PortalError::Unknown { why, .. } => {
                    VerifyError::UnknownPortal { path, portal, why }
                }
            };
            Err(error.into())
        }
        prepared => prepared,
    }
}

/// The report and the portal in which it was made, if it shows that.
fn made_in(source: &Source) -> Option<(&std::path::PathBuf, NonZeroU64)> {
    match source {
        Source::Report(ReadyReport { path, survey, .. }) => {
            Some((path, NonZeroU64::new(survey.portal?)?))
        }
        Source::Input(_) => None,
    }
}

/// A run that can start.
struct ReadyRun<'r> {
    settings: &'r VerifySettings,
    source: Source,
    output: PreparedOutput,
}

impl ReadyRun<'_> {
    /// Reads the links, and closes the output.
    fn send(
        self,
        settings: RunSettings,
        connection: &Connection,
        observer: &mut Observers,
        ctx: &Context,
    ) -> Result<(RunOutcome, VerifyTotals), RunError> {
        let PreparedOutput {
            mut report,
            settled,
            mut totals,
            previous_counts,
        } = self.output;
        let sample = self.source.sample();
        let mut observer = CountedRows {
            observer,
            count: |outcome: &Outcome| count(outcome, &mut totals),
        };
        let Feed { rows, left_out } = feed(self.source, settled)?;
        let rate = RateController::new(self.settings.rate, self.settings.share);
        let context = RunContext {
            rate_limiter: RateLimiter::new(rate),
            report: &mut report,
            observer: &mut observer,
            rows,
            skips: Skips::default(),
            previous_counts,
            // There is no failure limit.
            failed_before: Box::new(|_| false),
            stop: ctx.signals.begin_run(),
            now,
            draw: Box::new(fastrand::f64),
        };
        let endpoint = connection.endpoint.clone();
        let result = connection.block_on(run(endpoint, settings, context));
        let totals = VerifyTotals {
            sample,
            left_out: left_out.load(Relaxed),
            without_line: result.counts.without_outcome,
            calls: result.counts.links,
            elapsed: result.elapsed,
            ..totals
        };
        Ok((result, totals))
    }
}
