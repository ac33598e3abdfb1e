//! What every command gets, and which function runs which command.

use std::ffi::OsString;

use crate::output::terminal::screen::{OutputOptions, Screen};
use crate::process::signals::Signals;
use crate::settings::connection::Environment;

/// What every command needs, as collected when the program starts.
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
