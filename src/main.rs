//! Parse, run, exit; no decisions.

use std::process::ExitCode;

use hubspot_associate::api::ACCESS_TOKEN_VARIABLE;
use hubspot_associate::cli::Cli;
use hubspot_associate::commands::{self, World};
use hubspot_associate::display::{Manner, Screen, start_log};
use hubspot_associate::error::Problem;
use hubspot_associate::settings::{Environment, Secret};
use jiff::ZonedDateTime;

fn main() -> ExitCode {
    let cli = Cli::read();
    let world = World {
        environment: Environment {
            // What is not text is no token either, and is refused as such.
            access_token: std::env::var_os(ACCESS_TOKEN_VARIABLE)
                .map(|token| Secret::new(token.to_string_lossy().into_owned())),
            now: ZonedDateTime::now(),
        },
        manner: Manner::new(cli.manner),
        screen: Screen::default(),
        arguments: std::env::args_os().skip(1).collect(),
    };
    start_log(world.manner, world.screen.clone());
    match commands::run(cli, &world) {
        Ok(status) => status.into(),
        Err(error) => {
            world
                .screen
                .problem(world.manner, &Problem::new(&error, error.hint()));
            error.exit_status().into()
        }
    }
}
