//! `import`: flags and context → a run from start to end → exit status.

pub mod carry;
pub mod finish;
pub mod prepare;
pub mod rows;
pub mod skips;

use std::num::NonZeroU64;
use std::time::Instant;

use tracing::warn;

use crate::api::request::ApiVersion;
use crate::cli::check::ByteSize;
use crate::cli::import::ImportArgs;
use crate::clock::now;
use crate::commands::check::{CheckPlan, common_labels, show};
use crate::commands::connection::Connection;
use crate::commands::context::Context;
use crate::commands::import::finish::{FinishedRun, RunStart, report_failed_start};
use crate::commands::import::prepare::{Connected, PreparedReport, ReportSettings};
use crate::commands::import::rows::Rows;
use crate::commands::label_lists::labeler;
use crate::commands::observers::Observers;
use crate::commands::portal::Access;
use crate::diagnostic::Problem;
use crate::error::RunError;
use crate::exit_status::ExitStatus;
use crate::input::csv_input::Input;
use crate::input::skip::Skips;
use crate::output::lookup_notes::LookupNote;
use crate::output::next_command;
use crate::output::outputs::Outputs;
use crate::process::signals::Signals;
use crate::rate_limit::controller::RateController;
use crate::rate_limit::limiter::RateLimiter;
use crate::report::rejects;
use crate::run::context::{RunContext, RunOutcome, RunSettings};
use crate::run::dispatcher::run;
use crate::run::stop_reason::StopReason;
use crate::settings::import::{ImportSettings, origin};

/// The first day on which using v4 causes a warning; its support ends on 2027-03-30
/// (<https://developers.hubspot.com/changelog/legacy-apis-and-legacy-apps-whats-going-unsupported-and-when>).
const V4_WARNING_FROM: &str = "2027-01-01T00:00:00Z";

/// Links every pair of the input.
pub(crate) fn import(flags: &ImportArgs, ctx: &Context) -> Result<ExitStatus, RunError> {
    if flags.dry_run {
        return dry_run(flags, ctx);
    }
    let start = RunStart {
        at: now(),
        clock: Instant::now(),
    };
    let outputs = Outputs::of(flags)?;
    ctx.signals.set_exit_handler({
        let (flags, outputs, ctx) = (flags.clone(), outputs.clone(), ctx.clone());
        move |signal| {
            let error = RunError::Stopped(signal);
            report_failed_start(&error, &flags, start, &outputs, &ctx);
            let problem = Problem::new(&error, error.hint());
            ctx.screen.problem(ctx.output, &problem);
            ctx.screen.flush();
        }
    });
    match link(flags, start, &outputs, ctx) {
        Ok(status) => Ok(status),
        Err(error) => {
            ctx.signals.begin_end();
            report_failed_start(&error, flags, start, &outputs, ctx);
            Err(error)
        }
    }
}

/// Checks flags and environment. If the credentials are missing, the header of the input is checked first: a wrong
/// column is easier to fix than getting a token.
fn resolve(flags: &ImportArgs, ctx: &Context) -> Result<ImportSettings, RunError> {
    match ImportSettings::resolve(flags.clone(), &ctx.environment) {
        Err(error) if error.is_about_token() => {
            Input::open(&flags.input_settings())?;
            Err(error.into())
        }
        settings => Ok(settings?),
    }
}

/// Prepares and runs the import. An error means that nothing was sent; the end of a started run is reported here.
fn link(
    flags: &ImportArgs,
    start: RunStart,
    outputs: &Outputs,
    ctx: &Context,
) -> Result<ExitStatus, RunError> {
    let settings = resolve(flags, ctx)?;
    if let Some(path) = &settings.rejects {
        rejects::prepare(path, &settings.input, &settings.report.path)?;
    }
    outputs.prepare()?;
    let input = Input::open(&settings.input)?;
    warn_of(&settings, &input);
    let known = skips::load(&settings.skip, settings.report.origin)?;
    let mut connection = Connection::open(
        &settings.destination,
        &settings.transport,
        settings.connections(),
        &ctx.signals,
    )?;
    connection.authenticate(settings.expect_portal, Access::Write)?;
    let report = ReportSettings::of(&settings);
    let report = report.prepare(known, || connect(&settings, &input, &mut connection))?;
    let daily_reset = settings
        .wait_for_daily_reset
        .then(|| connection.daily_reset());
    // With --split, one row can become several pairs, so the number of rows is not the total.
    let total = match &settings.input.split {
        Some(_) => None,
        None => settings.input.first.map(NonZeroU64::get),
    };
    let metrics = outputs.metrics.clone();
    let mut observers = Observers::start(ctx, metrics, input.progress(), total, start.at)?;
    let run_settings = RunSettings {
        daily_reset,
        ..settings.run.clone()
    };
    let ready = ReadyRun {
        settings: &settings,
        input,
        report,
        signals: &ctx.signals,
    };
    let result = ready.send(run_settings, &connection, &mut observers)?;
    let throttles = observers.finish();
    let is_daily_limit = result.stop.as_ref().is_some_and(StopReason::is_daily_limit);
    let mut connection = connection.close(is_daily_limit);
    let lost_token = connection.lost_token.take();
    let finished = FinishedRun {
        result: &result,
        start,
        settings: &settings,
        connection: &connection,
        throttles: &throttles,
    };
    Ok(finished.finish(lost_token, outputs, ctx))
}

/// Names the account, and resolves the labels of the rows.
fn connect(
    settings: &ImportSettings,
    input: &Input,
    connection: &mut Connection,
) -> Result<Connected, RunError> {
    let portal = connection.name_portal()?;
    let resolve = |labels| {
        labeler(
            labels,
            input,
            &settings.input,
            settings.report.if_exists,
            connection,
        )
    };
    Ok(Connected {
        portal,
        labeler: settings.labels.as_ref().map(resolve).transpose()?,
    })
}

/// A run that can start.
struct ReadyRun<'r> {
    settings: &'r ImportSettings,
    input: Input,
    report: PreparedReport,
    signals: &'r Signals,
}

impl ReadyRun<'_> {
    /// Sends the rows, and closes the report.
    fn send(
        self,
        settings: RunSettings,
        connection: &Connection,
        observer: &mut Observers,
    ) -> Result<RunOutcome, RunError> {
        let PreparedReport {
            mut report,
            comparison,
            previous_counts,
            skips,
            failures,
            labeler,
        } = self.report;
        let rate = RateController::new(self.settings.rate, self.settings.share);
        // The ids of rows with keys are known only after their lookup.
        let (before, after) = match settings.lookup {
            None => (skips, Skips::default()),
            Some(_) => (Skips::default(), skips),
        };
        let rows = Rows::new(
            self.input,
            &self.settings.input,
            before,
            comparison,
            labeler,
        );
        let context = RunContext {
            rate_limiter: RateLimiter::new(rate),
            report: &mut report,
            observer,
            rows: rows.read().map_err(RunError::System)?,
            skips: after,
            previous_counts,
            failed_before: Box::new(move |outcome| failures.contains(outcome)),
            stop: self.signals.begin_run(),
            now,
            draw: Box::new(fastrand::f64),
        };
        let endpoint = connection.endpoint.clone();
        let mut outcome = connection.block_on(run(endpoint, settings, context));
        if outcome.stop.is_none()
            && let Err(error) = report.mark_finished()
        {
            outcome.stop = Some(StopReason::Report(error));
        }
        Ok(outcome)
    }
}

/// Runs `--dry-run`. Needs no token and writes no report.
fn dry_run(flags: &ImportArgs, ctx: &Context) -> Result<ExitStatus, RunError> {
    let (origin, skip) = (origin(flags), flags.input.skip_settings());
    let input = flags.input_settings();
    let plan = CheckPlan {
        labels: common_labels(&flags.labels),
        origin,
        skip,
        per_call: flags.batch_size.get() as u64,
        duplicates_memory: ByteSize::FOR_DUPLICATES,
        json: false,
        import: next_command::import_of_checked(&ctx.arguments, input.path.file_or_dash()),
        input,
    };
    show(plan, ctx)
}

fn warn_of(settings: &ImportSettings, input: &Input) {
    LookupNote::of(input.columns())
        .iter()
        .for_each(LookupNote::log);
    for column in &input.columns().ignored {
        warn!("the column {column} is not read: a flag gives the type for all rows");
    }
    // RFC 3339 in UTC sorts as text.
    let today = now().to_string();
    if settings.transport.version == ApiVersion::V4 && today.as_str() >= V4_WARNING_FROM {
        warn!("HubSpot ends its support of v4 on 2027-03-30: use --api-version 2026-09");
    }
}
