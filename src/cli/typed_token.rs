//! Finds a token that was typed in place of another value, such as after `--token-file`, so that it is refused before any
//! message repeats it. The only side effect is to check whether a file of that name exists.

use std::ffi::OsString;
use std::path::Path;

use crate::cli::environment::ENVIRONMENT_PREFIX;

/// Flags whose value may be any kind of secret if it is not an existing file.
const CREDENTIALS: [&str; 3] = ["--token-file", "--oauth-file", "--ca-file"];

/// File names without a dot are rarely this long; secrets without a known format are longer.
const MIN_SECRET_LENGTH: usize = 20;

/// Describes the place of a token in the words of the command line or in the variables of flags.
pub(crate) fn typed_token(
    words: &[OsString],
    variables: impl IntoIterator<Item = (OsString, OsString)>,
) -> Option<String> {
    let texts: Vec<_> = words.iter().map(|word| word.to_string_lossy()).collect();
    for (index, text) in texts.iter().enumerate() {
        let before = index.checked_sub(1).map(|before| &*texts[before]);
        let (flag, value) = match text.split_once('=') {
            Some((flag, value)) if flag.starts_with("--") => (Some(flag), value),
            _ => (before.filter(|before| before.starts_with("--")), &**text),
        };
        if is_typed_token(flag, value) {
            return Some(flag.map_or_else(
                || format!("argument {}", index + 1),
                |flag| format!("the value of `{flag}`"),
            ));
        }
    }
    variables.into_iter().find_map(|(name, value)| {
        let name = name.to_str()?;
        let flag = name.strip_prefix(ENVIRONMENT_PREFIX)?;
        let flag = format!("--{}", flag.to_lowercase().replace('_', "-"));
        is_typed_token(Some(&flag), &value.to_string_lossy())
            .then(|| format!("the variable `{name}`"))
    })
}

fn is_typed_token(flag: Option<&str>, value: &str) -> bool {
    let value = value.trim_matches(|c: char| c.is_whitespace() || matches!(c, '"' | '\''));
    let is_secret = has_form_of_token(value)
        || flag.is_some_and(|flag| CREDENTIALS.contains(&flag)) && could_be_secret(value);
    is_secret && !Path::new(value).exists()
}

/// Whether `value` looks like `pat-eu1-…`: the tokens of service keys and private apps.
fn has_form_of_token(value: &str) -> bool {
    let mut parts = value.splitn(3, '-');
    let (Some("pat"), Some(region), Some(rest)) = (parts.next(), parts.next(), parts.next()) else {
        return false;
    };
    let is_region = matches!(region.as_bytes(), [b'a'..=b'z', b'a'..=b'z', b'0'..=b'9']);
    is_region && rest.len() >= 8 && rest.bytes().all(|c| c.is_ascii_alphanumeric() || c == b'-')
}

/// The tokens and secrets of OAuth apps have no fixed format, so this tests length and characters.
fn could_be_secret(value: &str) -> bool {
    value.len() >= MIN_SECRET_LENGTH
        && value.bytes().any(|c| c.is_ascii_digit())
        && value
            .bytes()
            .all(|c| c.is_ascii_alphanumeric() || matches!(c, b'-' | b'_' | b'+' | b'='))
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOKEN: &str = "pat-na1-01234567-89ab-cdef-0123-456789abcdef";

    fn found(line: &str) -> Option<String> {
        let words: Vec<_> = line.split(' ').map(OsString::from).collect();
        typed_token(&words, [])
    }

    #[test]
    fn a_typed_token_is_found_and_its_place_is_described_without_repeating_it() {
        let uuid = "01234567-89ab-cdef-0123-456789abcdef";
        for (line, expected) in [
            (
                format!("import p.csv --token-file {TOKEN}"),
                Some("the value of `--token-file`"),
            ),
            (
                format!("import p.csv --report={TOKEN}"),
                Some("the value of `--report`"),
            ),
            (
                format!("import p.csv --token-command \"{TOKEN}\""),
                Some("the value of `--token-command`"),
            ),
            (format!("import {TOKEN}"), Some("argument 2")),
            (TOKEN.to_owned(), Some("argument 1")),
            (
                format!("doctor --oauth-file {uuid}"),
                Some("the value of `--oauth-file`"),
            ),
            (
                "doctor --ca-file CJSP5qf1KhICAQEYs-gDIIGOBii1hQIy".to_owned(),
                Some("the value of `--ca-file`"),
            ),
            (format!("import p.csv --report {uuid}"), None),
            (format!("import p.csv --token-file {TOKEN}.txt"), None),
            (format!("import p.csv --token-file secrets/{TOKEN}"), None),
            (
                "import pat-na1-2026.csv --report pat-na1-x --token-file /run/secrets/token"
                    .to_owned(),
                None,
            ),
            (
                "import p.csv --token-file hubspot-access-token".to_owned(),
                None,
            ),
        ] {
            assert_eq!(found(&line).as_deref(), expected, "{line}");
        }
    }

    #[test]
    fn a_token_in_the_variable_of_a_flag_is_found_and_in_the_token_variable_it_is_valid() {
        for (name, expected) in [
            ("HUBSPOT_ASSOCIATE_TOKEN_FILE", true),
            ("HUBSPOT_ASSOCIATE_REPORT", true),
            ("HUBSPOT_ACCESS_TOKEN", false),
        ] {
            let found = typed_token(&[], [(name.into(), TOKEN.into())]);
            assert_eq!(found.is_some(), expected, "{name}");
        }
    }

    #[test]
    fn an_existing_file_that_is_named_like_a_token_is_not_a_token() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(TOKEN);
        std::fs::write(&path, "").unwrap();
        assert!(!is_typed_token(None, path.to_str().unwrap()));
    }
}
