//! Parse, run, exit; no decisions.

use std::path::PathBuf;
use std::process::ExitCode;

use hubspot_associate::api::ACCESS_TOKEN_VARIABLE;
use hubspot_associate::cli::{Cli, unknown_variables};
use hubspot_associate::commands::{self, World};
use hubspot_associate::display::{Manner, Screen, start_log};
use hubspot_associate::error::Problem;
use hubspot_associate::settings::{Credentials, Environment, OAUTH_VARIABLES};
use jiff::ZonedDateTime;
use secrecy::SecretString;
use tracing::warn;

fn main() -> ExitCode {
    let cli = Cli::read();
    let world = World {
        environment: Environment {
            credentials: Credentials {
                access_token: secret(ACCESS_TOKEN_VARIABLE),
                oauth: OAUTH_VARIABLES.map(secret),
                systemd: std::env::var_os("CREDENTIALS_DIRECTORY").map(PathBuf::from),
            },
            now: ZonedDateTime::now(),
        },
        manner: Manner::new(cli.manner),
        screen: Screen::default(),
        arguments: std::env::args_os().skip(1).collect(),
    };
    start_log(world.manner, world.screen.clone());
    warn_of_unknown_variables();
    match commands::run(cli, &world) {
        Ok(status) => status.into(),
        Err(error) => {
            world.screen.problem(
                world.manner,
                &Problem::new(&error, commands::hint(&error, &world.arguments)),
            );
            error.exit_status().into()
        }
    }
}

fn warn_of_unknown_variables() {
    for variable in unknown_variables(std::env::vars_os()) {
        let hint = if variable.ends_with("TOKEN") {
            format!(" (the token belongs in {ACCESS_TOKEN_VARIABLE})")
        } else {
            String::new()
        };
        warn!("the variable {variable} sets nothing: no command has a flag of this name{hint}");
    }
}

/// What is not text is no secret either, and is refused as such.
fn secret(variable: &str) -> Option<SecretString> {
    let value = std::env::var_os(variable)?;
    Some(value.to_string_lossy().into_owned().into())
}
