//! Splits the typed command line into flags and files, to build another command from it. Pure.

use std::borrow::Cow;
use std::collections::HashMap;
use std::ffi::{OsStr, OsString};

use clap::CommandFactory as _;

use crate::cli::command_line::Cli;
use crate::text::{shell_flag, shell_path, shell_word};

/// The words after the program's name.
#[derive(Clone, Debug)]
pub(crate) struct CommandLine {
    parts: Vec<Part>,
}

#[derive(Clone, Debug)]
enum Part {
    /// A flag with its value.
    Flag {
        /// The name, without dashes and value.
        name: String,
        words: Vec<OsString>,
    },
    /// A flag that was not typed.
    Added {
        name: &'static str,
        /// The flag and its value, ready for a shell.
        line: String,
    },
    /// The command, or a file.
    Positional(OsString),
}

impl Part {
    /// The flag's name without dashes.
    fn flag(&self) -> Option<&str> {
        match self {
            Self::Flag { name, .. } => Some(name),
            Self::Added { name, .. } => Some(name),
            Self::Positional(_) => None,
        }
    }
}

impl CommandLine {
    /// Splits the words. clap has accepted them before, so an unknown flag here takes no value.
    pub(crate) fn new(arguments: &[OsString]) -> Self {
        let mut parts = Vec::new();
        let mut takes_value = takes_value("");
        let mut flags_are_over = false;
        let mut has_command = false;
        let mut words = arguments.iter();
        while let Some(word) = words.next() {
            let text = word.to_string_lossy();
            if text == "--" && !flags_are_over {
                flags_are_over = true;
                continue;
            }
            let name = match text.strip_prefix("--") {
                Some(long) => long.split('=').next().unwrap_or_default(),
                None => text.strip_prefix('-').unwrap_or_default(),
            };
            if flags_are_over || name.is_empty() {
                if !has_command {
                    takes_value.extend(self::takes_value(&text));
                    has_command = true;
                }
                parts.push(Part::Positional(word.clone()));
                continue;
            }
            let mut flag = vec![word.clone()];
            if takes_value.get(name).copied().unwrap_or_default() && !text.contains('=') {
                flag.extend(words.next().cloned());
            }
            parts.push(Part::Flag {
                name: name.to_owned(),
                words: flag,
            });
        }
        Self { parts }
    }

    /// The command.
    pub(crate) fn name(&self) -> Option<Cow<'_, str>> {
        self.parts.iter().find_map(|part| match part {
            Part::Positional(word) => Some(word.to_string_lossy()),
            Part::Flag { .. } | Part::Added { .. } => None,
        })
    }

    /// Removes flags.
    pub(crate) fn without(mut self, flags: &[&str]) -> Self {
        self.parts.retain(
            |part| !matches!(part, Part::Flag { name, .. } if flags.contains(&name.as_str())),
        );
        self
    }

    /// Removes all flags that another command does not have.
    pub(crate) fn only_flags_of(mut self, command: &str) -> Self {
        let known = takes_value(command);
        let everywhere = takes_value("");
        self.parts.retain(|part| {
            part.flag().is_none_or(|name| {
                // `-vv` is `-v` twice.
                let first = name.get(..1).unwrap_or_default();
                [name, first]
                    .iter()
                    .any(|name| known.contains_key(*name) || everywhere.contains_key(*name))
            })
        });
        self
    }

    /// Adds a flag without a value, unless it is present.
    pub(crate) fn with(mut self, flag: &'static str) -> Self {
        if self.has(flag) {
            return self;
        }
        self.parts.push(Part::Added {
            name: flag,
            line: format!("--{flag}"),
        });
        self
    }

    /// Adds a flag with a value, or replaces it if it is present.
    pub(crate) fn with_value(self, flag: &'static str, value: impl AsRef<OsStr>) -> Self {
        let mut command_line = self.without(&[flag]);
        command_line.parts.push(Part::Added {
            name: flag,
            line: shell_flag(flag, value),
        });
        command_line
    }

    /// Adds those of these flags that are not present.
    pub(crate) fn with_missing<'v>(
        self,
        flags: impl IntoIterator<Item = (&'static str, &'v str)>,
    ) -> Self {
        let add = |command_line: Self, (flag, value)| {
            if command_line.has(flag) {
                command_line
            } else {
                command_line.with_value(flag, value)
            }
        };
        flags.into_iter().fold(self, add)
    }

    /// Removes the files.
    pub(crate) fn without_files(mut self) -> Self {
        let mut has_command = false;
        self.parts.retain(|part| {
            !matches!(part, Part::Positional(_)) || !std::mem::replace(&mut has_command, true)
        });
        self
    }

    /// Adds files.
    pub(crate) fn with_files(mut self, files: [&str; 2]) -> Self {
        let files = files.map(|file| Part::Positional(file.into()));
        self.parts.extend(files);
        self
    }

    /// Whether a flag was typed.
    pub(crate) fn has(&self, flag: &str) -> bool {
        self.parts.iter().any(|part| part.flag() == Some(flag))
    }

    /// Replaces the command.
    pub(crate) fn command(self, command: &str) -> Self {
        self.replace(0, command.as_ref())
    }

    /// Replaces the first file.
    pub(crate) fn file(self, file: impl AsRef<OsStr>) -> Self {
        self.replace(1, file.as_ref())
    }

    fn replace(mut self, place: usize, by: &OsStr) -> Self {
        let mut positional = self.parts.iter_mut().filter_map(|part| match part {
            Part::Positional(word) => Some(word),
            Part::Flag { .. } | Part::Added { .. } => None,
        });
        if let Some(word) = positional.nth(place) {
            by.clone_into(word);
        }
        self
    }

    /// The command line, quoted for a shell.
    pub(crate) fn line(&self) -> String {
        let mut line = env!("CARGO_PKG_NAME").to_owned();
        for part in &self.parts {
            match part {
                Part::Flag { words, .. } => {
                    for word in words {
                        line.push(' ');
                        line.push_str(&shell_word(word));
                    }
                }
                Part::Added { line: added, .. } => {
                    line.push(' ');
                    line.push_str(added);
                }
                // No `--` before it, so that flags can follow it.
                Part::Positional(word) => {
                    line.push(' ');
                    line.push_str(&shell_path(word));
                }
            }
        }
        line
    }
}

/// The flags of a command, or of all commands if it has no name, and whether they take a value.
fn takes_value(command: &str) -> HashMap<String, bool> {
    let program = Cli::command();
    let described = match command {
        "" => Some(&program),
        name => program.find_subcommand(name),
    };
    let flags = described.into_iter().flat_map(clap::Command::get_arguments);
    let named = flags.flat_map(|flag| {
        let takes_value = flag.get_action().takes_values();
        let short = flag.get_short().map(String::from);
        let names = [flag.get_long().map(ToOwned::to_owned), short];
        names
            .into_iter()
            .flatten()
            .map(move |name| (name, takes_value))
    });
    named.collect()
}
