//! The command to run next, ready to be copied into a shell. Pure.

use std::ffi::OsString;

/// What was typed.
#[must_use]
pub(super) fn as_typed(arguments: &[OsString]) -> String {
    join(&typed(arguments))
}

/// What was typed, with `flag` added unless it was there.
#[must_use]
pub(super) fn with_flag(arguments: &[OsString], flag: &str) -> String {
    let mut words = typed(arguments);
    if !words.iter().any(|word| word == flag) {
        words.push(flag.to_owned());
    }
    join(&words)
}

/// What was typed, without `flag`.
#[must_use]
pub(super) fn without_flag(arguments: &[OsString], flag: &str) -> String {
    let mut words = typed(arguments);
    words.retain(|word| word != flag);
    join(&words)
}

fn typed(arguments: &[OsString]) -> Vec<String> {
    arguments
        .iter()
        .map(|word| word.to_string_lossy().into_owned())
        .collect()
}

fn join(words: &[String]) -> String {
    let mut command = env!("CARGO_PKG_NAME").to_owned();
    for word in words {
        command.push(' ');
        command.push_str(&quoted(word));
    }
    command
}

/// As a POSIX shell reads it back.
fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:=,@%+".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn arguments(words: &[&str]) -> Vec<OsString> {
        words.iter().map(OsString::from).collect()
    }

    #[test]
    fn a_flag_is_added_or_taken_away_once() {
        let typed = arguments(&["import", "pairs.csv", "--rate", "50/10s"]);
        let added = "hubspot-associate import pairs.csv --rate 50/10s --overwrite";
        assert_eq!(with_flag(&typed, "--overwrite"), added);
        let again = arguments(&["import", "pairs.csv", "--rate", "50/10s", "--overwrite"]);
        assert_eq!(with_flag(&again, "--overwrite"), added);
        assert_eq!(
            without_flag(&again, "--overwrite"),
            added.replace(" --overwrite", "")
        );
    }

    #[test]
    fn words_are_quoted_as_a_shell_needs_it() {
        let typed = arguments(&[
            "import",
            "my pairs.csv",
            "--from-id-column",
            "Bob's #3",
            "--delimiter",
            ";",
            "",
        ]);
        assert_eq!(
            without_flag(&typed, "-x"),
            r"hubspot-associate import 'my pairs.csv' --from-id-column 'Bob'\''s #3' --delimiter ';' ''"
        );
    }
}
