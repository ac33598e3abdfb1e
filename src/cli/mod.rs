//! The flags exactly as typed, and their help text. Nothing is decided here.

mod check;
mod connection;
mod credentials;
mod doctor;
mod help;
mod import;
mod input;
mod packaging;
mod report;

use clap::builder::styling::{AnsiColor, Styles};
use clap::{Args, CommandFactory, FromArgMatches, Parser, Subcommand, ValueEnum};

pub use check::{ByteSize, CheckArgs};
pub use connection::ConnectionArgs;
pub use credentials::CredentialArgs;
pub use doctor::DoctorArgs;
pub use help::{NOTES, Notes};
pub use import::{ImportArgs, Mode};
pub use input::{InputArgs, ReadingArgs};
pub use packaging::{CompletionsArgs, ManArgs};
pub use report::ReportArgs;

use import::duration;

use crate::program::Program;
use crate::sandbox::SandboxArgs;

/// What stands in front of a flag's name in the environment.
pub const ENVIRONMENT_PREFIX: &str = "HUBSPOT_ASSOCIATE_";

const STYLES: Styles = Styles::styled()
    .header(AnsiColor::Green.on_default().bold())
    .usage(AnsiColor::Green.on_default().bold())
    .literal(AnsiColor::Cyan.on_default().bold())
    .placeholder(AnsiColor::Cyan.on_default());

/// Link HubSpot records in bulk: one row of a CSV in, one verdict per row out.
#[derive(Debug, Parser)]
#[command(
    name = "hubspot-associate",
    version,
    styles = STYLES,
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
    Import(Box<ImportArgs>),
    /// Read and validate a CSV and show what an import would do; nothing is sent
    Check(Box<CheckArgs>),
    /// Sum up the report of a run, and make a page, JSON or a CSV to feed back from it
    Report(Box<ReportArgs>),
    /// Prove the credentials: which portal, which quota, how much of it is used
    Doctor(Box<DoctorArgs>),
    /// Serve a local look-alike of the API, to rehearse against
    Sandbox(Box<SandboxArgs>),
    /// Print a shell's completion script
    Completions(CompletionsArgs),
    /// Print a manual page
    Man(ManArgs),
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
        let words: Vec<String> = std::env::args_os()
            .map(|word| word.to_string_lossy().into_owned())
            .collect();
        let is_set = |name: &str| std::env::var_os(name).is_some_and(|value| is_given(&value));
        let matches = Self::described(&words, is_set).get_matches();
        Self::from_arg_matches(&matches).unwrap_or_else(|error| error.exit())
    }

    /// The command line's description. Each flag has its variable, unless that says no, or a flag among
    /// `words` speaks against it: what is typed wins.
    #[must_use]
    pub fn described(words: &[String], is_set: impl Fn(&str) -> bool) -> clap::Command {
        let with_variable = |flag: clap::Arg| with_variable(flag, words, &is_set);
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

/// Short help ends with a line that says where there is more.
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

/// Flags that exclude each other.
const ALTERNATIVES: [(&str, &str); 6] = [
    ("dry-run", "resume"),
    ("from-type", "from-type-column"),
    ("to-type", "to-type-column"),
    ("sandbox", "base-url"),
    ("resume", "overwrite"),
    ("quiet", "verbose"),
];

fn with_variable(flag: clap::Arg, words: &[String], is_set: &impl Fn(&str) -> bool) -> clap::Arg {
    let Some(name) = flag.get_long().map(ToOwned::to_owned) else {
        return flag;
    };
    let is_switch = matches!(flag.get_action(), clap::ArgAction::SetTrue);
    let counts = matches!(flag.get_action(), clap::ArgAction::Count);
    let flag = if is_switch {
        flag.value_parser(clap::builder::BoolishValueParser::new())
    } else {
        flag
    };
    let variable = format!(
        "{ENVIRONMENT_PREFIX}{}",
        name.to_uppercase().replace('-', "_")
    );
    let mut pairs = ALTERNATIVES
        .iter()
        .flat_map(|&(one, other)| [(one, other), (other, one)]);
    let spoken_against = pairs.any(|(one, other)| one == name && is_typed(other, words));
    let says_no = (is_switch || counts) && !is_set(&variable);
    if spoken_against || says_no {
        return flag;
    }
    flag.env(variable).hide_env(true)
}

/// Whether a variable's value says anything but no. A switch that says no is as good as none.
fn is_given(value: &std::ffi::OsStr) -> bool {
    let value = value.to_string_lossy().trim().to_lowercase();
    !["", "0", "false", "no", "off", "n", "f"].contains(&value.as_str())
}

fn is_typed(name: &str, words: &[String]) -> bool {
    words.iter().any(|word| match word.strip_prefix("--") {
        Some(long) => long.split('=').next() == Some(name),
        // `-vv` and `-q` are the only short flags that exclude each other.
        None => {
            word.len() > 1
                && word.starts_with('-')
                && word[1..].chars().all(|c| name.starts_with(c))
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// With every variable set.
    fn described(words: &[&str]) -> clap::Command {
        let words: Vec<_> = words.iter().map(ToString::to_string).collect();
        Cli::described(&words, |_| true)
    }

    /// The variables that still count when these words are typed.
    fn variables(words: &[&str]) -> Vec<String> {
        let command = described(words);
        let import = command.find_subcommand("import").unwrap();
        let flags = import
            .get_arguments()
            .filter(|flag| flag.get_env().is_some());
        flags
            .filter_map(|flag| flag.get_long().map(ToOwned::to_owned))
            .collect()
    }

    #[test]
    fn what_is_typed_wins_over_the_variable_of_its_alternative() {
        let all = variables(&[]);
        for (typed, silent) in [
            ("--from-type-column=x", &["from-type"][..]),
            ("--from-type", &["from-type-column"]),
            ("--to-type", &["to-type-column"]),
            ("--sandbox", &["base-url"]),
            ("--base-url", &["sandbox"]),
            ("--resume", &["dry-run", "overwrite"]),
            ("--overwrite", &["resume"]),
        ] {
            let left = variables(&["import", typed]);
            let missing: Vec<_> = all.iter().filter(|name| !left.contains(name)).collect();
            assert_eq!(missing, silent, "{typed}");
        }
        for typed in ["-q", "-vv", "--verbose", "--quiet"] {
            let command = described(&["import", typed]);
            let silent = if typed.contains('q') {
                "verbose"
            } else {
                "quiet"
            };
            let flag = command
                .get_arguments()
                .find(|flag| flag.get_long() == Some(silent));
            assert_eq!(flag.unwrap().get_env(), None, "{typed}");
        }
    }

    #[test]
    fn a_variable_that_says_no_is_none() {
        for no in ["", "0", "false", "No", " off "] {
            assert!(!is_given(no.as_ref()), "{no:?}");
        }
        for yes in ["1", "true", "2", "flase", "contacts"] {
            assert!(is_given(yes.as_ref()), "{yes:?}");
        }
    }

    #[test]
    fn the_command_line_is_well_formed() {
        described(&[]).debug_assert();
    }

    #[test]
    fn every_flag_has_its_variable() {
        for subcommand in described(&[]).get_subcommands() {
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
