//! Runs the command that the command line names.

use crate::cli::command_line::{Cli, Command};
use crate::commands::context::Context;
use crate::error::RunError;
use crate::exit_status::ExitStatus;

/// Runs the command.
pub fn run(cli: Cli, ctx: &Context) -> Result<ExitStatus, RunError> {
    crate::process::file_size::fail_writes_beyond_the_limit().map_err(RunError::System)?;
    match cli.command {
        Command::Import(flags) => crate::commands::import::import(&flags, ctx),
        Command::Check(flags) => crate::commands::check::check(*flags, ctx),
        Command::Doctor(flags) => crate::commands::doctor::doctor(&flags, ctx),
        Command::Resolve(flags) => crate::commands::resolve::resolve(&flags, ctx),
        Command::Undo(flags) => crate::commands::undo::undo(&flags, ctx),
        Command::Verify(flags) => crate::commands::verify::verify(&flags, ctx),
        Command::Labels(flags) => crate::commands::labels::labels(&flags, ctx),
        Command::Report(flags) => crate::commands::report::report(&flags, ctx),
        Command::Sandbox(flags) => crate::commands::sandbox::sandbox(&flags, ctx),
        Command::Completions(flags) => crate::commands::packaging::completions(flags.shell),
        Command::Man(flags) => crate::commands::packaging::man(flags.command.as_deref()),
    }
}
