//! The command to run next, ready to be copied into a shell. Pure.

use std::ffi::OsString;

use crate::text::shell_word;

/// What goes on with the report of what was typed.
#[must_use]
pub(super) fn resumed(arguments: &[OsString]) -> String {
    join(&to_resume(arguments))
}

/// The same, with rejected rows sent again too.
#[must_use]
pub(super) fn resumed_with_rejected(arguments: &[OsString]) -> String {
    let mut words = to_resume(arguments);
    add(&mut words, "--retry-rejected");
    join(&words)
}

fn to_resume(arguments: &[OsString]) -> Vec<String> {
    let mut words = typed(arguments);
    words.retain(|word| word != "--overwrite");
    add(&mut words, "--resume");
    words
}

fn add(words: &mut Vec<String>, flag: &str) {
    if !words.iter().any(|word| word == flag) {
        words.push(flag.to_owned());
    }
}

/// The import of what `check` was asked about.
#[must_use]
pub(super) fn import_of_checked(arguments: &[OsString]) -> String {
    let mut words = Vec::new();
    let mut is_value = false;
    for word in typed(arguments) {
        let own = word == "--json" || word.starts_with("--duplicates-memory");
        if !(own || is_value) {
            let is_verb = word == "check" && !words.contains(&"import".to_owned());
            words.push(if is_verb {
                "import".to_owned()
            } else {
                word.clone()
            });
        }
        is_value = word == "--duplicates-memory";
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
        command.push_str(&shell_word(word));
    }
    command
}

#[cfg(test)]
mod tests {
    use super::*;

    fn arguments(words: &[&str]) -> Vec<OsString> {
        words.iter().map(OsString::from).collect()
    }

    #[test]
    fn what_goes_on_is_what_was_typed_with_resume_instead_of_overwrite() {
        let typed = arguments(&["import", "pairs.csv", "--rate", "50/10s"]);
        let resume = "hubspot-associate import pairs.csv --rate 50/10s --resume";
        assert_eq!(resumed(&typed), resume);
        let rejected = format!("{resume} --retry-rejected");
        assert_eq!(resumed_with_rejected(&typed), rejected);
        for flag in ["--overwrite", "--resume"] {
            let typed = arguments(&["import", "pairs.csv", "--rate", "50/10s", flag]);
            assert_eq!(
                (resumed(&typed), resumed_with_rejected(&typed)),
                (resume.to_owned(), rejected.clone())
            );
            assert_eq!(
                without_flag(&typed, flag),
                "hubspot-associate import pairs.csv --rate 50/10s"
            );
        }
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
