//! What the text of a cell means as a value to look up. Pure.

use std::borrow::Cow;

use crate::domain::key_kind::KeyKind;
use crate::input::validate::excel::unwrapped;
use crate::input::validate::key::domain_name::domain_of;
use crate::input::validate::key::key_problem::{KeyProblem, MAX_KEY_BYTES};
use crate::input::validate::key::no_value::{is_placeholder, is_scientific, is_spreadsheet_error};
use crate::text::is_invisible;

/// A value to look up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Key<'t> {
    /// The value, with its case folded where HubSpot ignores case.
    pub(crate) text: Cow<'t, str>,
    /// How the cell, without surrounding blanks, differs from it.
    pub(crate) change: Change,
}

/// How a cell differs from its key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Change {
    /// Not at all.
    Verbatim,
    /// By its case.
    Folded,
    /// The key is the domain of the URL in the cell.
    DomainOfUrl,
}

/// The key in a cell.
pub(crate) fn read_key(cell: &str, kind: KeyKind) -> Result<Key<'_>, KeyProblem> {
    let text = unwrapped(cell.trim());
    if text.is_empty() {
        return Err(KeyProblem::Blank);
    }
    if is_placeholder(text) {
        return Err(KeyProblem::NoValue);
    }
    if is_spreadsheet_error(text) {
        return Err(KeyProblem::SpreadsheetError);
    }
    if let Some(character) = text.chars().find(|&character| is_invisible(character)) {
        return Err(KeyProblem::Invisible(character));
    }
    if text.len() > MAX_KEY_BYTES {
        return Err(KeyProblem::TooLong(text.len()));
    }
    let value = match kind {
        KeyKind::Email => email(text)?,
        KeyKind::Domain => domain_of(text)?,
        KeyKind::Text if is_scientific(text) => return Err(KeyProblem::Scientific),
        KeyKind::Text => text,
    };
    let folded = kind.fold(value);
    let change = match (value.len() == text.len(), folded == value) {
        (false, _) => Change::DomainOfUrl,
        (true, false) => Change::Folded,
        (true, true) => Change::Verbatim,
    };
    Ok(Key {
        text: folded,
        change,
    })
}

/// Checks only what distinguishes an address from a name, a list or a link: HubSpot decides about the rest.
fn email(text: &str) -> Result<&str, KeyProblem> {
    let is_address = |text: &str| {
        let (local, domain) = text.rsplit_once('@').unwrap_or_default();
        let is_other =
            |character: char| character.is_whitespace() || "<>(),;:\"".contains(character);
        !local.is_empty() && !domain.is_empty() && !local.contains('@') && !text.contains(is_other)
    };
    if is_address(text) {
        return Ok(text);
    }
    let mut parts = text
        .split(|character: char| character.is_whitespace() || ";,|".contains(character))
        .filter(|part| !part.is_empty());
    let is_list = parts.clone().nth(1).is_some() && parts.all(is_address);
    Err(if is_list {
        KeyProblem::List
    } else {
        KeyProblem::NotAnEmail
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::key_kind::KeyKind::{Domain, Email, Text};
    use proptest::prelude::*;

    #[test]
    fn a_key_is_the_trimmed_cell_folded_only_where_hubspot_folds_it() {
        use Change::{DomainOfUrl, Folded, Verbatim};
        for (cell, kind, text, change) in [
            ("ann@acme.com", Email, "ann@acme.com", Verbatim),
            (" \tann@acme.com\u{a0}", Email, "ann@acme.com", Verbatim),
            ("Ann@ACME.com", Email, "ann@acme.com", Folded),
            ("=\"Ann@acme.com\"", Email, "ann@acme.com", Folded),
            ("JÖRG@acme.com", Email, "jörg@acme.com", Folded),
            ("o'neil+x@acme.com", Email, "o'neil+x@acme.com", Verbatim),
            ("acme.com", Domain, "acme.com", Verbatim),
            ("Acme.com", Domain, "acme.com", Folded),
            ("https://www.Acme.com/x", Domain, "acme.com", DomainOfUrl),
            ("www.acme.com", Domain, "acme.com", DomainOfUrl),
            ("acme.com.", Domain, "acme.com", DomainOfUrl),
            ("SKU-0012", Text, "SKU-0012", Verbatim),
            ("=\"0012\"", Text, "0012", Verbatim),
            (" a b ", Text, "a b", Verbatim),
            ("https://acme.com/x", Text, "https://acme.com/x", Verbatim),
            ("Ann@acme.com", Text, "Ann@acme.com", Verbatim),
            ("1;2", Text, "1;2", Verbatim),
            ("12E4", Text, "12E4", Verbatim),
            ("NA", Text, "NA", Verbatim),
        ] {
            let key = Key {
                text: text.into(),
                change,
            };
            assert_eq!(read_key(cell, kind), Ok(key), "{cell:?}");
        }
    }

    #[test]
    fn a_cell_without_a_key_is_invalid_for_a_reason() {
        let long = "x".repeat(MAX_KEY_BYTES + 1);
        for kind in [Email, Domain, Text] {
            for (cell, problem) in [
                ("", KeyProblem::Blank),
                (" \u{a0}\t", KeyProblem::Blank),
                ("=\"\"", KeyProblem::Blank),
                ("NULL", KeyProblem::NoValue),
                ("n/a", KeyProblem::NoValue),
                (" - ", KeyProblem::NoValue),
                ("#N/A", KeyProblem::SpreadsheetError),
                ("#REF!", KeyProblem::SpreadsheetError),
                ("a\u{200b}@acme.com", KeyProblem::Invisible('\u{200b}')),
                ("a\nb", KeyProblem::Invisible('\n')),
                (&long, KeyProblem::TooLong(MAX_KEY_BYTES + 1)),
            ] {
                assert_eq!(read_key(cell, kind), Err(problem), "{cell:?}");
            }
        }
        for (cell, kind, problem) in [
            ("ann", Email, KeyProblem::NotAnEmail),
            ("@acme.com", Email, KeyProblem::NotAnEmail),
            ("ann@", Email, KeyProblem::NotAnEmail),
            ("a@b@c", Email, KeyProblem::NotAnEmail),
            ("Ann <ann@acme.com>", Email, KeyProblem::NotAnEmail),
            ("mailto:ann@acme.com", Email, KeyProblem::NotAnEmail),
            ("ann@acme.com;bob@acme.com", Email, KeyProblem::List),
            ("ann@acme.com, bob@acme.com", Email, KeyProblem::List),
            ("ann@acme.com", Domain, KeyProblem::EmailForDomain),
            ("Acme Inc", Domain, KeyProblem::NotADomain),
            ("a.com;b.com", Domain, KeyProblem::List),
            ("5.12E+11", Text, KeyProblem::Scientific),
        ] {
            assert_eq!(read_key(cell, kind), Err(problem), "{cell:?}");
        }
    }

    proptest! {
        #[test]
        fn a_key_is_its_own_key(cell in "\\PC{0,40}", kind in proptest::sample::select(vec![Email, Domain, Text])) {
            if let Ok(key) = read_key(&cell, kind) {
                prop_assert!(!key.text.is_empty() && key.text.len() <= 2 * MAX_KEY_BYTES);
                prop_assert_eq!(kind.fold(&key.text).into_owned(), key.text.as_ref());
            }
        }
    }
}
