//! One file per verb. Each only wires parts together; what can be decided is decided elsewhere.

mod begin;
mod carry;
mod check;
mod doctor;
mod engine;
mod file_size;
mod hints;
mod import;
mod last_words;
mod next;
mod ours;
mod outputs;
mod packaging;
mod portal;
mod report;
mod route;
mod rows;
mod sandbox;
mod signals;
mod skips;
mod stdout;
mod steps;
mod typed;
mod watch;

pub use hints::hint;
pub use outputs::OutputError;
pub use portal::PortalError;
pub use signals::Signals;
use stdout::print;
pub(crate) use stdout::unless_reader_left;

use std::ffi::OsString;

use crate::cli::{Cli, Command};
use crate::display::{Manner, Screen};
use crate::error::RunError;
use crate::exit::ExitStatus;
use crate::settings::Environment;

/// The world as `main` found it.
#[derive(Clone, Debug)]
pub struct World {
    /// What the environment holds for us.
    pub environment: Environment,
    /// How much is said.
    pub manner: Manner,
    /// Where it is said.
    pub screen: Screen,
    /// The signals that end the program.
    pub signals: Signals,
    /// The command line as typed, without the program's name.
    pub arguments: Vec<OsString>,
}

/// Does what the command line asks for.
pub fn run(cli: Cli, world: &World) -> Result<ExitStatus, RunError> {
    file_size::fail_writes_beyond_the_limit().map_err(RunError::System)?;
    match cli.command {
        Command::Import(flags) => import::import(*flags, world),
        Command::Check(flags) => check::check(*flags, world),
        Command::Doctor(flags) => doctor::doctor(*flags, world),
        Command::Report(flags) => report::report(*flags, world),
        Command::Sandbox(flags) => sandbox::sandbox(&flags, world),
        Command::Completions(flags) => packaging::completions(flags.shell),
        Command::Man(flags) => packaging::man(flags.command.as_deref()),
    }
}
