//! The command line: global flags and the list of commands.

use std::ffi::OsString;
use std::io::{self, Write};
use std::process;

use clap::builder::styling::{AnsiColor, Styles};
use clap::{Args, CommandFactory, FromArgMatches, Parser, Subcommand, ValueEnum};

use crate::cli::check::CheckArgs;
use crate::cli::doctor::DoctorArgs;
use crate::cli::environment::with_variable;
use crate::cli::help::Notes;
use crate::cli::import::ImportArgs;
use crate::cli::labels_command::LabelsArgs;
use crate::cli::packaging::{CompletionsArgs, ManArgs};
use crate::cli::report::ReportArgs;
use crate::cli::resolve::ResolveArgs;
use crate::cli::undo::UndoArgs;
use crate::cli::verify::VerifyArgs;
use crate::diagnostic::Problem;
use crate::exit_status::ExitStatus;
use crate::process::program::Program;
use crate::process::stdout::unless_reader_left;
use crate::sandbox::args::SandboxArgs;

const STYLES: Styles = Styles::styled()
    .header(AnsiColor::Green.on_default().bold())
    .usage(AnsiColor::Green.on_default().bold())
    .literal(AnsiColor::Cyan.on_default().bold())
    .placeholder(AnsiColor::Cyan.on_default());

/// Link HubSpot records in bulk: one row of a CSV in, one outcome per row out.
#[derive(Debug, Parser)]
#[command(
    name = "hubspot-associate",
    version,
    styles = STYLES,
    disable_help_subcommand = true,
    max_term_width = 100
)]
pub struct Cli {
    /// The command to run.
    #[command(subcommand)]
    pub command: Command,
    /// How much to print.
    #[command(flatten)]
    pub output: OutputArgs,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Link every pair of a CSV in HubSpot and report one outcome per row
    Import(Box<ImportArgs>),
    /// Read and validate a CSV, and show what an import would do; sends nothing
    Check(Box<CheckArgs>),
    /// Look up the record ids that a CSV names by another property; links nothing
    Resolve(Box<ResolveArgs>),
    /// Read links back from HubSpot: is each pair of a report or a CSV linked?
    Verify(Box<VerifyArgs>),
    /// Remove exactly the links that a report proves an import made; first shows the plan
    Undo(Box<UndoArgs>),
    /// List the association labels between two object types
    Labels(Box<LabelsArgs>),
    /// Summarize a report as text, HTML or JSON, or write its rejects
    Report(Box<ReportArgs>),
    /// Check the credentials, and show the portal and how much of its quota is used
    Doctor(Box<DoctorArgs>),
    /// Serve a local imitation of the API, for rehearsals
    Sandbox(Box<SandboxArgs>),
    /// Print a shell's completion script
    Completions(CompletionsArgs),
    /// Print a manual page
    Man(ManArgs),
}

/// How much to print, and in which format.
#[derive(Args, Clone, Copy, Debug)]
#[command(next_help_heading = "Output")]
pub struct OutputArgs {
    /// When to show progress: auto shows a bar, or a line per minute without a terminal
    #[arg(long, global = true, value_enum, default_value_t, value_name = "WHEN")]
    pub progress: ProgressWhen,
    /// Format of the log on stderr
    #[arg(
        long,
        global = true,
        value_enum,
        default_value_t,
        value_name = "FORMAT"
    )]
    pub log_format: LogFormat,
    /// Print more: -v adds rows that are not associated, -vv retries, -vvv every row
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    pub verbose: u8,
    /// Print only errors
    #[arg(short, long, global = true, conflicts_with = "verbose")]
    pub quiet: bool,
}

/// When to show progress.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum ProgressWhen {
    /// A bar on a terminal; without a terminal, one line per minute
    #[default]
    Auto,
    /// Also with --quiet; without a terminal, one line every ten seconds
    Always,
    /// No progress
    Never,
}

/// The format of the log.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// Plain text
    #[default]
    Text,
    /// One JSON object per line, also for progress and the final error
    Json,
}

impl Cli {
    /// Reads the command line and the environment. If there is nothing to run, prints the help (status 0) or an error
    /// (status 2) and ends the program.
    #[must_use]
    pub fn read() -> Self {
        let words: Vec<OsString> = std::env::args_os().collect();
        refuse_typed_token(words.get(1..).unwrap_or_default());
        let words: Vec<String> = words
            .iter()
            .map(|word| word.to_string_lossy().into_owned())
            .collect();
        let matches = Self::described(&words, |name| std::env::var_os(name)).try_get_matches();
        matches
            .and_then(|matches| Self::from_arg_matches(&matches))
            .unwrap_or_else(|error| end(&error))
    }

    /// The description of the command line. Each flag can be set by its variable, unless the variable is empty or turns a
    /// switch off, or a flag among `words` excludes it: typed flags override variables.
    #[must_use]
    pub fn described(
        words: &[String],
        variable: impl Fn(&str) -> Option<OsString>,
    ) -> clap::Command {
        let with_variable = |flag: clap::Arg| with_variable(flag, words, &variable);
        let command = <Self as CommandFactory>::command()
            .version(Program::THIS.version_and_commit())
            .mut_args(with_variable);
        let command = with_notes(command, "");
        command.mut_subcommands(|subcommand| {
            let name = subcommand.get_name().to_owned();
            with_notes(subcommand.mut_args(with_variable), &name)
        })
    }
}

/// Prints the help, or the error in the command line, and ends the program.
#[expect(clippy::exit, reason = "there is nothing to run")]
fn end(error: &clap::Error) -> ! {
    let printed = error.print().and_then(|()| io::stdout().flush());
    if !error.use_stderr()
        && let Err(error) = unless_reader_left(printed)
    {
        let problem = Problem::new(&error, None).to_text();
        drop(anstream::stderr().write_all(problem.as_bytes()));
        process::exit(ExitStatus::CannotWrite.code().into());
    }
    process::exit(error.exit_code());
}

/// Ends the program if a token is typed in place of another value. Any later message could repeat it.
fn refuse_typed_token(words: &[OsString]) {
    if let Some(place) = crate::cli::typed_token::typed_token(words, std::env::vars_os()) {
        let error = format!(
            "{place} is a token, and a token is never read from there: other users can see the command line, and the history of the shell keeps it\n\
             hint: replace that token in HubSpot, and put the new token into a file for `--token-file`, or into \
             `HUBSPOT_ACCESS_TOKEN`\n"
        );
        end(&clap::Error::raw(
            clap::error::ErrorKind::InvalidValue,
            error,
        ));
    }
}

/// Adds the notes to the long help, and a line that points to them to the short help.
fn with_notes(command: clap::Command, name: &str) -> clap::Command {
    let Some(notes) = Notes::of(name) else {
        return command;
    };
    let words: Vec<&str> = [Program::THIS.name, name]
        .into_iter()
        .filter(|word| !word.is_empty())
        .collect();
    command
        .after_help(format!(
            "Examples and exit statuses: {} --help",
            words.join(" ")
        ))
        .after_long_help(notes.to_text())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The command line with every variable set.
    fn described(words: &[&str]) -> clap::Command {
        let words: Vec<_> = words.iter().map(ToString::to_string).collect();
        Cli::described(&words, |_| Some("1".into()))
    }

    #[test]
    fn the_command_line_is_well_formed() {
        described(&[]).debug_assert();
    }

    #[test]
    fn the_first_line_of_every_flags_help_fits_a_terminal() {
        for subcommand in described(&[]).get_subcommands() {
            for flag in subcommand.get_arguments() {
                let help = flag
                    .get_help()
                    .unwrap_or_else(|| panic!("{} has no help", flag.get_id()));
                let first = help
                    .to_string()
                    .lines()
                    .next()
                    .unwrap_or_default()
                    .chars()
                    .count();
                assert!(first <= 80, "{}: {first}", flag.get_id());
            }
        }
    }

    #[test]
    fn the_token_has_no_flag() {
        for subcommand in described(&[]).get_subcommands() {
            assert!(
                subcommand
                    .get_arguments()
                    .all(|flag| flag.get_long() != Some("token"))
            );
        }
    }
}
