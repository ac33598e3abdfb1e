//! The entry point: parses the command line, runs the command, and exits. It makes no decisions.

use std::path::PathBuf;
use std::process::ExitCode;

use jiff::tz::TimeZone;
use secrecy::SecretString;
use tracing::warn;

use hubspot_associate::api::auth::variables::{ACCESS_TOKEN_VARIABLE, OAUTH_VARIABLES};
use hubspot_associate::cli::command_line::Cli;
use hubspot_associate::cli::environment::unknown_variables;
use hubspot_associate::clock;
use hubspot_associate::commands::context::Context;
use hubspot_associate::diagnostic::Problem;
use hubspot_associate::error::RunError;
use hubspot_associate::exit_status::ExitStatus;
use hubspot_associate::output::terminal::log::start_log;
use hubspot_associate::output::terminal::screen::{OutputOptions, Screen};
use hubspot_associate::process::signals::Signals;
use hubspot_associate::settings::credentials::Credentials;
use hubspot_associate::settings::import::Environment;

fn main() -> ExitCode {
    // First, because as process 1 of a container, a signal that arrives before this is lost.
    let signals = Signals::listen();
    let cli = Cli::read();
    let output = OutputOptions::new(cli.output);
    let screen = Screen::new(output);
    start_log(output, screen.clone());
    let ended = signals
        .map_err(RunError::System)
        .and_then(|signals| run(cli, signals, output, &screen));
    let status = ended.unwrap_or_else(|error| {
        let arguments: Vec<_> = std::env::args_os().skip(1).collect();
        let hint = hubspot_associate::output::hints::hint(&error, &arguments);
        screen.problem(output, &Problem::new(&error, hint));
        error.exit_status()
    });
    screen.flush();
    status.into()
}

fn run(
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
    hubspot_associate::commands::dispatch::run(cli, &ctx)
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
