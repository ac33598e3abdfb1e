//! Sets flags from environment variables. The name of a variable is `HUBSPOT_ASSOCIATE_` followed by the flag's name.

use std::any::TypeId;
use std::ffi::{OsStr, OsString};
use std::path::PathBuf;

use clap::ArgAction;
use clap::builder::BoolishValueParser;

use crate::cli::command_line::Cli;
use crate::process::program::Program;

/// The prefix of the variables that set flags.
pub const ENVIRONMENT_PREFIX: &str = "HUBSPOT_ASSOCIATE_";

/// Flags that exclude each other: a typed one overrides the variable of the other.
const ALTERNATIVES: [(&str, &str); 6] = [
    ("dry-run", "resume"),
    ("from-type", "from-type-column"),
    ("to-type", "to-type-column"),
    ("sandbox", "base-url"),
    ("resume", "overwrite"),
    ("quiet", "verbose"),
];

/// The variable of a flag.
fn variable_of(flag: &str) -> String {
    let name = flag.to_uppercase().replace('-', "_");
    format!("{ENVIRONMENT_PREFIX}{name}")
}

/// The names of variables that have the prefix but set no flag of any command: a typing error, or a flag of another
/// version. Empty variables count as not set.
pub fn unknown_variables(variables: impl IntoIterator<Item = (OsString, OsString)>) -> Vec<String> {
    let mut unknown: Vec<String> = variables
        .into_iter()
        .filter(|(_, value)| !value.is_empty())
        .map(|(name, _)| name.to_string_lossy().into_owned())
        .filter(|name| name.starts_with(ENVIRONMENT_PREFIX))
        .collect();
    if unknown.is_empty() {
        return unknown;
    }
    let program = Cli::described(&[], |_| None);
    let known: Vec<String> = std::iter::once(&program)
        .chain(program.get_subcommands())
        .flat_map(clap::Command::get_arguments)
        .filter_map(|flag| flag.get_long().map(variable_of))
        .collect();
    unknown.retain(|name| name != Program::COMMIT_VARIABLE && !known.contains(name));
    unknown.sort();
    unknown
}

/// The flag with the value of its variable, if that applies.
pub(crate) fn with_variable(
    flag: clap::Arg,
    words: &[String],
    value_of: &impl Fn(&str) -> Option<OsString>,
) -> clap::Arg {
    let Some(name) = flag.get_long().map(ToOwned::to_owned) else {
        return flag;
    };
    let is_switch = matches!(flag.get_action(), ArgAction::SetTrue);
    let is_list = matches!(flag.get_action(), ArgAction::Append);
    let counts = matches!(flag.get_action(), ArgAction::Count);
    let flag = if is_switch {
        flag.value_parser(BoolishValueParser::new())
    } else {
        flag
    };
    let variable = variable_of(&name);
    let Some(value) = value_of(&variable).filter(|value| !value.is_empty()) else {
        return flag;
    };
    let mut pairs = ALTERNATIVES
        .iter()
        .flat_map(|&(one, other)| [(one, other), (other, one)]);
    let is_overridden = pairs.any(|(one, other)| one == name && is_typed(other, words));
    let is_off = (is_switch || counts) && is_off(&value);
    if is_overridden || is_off {
        return flag;
    }
    let has_paths = flag.get_value_parser().type_id() == TypeId::of::<PathBuf>();
    // clap would read a list in a variable as one value.
    if is_list
        && let values = values(&value, has_paths)
        && values != [&*value]
    {
        return flag.default_values(values).hide_default_value(true);
    }
    flag.env(variable).hide_env(true)
}

/// The values of a list: one per line if it has several lines; paths on one line are separated as in `PATH`. Other values,
/// such as `USER_DEFINED:37`, can contain its separator.
fn values(list: &OsStr, has_paths: bool) -> Vec<OsString> {
    let lines = list.to_str().filter(|text| text.contains('\n'));
    let values: Vec<OsString> = match lines {
        Some(text) => text.lines().map(OsString::from).collect(),
        None if has_paths => std::env::split_paths(list).map(OsString::from).collect(),
        None => vec![list.to_owned()],
    };
    values
        .into_iter()
        .filter(|value| !value.is_empty())
        .collect()
}

/// Whether the value of a variable turns a switch off.
fn is_off(value: &OsStr) -> bool {
    let value = value.to_string_lossy().trim().to_lowercase();
    ["", "0", "false", "no", "off", "n", "f"].contains(&value.as_str())
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

    /// The command line with every variable set.
    fn described(words: &[&str]) -> clap::Command {
        let words: Vec<_> = words.iter().map(ToString::to_string).collect();
        Cli::described(&words, |_| Some("1".into()))
    }

    /// The flags that are set by a variable when these words are typed.
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
    fn a_typed_flag_overrides_the_variable_of_its_alternative() {
        let all = variables(&[]);
        for (typed, overridden) in [
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
            assert_eq!(missing, overridden, "{typed}");
        }
        for typed in ["-q", "-vv", "--verbose", "--quiet"] {
            let command = described(&["import", typed]);
            let overridden = if typed.contains('q') {
                "verbose"
            } else {
                "quiet"
            };
            let flag = command
                .get_arguments()
                .find(|flag| flag.get_long() == Some(overridden));
            assert_eq!(flag.unwrap().get_env(), None, "{typed}");
        }
    }

    #[test]
    fn a_switch_is_off_if_its_variable_is_a_negative_word() {
        for no in ["", "0", "false", "No", " off "] {
            assert!(is_off(no.as_ref()), "{no:?}");
        }
        for yes in ["1", "true", "2", "flase", "contacts"] {
            assert!(!is_off(yes.as_ref()), "{yes:?}");
        }
    }

    #[test]
    fn an_empty_variable_sets_no_flag_of_any_command() {
        let program = Cli::described(&[], |_| Some(OsString::new()));
        for command in std::iter::once(&program).chain(program.get_subcommands()) {
            for flag in command.get_arguments() {
                assert_eq!(flag.get_env(), None, "{}", flag.get_id());
            }
        }
    }

    #[test]
    fn a_list_has_one_value_per_line_or_is_separated_like_path() {
        let join = |paths: &[&str]| std::env::join_paths(paths).unwrap();
        for (list, expected) in [
            (OsString::from("a.csv"), &["a.csv"][..]),
            (join(&["a.csv", "b c.csv"]), &["a.csv", "b c.csv"]),
            (join(&["", "a.csv", ""]), &["a.csv"]),
            (
                "2026-05-04T09:15.csv\nb.csv\n".into(),
                &["2026-05-04T09:15.csv", "b.csv"],
            ),
            ("2026-05-04T09:15.csv\n".into(), &["2026-05-04T09:15.csv"]),
        ] {
            assert_eq!(values(&list, true), expected, "{list:?}");
            let program = Cli::described(&[], |name| {
                (name == "HUBSPOT_ASSOCIATE_SKIP_ASSOCIATED_IN").then(|| list.clone())
            });
            // clap reads a single value from the environment of the process, which this test does not set.
            if expected != [&*list.to_string_lossy()] {
                let words = ["hubspot-associate", "import", "p.csv"];
                let matches = program.get_matches_from(words);
                let import = matches.subcommand_matches("import").unwrap();
                let paths = import.get_many::<PathBuf>("skip_associated_in");
                let paths: Vec<_> = paths.unwrap().map(|path| path.as_os_str()).collect();
                assert_eq!(paths, expected, "{list:?}");
            }
        }
    }

    #[test]
    fn a_list_of_labels_has_one_value_per_line() {
        for (list, expected) in [
            ("USER_DEFINED:37", &["USER_DEFINED:37"][..]),
            ("A: B; C\n\nD\n", &["A: B; C", "D"]),
        ] {
            assert_eq!(values(OsStr::new(list), false), expected, "{list:?}");
        }
        let program = Cli::described(&[], |name| {
            (name == "HUBSPOT_ASSOCIATE_LABEL").then(|| "A:1\nB:2".into())
        });
        let matches = program.get_matches_from(["hubspot-associate", "check", "p.csv"]);
        let check = matches.subcommand_matches("check").unwrap();
        let labels: Vec<&String> = check.get_many("label").unwrap().collect();
        assert_eq!(labels, ["A:1", "B:2"]);
    }

    #[test]
    fn a_variable_of_no_flag_is_unknown_unless_it_is_empty() {
        let variables = [
            ("HUBSPOT_ASSOCIATE_RATES", "1"),
            ("HUBSPOT_ASSOCIATE_RATE", "1/s"),
            ("HUBSPOT_ASSOCIATE_LISTEN", "127.0.0.1:0"),
            ("HUBSPOT_ASSOCIATE_QUIET", "0"),
            ("HUBSPOT_ASSOCIATE_COMMIT", "944fd0d"),
            ("HUBSPOT_ASSOCIATE_from_type", "contacts"),
            ("HUBSPOT_ASSOCIATE_OLD", ""),
            ("HUBSPOT_ASSOCIATE_", "1"),
            ("HUBSPOT_ACCESS_TOKEN", "t"),
            ("PATH", "/bin"),
        ];
        let variables = variables.map(|(name, value)| (name.into(), value.into()));
        assert_eq!(
            unknown_variables(variables),
            [
                "HUBSPOT_ASSOCIATE_",
                "HUBSPOT_ASSOCIATE_RATES",
                "HUBSPOT_ASSOCIATE_from_type"
            ]
        );
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
}
