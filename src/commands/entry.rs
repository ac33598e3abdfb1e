//! The whole program: command line and environment → command → exit status.

use std::path::PathBuf;
use std::process::ExitCode;

use jiff::tz::TimeZone;
use secrecy::SecretString;
use tracing::warn;

use crate::api::auth::variables::{ACCESS_TOKEN_VARIABLE, OAUTH_VARIABLES};
use crate::cli::command_line::Cli;
use crate::cli::environment::unknown_variables;
use crate::clock;
use crate::commands::context::Context;
use crate::commands::dispatch;
use crate::diagnostic::Problem;
use crate::error::RunError;
use crate::exit_status::ExitStatus;
use crate::output::hints::hint;
use crate::output::terminal::log::start_log;
use crate::output::terminal::screen::{OutputOptions, Screen};
use crate::process::signals::Signals;
use crate::settings::connection::Environment;
use crate::settings::credentials::Credentials;

/// Parses the command line, runs the command, and prints its error.
pub(crate) fn run() -> ExitCode {
    // First, because as process 1 of a container, a signal that arrives before this is lost.
    let signals = Signals::listen();
    let cli = Cli::read();
    let output = OutputOptions::new(cli.output);
    let screen = Screen::new(output);
    start_log(output, screen.clone());
    let ended = signals
        .map_err(RunError::System)
        .and_then(|signals| run_command(cli, signals, output, &screen));
    let status = ended.unwrap_or_else(|error| {
        let arguments: Vec<_> = std::env::args_os().skip(1).collect();
        screen.problem(output, &Problem::new(&error, hint(&error, &arguments)));
        error.exit_status()
    });
    screen.flush();
    status.into()
}

fn run_command(
    cli: Cli,
    signals: Signals,
    output: OutputOptions,
    screen: &Screen,
) -> Result<ExitStatus, RunError> {
    let ctx = Context {
        environment: Environment {
            credentials: Credentials {
                access_token: secret(ACCESS_TOKEN_VARIABLE),
                oauth: OAUTH_VARIABLES.map(secret),
                systemd: std::env::var_os("CREDENTIALS_DIRECTORY").map(PathBuf::from),
            },
            now: clock::now().to_zoned_datetime(TimeZone::system()),
        },
        output,
        screen: screen.clone(),
        signals,
        arguments: std::env::args_os().skip(1).collect(),
    };
    warn_of_unknown_variables();
    dispatch::run(cli, &ctx)
}

fn warn_of_unknown_variables() {
    for variable in unknown_variables(std::env::vars_os()) {
        let hint = if variable.ends_with("TOKEN") {
            format!(" (the token belongs in {ACCESS_TOKEN_VARIABLE})")
        } else {
            String::new()
        };
        warn!("the variable {variable} is ignored: no command has a flag of this name{hint}");
    }
}

/// A value that is not valid UTF-8 is not a valid secret either, and is refused as such.
fn secret(variable: &str) -> Option<SecretString> {
    let value = std::env::var_os(variable)?;
    Some(value.to_string_lossy().into_owned().into())
}
