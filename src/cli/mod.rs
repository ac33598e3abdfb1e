//! The flags exactly as typed, and their help text. Nothing is decided here.

mod import;

use clap::builder::styling::{AnsiColor, Styles};
use clap::{Args, CommandFactory, FromArgMatches, Parser, Subcommand, ValueEnum};

pub use import::ImportArgs;

use crate::sandbox::SandboxArgs;

/// What stands in front of a flag's name in the environment.
pub const ENVIRONMENT_PREFIX: &str = "HUBSPOT_ASSOCIATE_";

const STYLES: Styles = Styles::styled()
    .header(AnsiColor::Green.on_default().bold())
    .usage(AnsiColor::Green.on_default().bold())
    .literal(AnsiColor::Cyan.on_default().bold())
    .placeholder(AnsiColor::Cyan.on_default());

const AFTER_HELP: &str = "\
Every flag can also be set in the environment, as HUBSPOT_ASSOCIATE_ and the flag's name
(HUBSPOT_ASSOCIATE_RATE=50/10s). The access token is read from HUBSPOT_ACCESS_TOKEN.

Exit status:
  0    every row is associated or skipped
  1    the run finished; some rows are rejected, failed or invalid
  2    usage, settings or input are wrong; nothing (more) was sent
  3    stopped by credentials or permissions
  4    stopped early on purpose: daily limit and the like
  5    another run holds the report
  6    the report cannot be written
  130  interrupted (Ctrl-C); 143 terminated";

/// Link HubSpot records in bulk: one row of a CSV in, one verdict per row out.
#[derive(Debug, Parser)]
#[command(
    name = "hubspot-associate",
    version,
    styles = STYLES,
    after_help = AFTER_HELP,
    disable_help_subcommand = true,
    max_term_width = 100
)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
    /// How much is said.
    #[command(flatten)]
    pub manner: MannerArgs,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Link every pair of a CSV in HubSpot and report one outcome per row
    #[command(after_help = AFTER_HELP)]
    Import(Box<ImportArgs>),
    /// Serve a local look-alike of the API, to rehearse against
    Sandbox(Box<SandboxArgs>),
}

/// How much is said, and in which form.
#[derive(Args, Clone, Copy, Debug)]
#[command(next_help_heading = "Output")]
pub struct MannerArgs {
    /// Show progress: a bar on a terminal, a line a minute otherwise
    #[arg(long, global = true, value_enum, default_value_t, value_name = "WHEN")]
    pub progress: WhenArg,
    /// Form of the log on stderr
    #[arg(
        long,
        global = true,
        value_enum,
        default_value_t,
        value_name = "FORMAT"
    )]
    pub log_format: LogFormat,
    /// Say more: -v rows that are not associated, -vv every retry, -vvv every row
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    pub verbose: u8,
    /// Say nothing but errors
    #[arg(short, long, global = true, conflicts_with = "verbose")]
    pub quiet: bool,
}

/// When progress is shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum WhenArg {
    /// A bar on a terminal, a line a minute otherwise
    #[default]
    Auto,
    /// Also with --quiet; without a terminal a line every ten seconds
    Always,
    /// Not at all
    Never,
}

/// The log's form.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// For people
    #[default]
    Text,
    /// One JSON object per line; progress and the final error too
    Json,
}

impl Cli {
    /// Reads the command line and the environment. Prints help or what is wrong and ends the program
    /// (status 2) where there is nothing to run.
    #[must_use]
    pub fn read() -> Self {
        let matches = Self::described().get_matches();
        Self::from_arg_matches(&matches).unwrap_or_else(|error| error.exit())
    }

    /// The command line's description, each flag with its variable.
    #[must_use]
    pub fn described() -> clap::Command {
        let command = <Self as CommandFactory>::command().mut_args(with_variable);
        command.mut_subcommands(|subcommand| subcommand.mut_args(with_variable))
    }
}

fn with_variable(flag: clap::Arg) -> clap::Arg {
    let Some(name) = flag.get_long() else {
        return flag;
    };
    let name = name.to_uppercase().replace('-', "_");
    let flag = match flag.get_action() {
        // `=0`, `=false`, `=no`, `=off` and nothing at all mean that the flag is not set.
        clap::ArgAction::SetTrue => flag.value_parser(clap::builder::FalseyValueParser::new()),
        _ => flag,
    };
    flag.env(format!("{ENVIRONMENT_PREFIX}{name}"))
        .hide_env(true)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_well_formed() {
        Cli::described().debug_assert();
    }

    #[test]
    fn every_flag_has_its_variable() {
        for subcommand in Cli::described().get_subcommands() {
            for flag in subcommand.get_arguments() {
                let Some(name) = flag.get_long() else {
                    continue;
                };
                let variable = format!(
                    "HUBSPOT_ASSOCIATE_{}",
                    name.to_uppercase().replace('-', "_")
                );
                assert_eq!(flag.get_env().unwrap().to_str().unwrap(), variable);
            }
        }
    }

    #[test]
    fn the_first_line_of_every_flags_help_fits_a_terminal() {
        for subcommand in Cli::described().get_subcommands() {
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
        for subcommand in Cli::described().get_subcommands() {
            assert!(
                subcommand
                    .get_arguments()
                    .all(|flag| flag.get_long() != Some("token"))
            );
        }
    }
}
