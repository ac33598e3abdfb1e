//! The log: what happens to rows, as lines for people or as JSON.

use std::sync::Mutex;

use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::time::SystemTime;

use super::screen::{Manner, Screen};
use crate::cli::LogFormat;

/// Where progress goes in a JSON log, whatever the verbosity.
pub(super) const PROGRESS_TARGET: &str = "hubspot_associate::progress";

/// Sends everything logged from now on to `screen`.
///
/// Only our own log is shown, at any verbosity: what libraries say of requests and headers is not ours
/// to keep free of secrets.
pub fn start_log(manner: Manner, screen: Screen) {
    let level = match (manner.quiet, manner.verbose) {
        (true, _) => "error",
        (false, 0) => "warn",
        (false, 1) => "info",
        (false, 2) => "debug",
        (false, _) => "trace",
    };
    let filter = format!("off,hubspot_associate={level},{PROGRESS_TARGET}=info");
    let builder = tracing_subscriber::fmt()
        .with_env_filter(EnvFilter::new(filter))
        .with_target(false)
        .with_timer(SystemTime)
        .with_writer(Mutex::new(screen));
    match manner.log_format {
        // Colours are added where the terminal takes them, by the screen's stream.
        LogFormat::Text => builder.with_ansi(true).init(),
        LogFormat::Json => builder.json().flatten_event(true).with_ansi(false).init(),
    }
}
