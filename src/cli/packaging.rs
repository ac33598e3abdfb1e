//! The flags of `completions` and `man`.

use clap::Args;
use clap_complete::Shell;

/// The flags of `completions`.
#[derive(Args, Clone, Copy, Debug)]
pub struct CompletionsArgs {
    /// The shell
    #[arg(value_enum, value_name = "SHELL")]
    pub shell: Shell,
}

/// The flags of `man`.
#[derive(Args, Clone, Debug)]
pub struct ManArgs {
    /// The command to describe [default: the program itself]
    #[arg(value_name = "COMMAND", value_parser = COMMANDS)]
    pub command: Option<String>,
}

/// The commands that have a manual page.
const COMMANDS: [&str; 11] = [
    "import",
    "check",
    "resolve",
    "verify",
    "undo",
    "labels",
    "report",
    "doctor",
    "sandbox",
    "completions",
    "man",
];
