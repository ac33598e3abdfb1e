//! A cell, or one part of a list, as a key: its text, or why it is none. Pure.

use std::collections::HashSet;

use crate::domain::key_kind::KeyKind;
use crate::input::decode::encoding::TextEncoding;
use crate::input::row::truncated;
use crate::input::validate::diagnose::was_damaged;
use crate::input::validate::excel::unwrapped;
use crate::input::validate::id_list::{IdOrProblem, Separator, parts};
use crate::input::validate::key::read_key::{Key, read_key};
use crate::input::validate::problem::{MOST_PAIRS, ValueProblem};

/// The text of a cell without surrounding blanks, and its key.
fn parse_key(
    bytes: &[u8],
    kind: KeyKind,
    encoding: TextEncoding,
) -> Result<(&str, Key<'_>), ValueProblem> {
    let Ok(text) = str::from_utf8(bytes) else {
        return Err(ValueProblem::NotUtf8);
    };
    let text = text.trim();
    if was_damaged(text, encoding) {
        return Err(ValueProblem::NotInEncoding(encoding));
    }
    let key = read_key(text, kind)?;
    Ok((text, key))
}

/// The key in a cell.
pub(crate) fn key_or_problem(bytes: &[u8], kind: KeyKind, encoding: TextEncoding) -> IdOrProblem {
    match parse_key(bytes, kind, encoding) {
        Ok((text, _)) => IdOrProblem::Key(text.into()),
        Err(problem) => IdOrProblem::bad(bytes, problem),
    }
}

/// Adds the keys of a cell to `keys`: trimmed, without empty ones, each once at its first position. Like a list of ids, a
/// list of more than [`MOST_PAIRS`] is cut after one more.
pub(crate) fn split_keys(
    cell: &[u8],
    separator: &Separator,
    kind: KeyKind,
    encoding: TextEncoding,
    keys: &mut Vec<IdOrProblem>,
) {
    let list = str::from_utf8(cell).map_or(cell, |text| unwrapped(text.trim()).as_bytes());
    let mut seen_keys = HashSet::new();
    let mut seen_others = HashSet::new();
    for part in parts(list, separator) {
        if unwrapped(&truncated(part)).is_empty() {
            continue;
        }
        let (part, is_new) = match parse_key(part, kind, encoding) {
            Ok((text, key)) => (IdOrProblem::Key(text.into()), seen_keys.insert(key.text)),
            Err(problem) => {
                let value = truncated(part);
                let is_new = seen_others.insert(value.clone());
                (IdOrProblem::Bad { value, problem }, is_new)
            }
        };
        if is_new {
            keys.push(part);
        }
        // One more than any row may hold is enough to refuse it.
        if keys.len() > MOST_PAIRS {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::key_kind::KeyKind::{Domain, Email, Text};
    use crate::input::validate::key::key_problem::KeyProblem;
    use crate::input::validate::problem::ValueProblem;

    fn list(cell: &str, kind: KeyKind) -> Vec<IdOrProblem> {
        let mut keys = Vec::new();
        let separator = ";".parse().unwrap();
        split_keys(
            cell.as_bytes(),
            &separator,
            kind,
            TextEncoding::UTF_8,
            &mut keys,
        );
        keys
    }

    fn key(cell: &str) -> IdOrProblem {
        IdOrProblem::Key(cell.into())
    }

    #[test]
    fn a_list_has_each_key_once_however_it_is_spelled() {
        for (cell, kind, expected) in [
            ("a@b.c; d@e.f ;;", Email, vec![key("a@b.c"), key("d@e.f")]),
            ("A@b.c;a@B.c", Email, vec![key("A@b.c")]),
            ("A;a;A", Text, vec![key("A"), key("a")]),
            (
                "https://www.acme.com/x;acme.com;b.io",
                Domain,
                vec![key("https://www.acme.com/x"), key("b.io")],
            ),
            ("=\"a@b.c;d@e.f\"", Email, vec![key("a@b.c"), key("d@e.f")]),
            (" ; ;", Email, vec![]),
            ("", Text, vec![]),
        ] {
            assert_eq!(list(cell, kind), expected, "{cell}");
        }
    }

    #[test]
    fn a_bad_key_in_a_list_does_not_affect_the_others() {
        let bad = |value: &str, problem: KeyProblem| IdOrProblem::Bad {
            value: value.to_owned(),
            problem: problem.into(),
        };
        let expected = [
            bad("N/A", KeyProblem::NoValue),
            key("a@b.c"),
            bad("ann", KeyProblem::NotAnEmail),
        ];
        assert_eq!(list("N/A;a@b.c;ann;ann", Email), expected);
    }

    #[test]
    fn bytes_that_were_not_text_are_no_key() {
        let of = |bytes: &[u8], encoding| key_or_problem(bytes, Text, encoding);
        let bad = |value: &str, problem| IdOrProblem::Bad {
            value: value.to_owned(),
            problem,
        };
        let utf8 = TextEncoding::UTF_8;
        let other: TextEncoding = "shift_jis".parse().unwrap();
        assert_eq!(of(b" K-1 ", utf8), key("K-1"));
        assert_eq!(of(b"K\xff", utf8), bad("K\u{fffd}", ValueProblem::NotUtf8));
        assert_eq!(
            of("K\u{fffd}".as_bytes(), other),
            bad("K\u{fffd}", ValueProblem::NotInEncoding(other))
        );
        assert_eq!(of(b" ", utf8), bad("", ValueProblem::Blank));
    }
}
