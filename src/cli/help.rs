//! The text after the flags in `--help` and in the manual pages: notes, examples and exit statuses.

use std::fmt::Write as _;

use crate::cli::help_statuses::{
    IMPORT_STATUSES, RESOLVE_STATUSES, UNDO_STATUSES, VERIFY_STATUSES,
};

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

macro_rules! variables {
    () => {
        "Every flag can also be set by an environment variable. Its name is HUBSPOT_ASSOCIATE_ and the name of the flag: \
         HUBSPOT_ASSOCIATE_RATE=50/10s is the same as --rate 50/10s. An empty variable has no effect."
    };
}

const VARIABLES: &str = variables!();

const IMPORT: &str = concat!(
    "The token comes from HUBSPOT_ACCESS_TOKEN, from a flag under Credentials, or from an OAuth app (HUBSPOT_CLIENT_ID, \
     HUBSPOT_CLIENT_SECRET, HUBSPOT_REFRESH_TOKEN). A token is never read from the command line. ",
    variables!(),
    "\n\nUse --resume to continue a run that stopped."
);

const PROGRAM: &str = "\
Start with a rehearsal: it needs no token and sends nothing to HubSpot. Each command has its own --help.";

const DOCTOR: &str = concat!("The command changes nothing in HubSpot. ", variables!());

const RESOLVE: &str = concat!(
    "The command changes nothing in HubSpot. A row whose key no record has, or several records have, stays without an id, and \
     resolve_problem says why. With --split, each key of a list has a line of its own. An import of the output needs no flags \
     for its columns. ",
    variables!()
);

const UNDO: &str = concat!(
    "A link is removed only if the report proves that the import made it: its row is associated, existed_before is no, and \
     portal_id is the expected portal. Imports note this with --check-existing. All other links are kept. Each link is read \
     again first: one that has gained a label since is kept, and one that is absent is gone. Removed links are read back. \
     HubSpot has no call that removes a link without its labels, so a link with a label is never touched. ",
    variables!()
);

const VERIFY: &str = concat!(
    "The command changes nothing in HubSpot. It reads the links of up to 1,000 records per call. A pair is missing only if HubSpot \
     does not list it on the side of its first record; where the links cannot be read, it is unknown. For a missing pair, the \
     output says whether a record was deleted, or merged into another. The output can be resumed like a report. ",
    variables!()
);

const SANDBOX: &str = "\
Some record ids select a fault, so that a CSV can cause every kind of reply. Such an id has 15 digits: 99, three digits \
for a status or a fault, two digits for the number of times (00: always), and any eight digits.

  995020200000017   status 502 twice, then associated
  994040000000001   always status 404
  997000000000001   a record that does not exist

Other faults, and their names for --faults: 600 embedded-error, 604 empty-results, 607 merged, 620 pending, 800 reset, 802 stall, \
803 cut ... docs/sandbox.md lists all of them.";

/// The notes of all commands; the program itself comes first.
pub const NOTES: [Notes; 12] = [
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
                "a rehearsal against the built-in imitation of the API",
                "hubspot-associate import pairs.csv --sandbox",
            ),
            (
                "a pilot: the first 100 rows only",
                "hubspot-associate import pairs.csv --first 100",
            ),
            (
                "the other rows; also after Ctrl-C, a crash or the daily limit",
                "hubspot-associate import pairs.csv --resume --html report.html",
            ),
            (
                "an export from HubSpot, with lists of ids",
                "hubspot-associate import export.csv --from-type contacts --from-id-column 'Record ID' \
                 --to-type companies --to-id-column 'Associated Company IDs' --split ';'",
            ),
            (
                "a nightly run, with metrics for Prometheus",
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
        command: "resolve",
        text: RESOLVE,
        examples: &[
            (
                "contacts by email, and companies by domain",
                "hubspot-associate resolve crm.csv --from-type contacts --from-id-property email --from-id-column 'E-mail' \
                 --to-type companies --to-id-property domain --to-id-column Website --allow-search -o with-ids.csv",
            ),
            (
                "contacts by email; the file has the ids of the companies",
                "hubspot-associate resolve crm.csv --from-type contacts --from-id-property email --from-id-column 'E-mail' \
                 --to-type companies --to-id-column 'Company ID' -o with-ids.csv",
            ),
        ],
        statuses: RESOLVE_STATUSES,
    },
    Notes {
        command: "verify",
        text: VERIFY,
        examples: &[
            (
                "the links that an import made",
                "hubspot-associate verify pairs.report.csv",
            ),
            (
                "missing links, to import them again",
                "hubspot-associate verify pairs.report.csv --missing missing.csv",
            ),
            (
                "1,000 pairs of a CSV",
                "hubspot-associate verify pairs.csv --sample 1000",
            ),
            (
                "that no pair is linked",
                "hubspot-associate verify pairs.csv --expect absent",
            ),
        ],
        statuses: VERIFY_STATUSES,
    },
    Notes {
        command: "undo",
        text: UNDO,
        examples: &[
            (
                "the plan; sends nothing",
                "hubspot-associate undo pairs.report.csv",
            ),
            (
                "remove the 16,500 links of the plan",
                "hubspot-associate undo pairs.report.csv --expect-portal 7000001 --confirm 16500",
            ),
            (
                "continue after any stop",
                "hubspot-associate undo pairs.report.csv --expect-portal 7000001 --confirm 16500 --resume",
            ),
        ],
        statuses: UNDO_STATUSES,
    },
    Notes {
        command: "labels",
        text: DOCTOR,
        examples: &[
            (
                "the labels of contacts and companies, in both directions",
                "hubspot-associate labels contacts companies",
            ),
            (
                "for scripts",
                "hubspot-associate labels contacts 2-1234567 --json",
            ),
        ],
        statuses: &[
            ("0", "the labels are printed"),
            (
                "2",
                "usage or settings are wrong, or HubSpot does not know one of the types",
            ),
            ("3", "the credentials are refused, or lack a permission"),
            (
                "4",
                "HubSpot could not be reached, or the daily limit is used up",
            ),
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
                "a CSV of the rows that are not associated, to correct and import again",
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
            (
                "also check whether contacts can be looked up by email",
                "hubspot-associate doctor --from-type contacts --to-type companies --from-id-property email",
            ),
        ],
        statuses: &[
            ("0", "no problem was found that would prevent an import"),
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
        text: "Save the script where the shell looks for it: see the examples, and the manual of the shell.",
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
        text: "Without COMMAND, it prints the page of the program, which lists all commands.",
        examples: &[
            ("read a page", "hubspot-associate man import | man -l -"),
            (
                "install a page",
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
            let _infallible = writeln!(text, "  # {what}\n  {}", in_lines(line, 2));
        }
        text.push_str("\nExit status:\n");
        for (status, meaning) in self.statuses {
            let _infallible = writeln!(text, "  {status:<4} {meaning}");
        }
        text.truncate(text.trim_end().len());
        text
    }
}

/// A command line in lines that fit a terminal, as a shell reads them: a line that is wrapped by a terminal or a pager
/// cannot be pasted. `indent` is the number of blanks before the first line.
pub(crate) fn in_lines(command: &str, indent: usize) -> String {
    const WIDTH: usize = 80;
    let mut lines = String::new();
    let mut column = indent;
    for part in parts(command) {
        if column + part.len() + " \\".len() > WIDTH && !lines.is_empty() {
            let indent = indent + 2;
            let _infallible = write!(lines, " \\\n{:indent$}{}", "", part.trim_start());
            column = indent + part.trim_start().len();
        } else {
            lines.push_str(part);
            column += part.len();
        }
    }
    lines
}

/// The parts of a command line that stay on one line: a flag with its value, or the target of the output.
fn parts(command: &str) -> impl Iterator<Item = &str> {
    let starts = [" --", " > "].map(|start| command.match_indices(start));
    let mut cuts: Vec<usize> = starts.into_iter().flatten().map(|(at, _)| at).collect();
    cuts.sort_unstable();
    cuts.push(command.len());
    let mut start = 0;
    cuts.into_iter().map(move |end| {
        let part = &command[start..end];
        start = end;
        part
    })
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
    fn a_long_example_has_lines_that_fit_and_can_be_pasted() {
        for notes in NOTES {
            for (_, command) in notes.examples {
                let shown = format!("  {}", in_lines(command, 2));
                assert!(shown.lines().all(|line| line.len() <= 80), "{shown}");
                let pasted = shown.replace("\\\n", "");
                assert_eq!(shlex::split(&pasted), shlex::split(command));
            }
        }
        let long = format!("x --flag {} --other", "y".repeat(90));
        assert!(in_lines(&long, 2).ends_with(" \\\n    --other"));
    }

    #[test]
    fn every_example_is_a_valid_command_line() {
        for notes in NOTES {
            for (place, (_, line)) in notes.examples.iter().enumerate() {
                let words = shlex::split(line).unwrap();
                let words = words.split(|word| [">", "|"].contains(&word.as_str()));
                let words = words.into_iter().next().unwrap();
                let matches = Cli::described(&[], |_| None)
                    .try_get_matches_from(words)
                    .unwrap_or_else(|error| panic!("{line}: {error}"));
                let cli = Cli::from_arg_matches(&matches).unwrap();
                let verb = format!("{:?}", cli.command).to_lowercase();
                // Further examples may show what follows.
                let is_own = verb.starts_with(notes.command);
                assert!(is_own || place > 0, "{line}");
            }
        }
    }
}
