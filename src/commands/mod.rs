//! One file per command. Each wires the other modules together; decisions are in pure functions elsewhere.
//! Input: the parsed flags and a [`Context`]; output: an exit status or an error.

mod carry;
mod check;
mod command_line;
mod doctor;
mod engine;
mod file_size;
mod finish;
mod hints;
mod import;
mod next_command;
mod next_steps;
mod observers;
mod outputs;
mod own_files;
mod packaging;
mod portal;
mod prepare;
mod report;
mod rows;
mod sandbox;
mod signals;
mod skips;
mod stdout;
mod target;

pub use hints::hint;
pub use outputs::OutputError;
pub use portal::PortalError;
pub use signals::Signals;
use stdout::print;
pub(crate) use stdout::unless_reader_left;

use std::ffi::OsString;

use crate::cli::{Cli, Command};
use crate::display::{OutputOptions, Screen};
use crate::error::RunError;
use crate::exit::ExitStatus;
use crate::settings::Environment;

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
    file_size::fail_writes_beyond_the_limit().map_err(RunError::System)?;
    match cli.command {
        Command::Import(flags) => import::import(*flags, ctx),
        Command::Check(flags) => check::check(*flags, ctx),
        Command::Doctor(flags) => doctor::doctor(*flags, ctx),
        Command::Report(flags) => report::report(*flags, ctx),
        Command::Sandbox(flags) => sandbox::sandbox(&flags, ctx),
        Command::Completions(flags) => packaging::completions(flags.shell),
        Command::Man(flags) => packaging::man(flags.command.as_deref()),
    }
}
