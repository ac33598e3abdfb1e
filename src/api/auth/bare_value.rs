//! Extracts a secret value and detects what was copied along with it, such as an env file line, quotes or JSON. Pure.
//!
//! A shell removes the quotes of `NAME="value"`; `docker run --env-file`, a secret store or a file keep them as part
//! of the value. HubSpot refuses such a value without mentioning the quotes.

use encoding_rs::UTF_8;
use secrecy::SecretString;

use crate::api::auth::error::{CredentialsError, Surplus};
use crate::text::BYTE_ORDER_MARK;

/// Decodes the contents of a file or the output of a command; `None` if it is not text. A byte order mark selects the
/// encoding, as Notepad and PowerShell write it, and is not part of the text.
pub(crate) fn decoded(bytes: &[u8]) -> Option<SecretString> {
    let (text, _, is_damaged) = UTF_8.decode(bytes);
    (!is_damaged).then(|| text.into_owned().into())
}

/// Extracts the value from `text`; `from` names its source in errors. The error does not repeat the surrounding text,
/// which may be part of the secret.
pub fn bare_value<'t>(text: &'t str, from: &str) -> Result<&'t str, CredentialsError> {
    let text = text.trim_matches(|c: char| c.is_whitespace() || BYTE_ORDER_MARK.contains(c));
    match surplus(text) {
        None => Ok(text),
        Some(surplus) => Err(CredentialsError::NotBare {
            from: from.to_owned(),
            surplus,
        }),
    }
}

fn surplus(text: &str) -> Option<Surplus> {
    let is_quote = |c: char| matches!(c, '"' | '\'' | '`' | '“' | '”' | '‘' | '’');
    if text.starts_with('{') {
        Some(Surplus::Json)
    } else if is_assignment(text) {
        Some(Surplus::Name)
    } else if text.starts_with(is_quote) || text.ends_with(is_quote) {
        Some(Surplus::Quotes)
    } else if text
        .split_once(char::is_whitespace)
        .is_some_and(|(word, _)| word.eq_ignore_ascii_case("bearer"))
    {
        Some(Surplus::Scheme)
    } else {
        None
    }
}

/// Whether the text is a line of an env file or a shell. A trailing `=` is the Base64 padding of a token, and variable
/// names use a single case.
fn is_assignment(text: &str) -> bool {
    let behind_word = ["export", "set"]
        .into_iter()
        .find_map(|word| text.strip_prefix(word)?.strip_prefix([' ', '\t']));
    let line = behind_word.unwrap_or(text).trim_start();
    let line = line.strip_prefix("$env:").unwrap_or(line);
    let Some((name, value)) = line.split_once('=') else {
        return false;
    };
    let name = name.trim_end();
    let is_name = |is_letter: fn(&char) -> bool| {
        name.starts_with(|c| is_letter(&c) || c == '_')
            && name
                .chars()
                .all(|c| is_letter(&c) || c.is_ascii_digit() || c == '_')
    };
    let is_named = is_name(char::is_ascii_uppercase) || is_name(char::is_ascii_lowercase);
    is_named && !value.trim_start_matches('=').trim().is_empty()
}

/// The size limit of a token file or of a command's output.
pub(crate) const MAX_TOKEN_BYTES: u64 = 16 * 1024;

/// Parses a token, or a value that becomes one.
pub(crate) fn secret(bytes: &[u8]) -> Option<SecretString> {
    decoded(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use secrecy::ExposeSecret;

    #[test]
    fn text_around_a_value_is_recognised_and_a_bare_value_is_unchanged() {
        for (text, expected) in [
            ("pat-na1-1234", None),
            ("\u{feff}pat-na1-1234\r\n", None),
            ("CJSP5qf1KhICAQEYs-gDIIGOBii1hQIyGQAf3xBK==", None),
            ("CJSP5qf1Kh=ICAQ", None),
            ("abcdef=", None),
            ("=", None),
            ("", None),
            ("\"pat-na1-1234\"", Some(Surplus::Quotes)),
            ("'pat-na1-1234'", Some(Surplus::Quotes)),
            ("“pat-na1-1234”", Some(Surplus::Quotes)),
            ("pat-na1-1234\"", Some(Surplus::Quotes)),
            ("\u{feff}\"pat-na1-1234\"\r\n", Some(Surplus::Quotes)),
            ("HUBSPOT_ACCESS_TOKEN=pat-na1-1234", Some(Surplus::Name)),
            (
                "export HUBSPOT_ACCESS_TOKEN=\"pat-na1-1234\"",
                Some(Surplus::Name),
            ),
            ("$env:TOKEN = 'pat-na1-1234'", Some(Surplus::Name)),
            ("set TOKEN=pat", Some(Surplus::Name)),
            ("token = pat-na1-1234", Some(Surplus::Name)),
            ("A=1\nTOKEN=pat", Some(Surplus::Name)),
            ("Bearer pat-na1-1234", Some(Surplus::Scheme)),
            (r#"{"access_token":"pat"}"#, Some(Surplus::Json)),
        ] {
            let found = match bare_value(text, "`X`") {
                Ok(_) => None,
                Err(CredentialsError::NotBare { surplus, .. }) => Some(surplus),
                Err(other) => panic!("{text}: {other}"),
            };
            assert_eq!(found, expected, "{text}");
        }
        assert_eq!(bare_value("\u{feff} t \n", "x").unwrap(), "t");
    }

    #[test]
    fn text_is_decoded_as_its_byte_order_mark_says() {
        let utf16: Vec<u8> = "\u{feff}pat\r\n"
            .encode_utf16()
            .flat_map(u16::to_le_bytes)
            .collect();
        for (bytes, text) in [
            (&b"pat"[..], Some("pat")),
            (b"\xef\xbb\xbfpat\r\n", Some("pat\r\n")),
            (&utf16, Some("pat\r\n")),
            (b"pat\xff", None),
        ] {
            let found = decoded(bytes);
            assert_eq!(found.as_ref().map(ExposeSecret::expose_secret), text);
        }
    }

    proptest! {
        #[test]
        fn no_error_repeats_a_part_of_the_value(secret in "[A-Z0-9]{8,20}", form in 0..5) {
            let text = match form {
                0 => format!("\"{secret}\""),
                1 => format!("{secret}={secret}"),
                2 => format!("export A={secret}"),
                3 => format!("Bearer {secret}"),
                _ => format!("{{\"t\":\"{secret}\"}}"),
            };
            match bare_value(&text, "`X`") {
                Ok(value) => prop_assert_eq!(value, &*text),
                Err(error) => {
                    let shown = format!("{error} {error:?}");
                    prop_assert!(!shown.contains(&secret), "{}", shown);
                }
            }
        }
    }
}
