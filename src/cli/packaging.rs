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
    /// The command whose page is wanted [default: the program's]
    #[arg(value_name = "COMMAND", value_parser = COMMANDS)]
    pub command: Option<String>,
}

/// Those that have a page of their own.
const COMMANDS: [&str; 7] = [
    "import",
    "check",
    "report",
    "doctor",
    "sandbox",
    "completions",
    "man",
];
