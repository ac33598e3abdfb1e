//! Sets up the log: lines as text or as JSON.

use std::sync::Mutex;

use tracing_subscriber::filter::FilterExt as _;
use tracing_subscriber::fmt::time::SystemTime;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{EnvFilter, Layer as _};

use crate::cli::command_line::LogFormat;
use crate::output::terminal::duplicate_filter::DuplicateFilter;
use crate::output::terminal::screen::{OutputOptions, Screen};

/// The log target of progress in a JSON log, which is enabled at any verbosity.
pub(crate) const PROGRESS_TARGET: &str = "hubspot_associate::progress";

/// The log target of the line that names the account of a run, which is shown unless only errors are.
pub(crate) const ACCOUNT_TARGET: &str = "hubspot_associate::account";

/// Sends all log lines to `screen`.
///
/// Only the log of this program is shown, at any verbosity: the log of libraries about requests and headers may contain
/// secrets.
pub fn start_log(output: OutputOptions, screen: Screen) {
    let level = match (output.quiet, output.verbose) {
        (true, _) => "error",
        (false, 0) => "warn",
        (false, 1) => "info",
        (false, 2) => "debug",
        (false, _) => "trace",
    };
    let account = if output.quiet { "error" } else { "info" };
    let filter =
        format!("off,hubspot_associate={level},{PROGRESS_TARGET}=info,{ACCOUNT_TARGET}={account}");
    let filter = EnvFilter::new(filter).and(DuplicateFilter::new());
    let layer = tracing_subscriber::fmt::layer()
        .with_target(false)
        .with_timer(SystemTime)
        .with_writer(Mutex::new(screen));
    let registry = tracing_subscriber::registry();
    match output.log_format {
        // The stream of the screen removes the colours if the terminal does not support them.
        LogFormat::Text => registry
            .with(layer.with_ansi(true).with_filter(filter))
            .init(),
        LogFormat::Json => registry
            .with(
                layer
                    .json()
                    .flatten_event(true)
                    .with_ansi(false)
                    .with_filter(filter),
            )
            .init(),
    }
}
