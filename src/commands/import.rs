//! `import`: flags and context → a run from start to end → exit status.

pub mod carry;
pub mod finish;
pub mod observers;
pub mod portal;
pub mod prepare;
pub mod rows;
pub mod skips;
pub mod target;

use std::num::NonZeroU64;
use std::time::Instant;

use jiff::tz::TimeZone;
use tracing::warn;

use crate::api::client::HttpEndpoint;
use crate::api::inspect::QueryResult;
use crate::api::request::ApiVersion;
use crate::cli::check::ByteSize;
use crate::cli::import::ImportArgs;
use crate::clock::now;
use crate::commands::check::{CheckPlan, show};
use crate::commands::context::Context;
use crate::commands::import::finish::{FinishedRun, RunStart, report_failed_start};
use crate::commands::import::observers::{LiveMetrics, Observers, Throttles};
use crate::commands::import::prepare::{PreparedReport, prepare};
use crate::commands::import::rows::Rows;
use crate::commands::import::target::Target;
use crate::diagnostic::Problem;
use crate::error::RunError;
use crate::exit_status::ExitStatus;
use crate::input::csv_input::Input;
use crate::output::metrics_file::MetricsFile;
use crate::output::next_command;
use crate::output::outputs::Outputs;
use crate::output::terminal::observer::Display;
use crate::process::engine::Engine;
use crate::rate_limit::controller::RateController;
use crate::rate_limit::limiter::RateLimiter;
use crate::report::rejects;
use crate::run::context::{RunContext, RunSettings};
use crate::run::dispatcher::run;
use crate::run::guards::daily_limit::DailyReset;
use crate::run::stop_reason::StopReason;
use crate::settings::error::SettingsError;
use crate::settings::import::{Destination, ImportSettings, origin};

/// The first day on which using v4 causes a warning; its support ends on 2027-03-30
/// (<https://developers.hubspot.com/changelog/legacy-apis-and-legacy-apps-whats-going-unsupported-and-when>).
const V4_WARNING_FROM: &str = "2027-01-01T00:00:00Z";

/// Links every pair of the input.
pub(crate) fn import(flags: ImportArgs, ctx: &Context) -> Result<ExitStatus, RunError> {
    if flags.dry_run {
        return dry_run(flags, ctx);
    }
    let start = RunStart {
        at: now(),
        clock: Instant::now(),
    };
    let outputs = Outputs::of(&flags)?;
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
    match link(flags.clone(), start, &outputs, ctx) {
        Ok(status) => Ok(status),
        Err(error) => {
            ctx.signals.begin_end();
            report_failed_start(&error, &flags, start, &outputs, ctx);
            Err(error)
        }
    }
}

/// Checks flags and environment. If the credentials are missing, the header of the input is checked first: a wrong
/// column is easier to fix than getting a token.
fn resolve(flags: ImportArgs, ctx: &Context) -> Result<ImportSettings, RunError> {
    match ImportSettings::resolve(flags.clone(), &ctx.environment) {
        Err(
            error @ (SettingsError::Credentials(_)
            | SettingsError::TwoSources { .. }
            | SettingsError::TokenCommand
            | SettingsError::OAuthVariable { .. }),
        ) => {
            Input::open(&flags.input.into_settings())?;
            Err(error.into())
        }
        settings => Ok(settings?),
    }
}

/// Prepares and runs the import. An error means that nothing was sent; the end of a started run is reported here.
fn link(
    flags: ImportArgs,
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
    let mut target = Target::open(&settings)?;
    let client = settings.client(target.base_url.clone(), target.source.clone());
    let endpoint = HttpEndpoint::new(client)?;
    let runtime = Engine::start().map_err(RunError::System)?;
    let signals = &ctx.signals;
    let must_finish = || endpoint.is_exchanging();
    signals
        .wait_for(&runtime, endpoint.prepare(), must_finish)
        .map_err(RunError::Stopped)??;
    let mut zone = None;
    if let (Some(expected), Destination::Api { .. }) =
        (settings.expect_portal, &settings.destination)
    {
        let check = portal::check(&endpoint, expected);
        let account = signals
            .wait_for(&runtime, check, must_finish)
            .map_err(RunError::Stopped)??;
        zone = portal::zone_of(&account);
    }
    let PreparedReport {
        mut report,
        comparison,
        previous_counts,
        skips,
        failures,
    } = prepare(&settings.report, &settings.input, &settings.skip, known)?;
    // With --split, one row can become several pairs, so the number of rows is not the total.
    let first = match &settings.input.split {
        Some(_) => None,
        None => settings.input.first.map(NonZeroU64::get),
    };
    let daily_reset = settings
        .wait_for_daily_reset
        .then(|| signals.wait_for(&runtime, daily_reset(&endpoint, zone.clone()), must_finish))
        .transpose()
        .map_err(RunError::Stopped)?;
    let metrics = outputs.metrics.clone();
    let metrics = metrics.filter(MetricsFile::is_replaceable);
    let mut observers = Observers {
        display: Display::new(ctx.output, ctx.screen.clone(), input.progress(), first),
        metrics: metrics
            .map(|file| LiveMetrics::start(file, start.at))
            .transpose()?,
        throttles: Throttles::since(start.at),
    };

    let result = {
        let _inside = runtime.enter();
        let parts = RunContext {
            endpoint: endpoint.clone(),
            rate_limiter: RateLimiter::new(RateController::new(settings.rate, settings.share)),
            report: &mut report,
            observer: &mut observers,
            rows: Rows::new(input, &settings.input, skips, comparison)
                .read()
                .map_err(RunError::System)?,
            previous_counts,
            failed_before: Box::new(move |outcome| failures.contains(outcome)),
            stop: signals.begin_run(),
            now,
            draw: Box::new(fastrand::f64),
        };
        let run_settings = RunSettings {
            daily_reset,
            ..settings.run.clone()
        };
        runtime.block_on(run(run_settings, parts))
    };
    let Observers {
        display,
        metrics,
        throttles,
    } = observers;
    display.finish();
    if let Some(metrics) = metrics {
        metrics.finish();
    }
    if zone.is_none() && result.stop.as_ref().is_some_and(StopReason::is_daily_limit) {
        zone = runtime.block_on(portal::zone_at_the_end(&endpoint));
    }
    let lost_token = runtime.block_on(endpoint.keep_refresh_token()).err();
    // Requests in flight and threads blocked on a pipe must not delay the exit.
    drop(runtime);
    drop(report);
    target.region = endpoint.region();
    let finished = FinishedRun {
        result: &result,
        start,
        settings: &settings,
        target: &target,
        throttles: &throttles,
        zone: zone.as_ref(),
    };
    Ok(finished.finish(lost_token, outputs, ctx))
}

/// Runs `--dry-run`. Needs no token and writes no report.
fn dry_run(flags: ImportArgs, ctx: &Context) -> Result<ExitStatus, RunError> {
    let (origin, skip) = (origin(&flags), flags.input.skip_settings());
    let input = flags.input.into_settings();
    let plan = CheckPlan {
        origin,
        skip,
        per_call: flags.batch_size.get() as u64,
        duplicates_memory: ByteSize::FOR_DUPLICATES,
        json: false,
        import: next_command::import_of_checked(&ctx.arguments, input.path.file_or_dash()),
        input,
    };
    show(&plan, ctx)
}

/// Reads the time zone in which the daily limit resets. If it is not known yet, this sends one request before the first
/// row's.
async fn daily_reset(endpoint: &HttpEndpoint, known: Option<TimeZone>) -> DailyReset {
    if known.is_some() {
        return DailyReset { zone: known };
    }
    let account = match portal::obtain_token(endpoint).await {
        Ok(()) => endpoint.account().await,
        // Without a token the request would be refused. The run reports why there is none.
        Err(refresh) => QueryResult::Unreachable(refresh.to_string()),
    };
    let zone = match account {
        QueryResult::Known(account) => {
            portal::log_account(&account);
            portal::zone_of(&account)
        }
        QueryResult::Refused(_) | QueryResult::Unreadable(..) | QueryResult::Unreachable(_) => None,
    };
    if zone.is_none() {
        warn!("could not read the account's time zone; after the daily limit, retrying hourly");
    }
    DailyReset { zone }
}

fn warn_of(settings: &ImportSettings, input: &Input) {
    for column in &input.columns().ignored {
        warn!("the column {column} is not read: a flag gives the type for all rows");
    }
    // RFC 3339 in UTC sorts as text.
    let today = now().to_string();
    if settings.transport.version == ApiVersion::V4 && today.as_str() >= V4_WARNING_FROM {
        warn!("HubSpot ends its support of v4 on 2027-03-30: use --api-version 2026-09");
    }
}
