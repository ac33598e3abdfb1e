//! What every command gets, and which function runs which command.

use std::ffi::OsString;

use crate::cli::command_line::{Cli, Command};
use crate::error::RunError;
use crate::exit_status::ExitStatus;
use crate::output::terminal::screen::{OutputOptions, Screen};
use crate::process::signals::Signals;
use crate::settings::import::Environment;

/// What every command needs, as collected by `main`.
#[derive(Clone, Debug)]
pub struct Context {
    /// Credentials from the environment, and the time.
    pub environment: Environment,
    /// How much to print.
    pub output: OutputOptions,
    /// Where to print it.
    pub screen: Screen,
    /// The receiver of the signals that end the program.
    pub signals: Signals,
    /// The command line as typed, without the program's name.
    pub arguments: Vec<OsString>,
}

/// Runs the command.
pub fn run(cli: Cli, ctx: &Context) -> Result<ExitStatus, RunError> {
    crate::process::file_size::fail_writes_beyond_the_limit().map_err(RunError::System)?;
    match cli.command {
        Command::Import(flags) => crate::commands::import::import(*flags, ctx),
        Command::Check(flags) => crate::commands::check::check(*flags, ctx),
        Command::Doctor(flags) => crate::commands::doctor::doctor(*flags, ctx),
        Command::Report(flags) => crate::commands::report::report(*flags, ctx),
        Command::Sandbox(flags) => crate::commands::sandbox::sandbox(&flags, ctx),
        Command::Completions(flags) => crate::commands::packaging::completions(flags.shell),
        Command::Man(flags) => crate::commands::packaging::man(flags.command.as_deref()),
    }
}
