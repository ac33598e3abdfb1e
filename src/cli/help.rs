//! The text after the flags in `--help` and in the manual pages: notes, examples and exit statuses.

use std::fmt::Write as _;

/// The help of a command besides its flags.
#[derive(Debug)]
pub struct Notes {
    /// The command's name; empty for the program itself.
    pub command: &'static str,
    /// Paragraphs, one line each; lines that begin with a blank are not wrapped.
    pub text: &'static str,
    /// The purpose, and the command line.
    pub examples: &'static [(&'static str, &'static str)],
    /// The exit status, and its meaning.
    pub statuses: &'static [(&'static str, &'static str)],
}

const VARIABLES: &str = "\
Every flag can also be set in the environment, as HUBSPOT_ASSOCIATE_ and the flag's name: \
HUBSPOT_ASSOCIATE_RATE=50/10s is --rate 50/10s. An empty variable counts as not set.";

const IMPORT: &str = "\
The token comes from HUBSPOT_ACCESS_TOKEN, from a flag under Credentials, or from an OAuth app \
(HUBSPOT_CLIENT_ID, HUBSPOT_CLIENT_SECRET, HUBSPOT_REFRESH_TOKEN); never from the command line. Every other flag can \
also be set in the environment, as HUBSPOT_ASSOCIATE_ and its name: HUBSPOT_ASSOCIATE_RATE=50/10s is --rate 50/10s. An \
empty variable counts as not set.

Use --resume to continue a run that stopped.";

const PROGRAM: &str = "\
Start with a rehearsal: it needs no token, and nothing leaves the machine. Each command has its own --help.";

const DOCTOR: &str = "\
The command changes nothing in HubSpot. Every flag can also be set in the environment, as HUBSPOT_ASSOCIATE_ and the flag's \
name. An empty variable counts as not set.";

const SANDBOX: &str = "\
An id of 15 digits that begins with 99 selects a fault, so that a CSV can cause every kind of reply: 99, three digits \
for a status or fault, two for how often (00 is always), eight free digits.

  995020200000017   502 twice, then associated
  994040000000001   always 404
  997000000000001   a record that does not exist

Other faults, and their names for --faults: 600 embedded-error, 604 empty-results, 607 merged, 620 pending, 800 reset, 802 stall, \
803 cut ... docs/sandbox.md lists all of them.";

const IMPORT_STATUSES: &[(&str, &str)] = &[
    ("0", "every row is associated or skipped"),
    (
        "1",
        "the run finished; some rows are rejected, failed or invalid, or all lists of ids are empty",
    ),
    (
        "2",
        "usage, settings or input are wrong; nothing (more) was sent",
    ),
    ("3", "stopped by credentials or permissions"),
    (
        "4",
        "stopped early on purpose: daily limit, failure limit, --until and others",
    ),
    ("5", "another run holds the report"),
    ("6", "the report or another output cannot be written"),
    ("130", "interrupted (Ctrl-C); 143 terminated"),
];

/// The notes of all commands; the program itself comes first.
pub const NOTES: [Notes; 8] = [
    Notes {
        command: "",
        text: PROGRAM,
        examples: &[
            (
                "a rehearsal",
                "hubspot-associate import pairs.csv --sandbox",
            ),
            (
                "the portal and the quota of the token",
                "hubspot-associate doctor",
            ),
            ("the real run", "hubspot-associate import pairs.csv"),
            (
                "continue after any stop",
                "hubspot-associate import pairs.csv --resume",
            ),
        ],
        statuses: IMPORT_STATUSES,
    },
    Notes {
        command: "import",
        text: IMPORT,
        examples: &[
            (
                "rehearse against an imitation of the API in the same process",
                "hubspot-associate import pairs.csv --sandbox",
            ),
            (
                "a pilot of 100 rows, to check its report",
                "hubspot-associate import pairs.csv --first 100",
            ),
            (
                "the rest, also after Ctrl-C, a crash or the daily limit",
                "hubspot-associate import pairs.csv --resume --html report.html",
            ),
            (
                "an export from HubSpot, with lists of ids",
                "hubspot-associate import export.csv --from-type contacts --from-id-column 'Record ID' \
                 --to-type companies --to-id-column 'Associated Company IDs' --split ';'",
            ),
            (
                "every night, with metrics for Prometheus",
                "hubspot-associate import pairs.csv --overwrite --skip-associated-in pairs.report.csv \
                 --metrics links.prom --quiet",
            ),
        ],
        statuses: IMPORT_STATUSES,
    },
    Notes {
        command: "check",
        text: VARIABLES,
        examples: &[
            (
                "rows, problems and the expected duration",
                "hubspot-associate check pairs.csv",
            ),
            ("for scripts", "hubspot-associate check pairs.csv --json"),
        ],
        statuses: &[
            ("0", "every row can be sent, or there is nothing to send"),
            ("1", "some rows are invalid, or all lists of ids are empty"),
            ("2", "usage or input are wrong"),
        ],
    },
    Notes {
        command: "report",
        text: VARIABLES,
        examples: &[
            ("the summary", "hubspot-associate report pairs.report.csv"),
            (
                "an HTML report",
                "hubspot-associate report pairs.report.csv --html report.html",
            ),
            (
                "the rows that are not associated, to fix and import again",
                "hubspot-associate report pairs.report.csv --rejects rejects.csv",
            ),
            (
                "for scripts",
                "hubspot-associate report pairs.report.csv --json",
            ),
        ],
        statuses: &[
            ("0", "every line of the report is associated or skipped"),
            (
                "1",
                "some are rejected, failed or invalid, or all lists of ids are empty",
            ),
            ("2", "usage, the report or its input are wrong"),
            ("6", "the rejects file or the HTML report cannot be written"),
        ],
    },
    Notes {
        command: "doctor",
        text: DOCTOR,
        examples: &[
            (
                "the portal, the quota, and the requests left today",
                "hubspot-associate doctor",
            ),
            (
                "also check access to these types",
                "hubspot-associate doctor --from-type contacts --to-type companies",
            ),
        ],
        statuses: &[
            ("0", "no problem found that would prevent an import"),
            ("1", "a problem would prevent an import"),
            ("2", "usage or settings are wrong"),
            ("3", "the credentials are refused, or lack a permission"),
        ],
    },
    Notes {
        command: "sandbox",
        text: SANDBOX,
        examples: &[
            ("on port 8787", "hubspot-associate sandbox"),
            (
                "with faults",
                "hubspot-associate sandbox --limit 150/10s --faults status:502=1%,reset=0.5% --seed 7",
            ),
        ],
        statuses: &[
            ("0", "stopped by a signal"),
            ("2", "usage is wrong, or it cannot listen on the address"),
        ],
    },
    Notes {
        command: "completions",
        text: "Write the script to a place where the shell looks for it: see the examples, and the shell's manual.",
        examples: &[
            (
                "bash, for the current user",
                "hubspot-associate completions bash > ~/.local/share/bash-completion/completions/hubspot-associate",
            ),
            (
                "zsh, into a folder of $fpath",
                "hubspot-associate completions zsh > ~/.zfunc/_hubspot-associate",
            ),
            (
                "fish",
                "hubspot-associate completions fish > ~/.config/fish/completions/hubspot-associate.fish",
            ),
        ],
        statuses: &[("0", "printed"), ("2", "usage is wrong")],
    },
    Notes {
        command: "man",
        text: "Without a command it prints the page of the program itself, which lists the others.",
        examples: &[
            ("read one", "hubspot-associate man import | man -l -"),
            (
                "install one",
                "hubspot-associate man import > /usr/local/share/man/man1/hubspot-associate-import.1",
            ),
        ],
        statuses: &[("0", "printed"), ("2", "usage is wrong")],
    },
];

impl Notes {
    /// The notes of a command.
    #[must_use]
    pub fn of(command: &str) -> Option<&'static Self> {
        NOTES.iter().find(|notes| notes.command == command)
    }

    /// The notes as `--help` prints them after the flags.
    #[must_use]
    pub fn to_text(&self) -> String {
        let mut text = format!("{}\n\nExamples:\n", self.text);
        for (what, line) in self.examples {
            let _infallible = writeln!(text, "  # {what}\n  {line}");
        }
        text.push_str("\nExit status:\n");
        for (status, meaning) in self.statuses {
            let _infallible = writeln!(text, "  {status:<4} {meaning}");
        }
        text.truncate(text.trim_end().len());
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::command_line::Cli;
    use clap::FromArgMatches;

    #[test]
    fn every_command_has_notes_and_every_note_its_command() {
        let command = Cli::described(&[], |_| None);
        let mut commands: Vec<_> = command
            .get_subcommands()
            .map(clap::Command::get_name)
            .collect();
        commands.insert(0, "");
        assert_eq!(commands, NOTES.map(|notes| notes.command));
    }

    #[test]
    fn every_example_is_a_valid_command_line() {
        for notes in NOTES {
            for (_, line) in notes.examples {
                let words = shlex::split(line).unwrap();
                let words = words.split(|word| [">", "|"].contains(&word.as_str()));
                let words = words.into_iter().next().unwrap();
                let matches = Cli::described(&[], |_| None)
                    .try_get_matches_from(words)
                    .unwrap_or_else(|error| panic!("{line}: {error}"));
                let cli = Cli::from_arg_matches(&matches).unwrap();
                let verb = format!("{:?}", cli.command).to_lowercase();
                assert!(verb.starts_with(notes.command), "{line}");
            }
        }
    }
}
