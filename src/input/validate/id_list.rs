//! A cell with several ids → its ids, each once. Pure.
//!
//! Each part between two separators is checked alone: one bad id does not affect the others. The work is
//! bounded by the cell, which the reader bounds, and the memory by the pairs that a row may have.

use std::collections::HashSet;
use std::str::FromStr;

use memchr::memmem;

use crate::domain::pair::RecordId;
use crate::input::decode::encoding::TextEncoding;
use crate::input::row::truncated;
use crate::input::validate::diagnose::{is_digits, is_thousands, separates_thousands};
use crate::input::validate::excel::unwrapped;
use crate::input::validate::id::parse_id;
use crate::input::validate::problem::{MOST_PAIRS, ValueProblem};

/// The separator between the ids of one cell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Separator(String);

impl Separator {
    /// Whether it may also separate the thousands of one number.
    fn is_in_numbers(&self) -> bool {
        let mut characters = self.0.chars();
        characters.next().is_some_and(separates_thousands) && characters.next().is_none()
    }
}

/// Why a text is not a [`Separator`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SeparatorError {
    /// Empty.
    #[error("a separator has at least one character, such as `;`")]
    Empty,
    /// A character that damaged ids also contain: `5.12E+11` split at its `.` would name another record.
    #[error("a separator cannot contain letters, digits, `.`, `+` or `-`")]
    PartOfIds,
}

impl FromStr for Separator {
    type Err = SeparatorError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let text = match text {
            "\\t" | "tab" => "\t",
            "\\n" => "\n",
            text => text,
        };
        let is_in_ids =
            |character: char| character.is_alphanumeric() || matches!(character, '.' | '+' | '-');
        if text.is_empty() {
            Err(SeparatorError::Empty)
        } else if text.contains(is_in_ids) {
            Err(SeparatorError::PartOfIds)
        } else {
            Ok(Self(text.to_owned()))
        }
    }
}

/// The result of checking one of the ids in a cell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum IdOrProblem {
    /// An id.
    Id(RecordId),
    /// A key: the text without surrounding blanks.
    Key(Box<str>),
    /// Not an id, or no key.
    Bad {
        /// The value, as [`crate::input::row::RawValues`] has it.
        value: String,
        /// Why it is not one.
        problem: ValueProblem,
    },
}

impl IdOrProblem {
    pub(crate) fn of(bytes: &[u8], encoding: TextEncoding) -> Self {
        match parse_id(bytes, encoding) {
            Ok(id) => Self::Id(id),
            Err(problem) => Self::bad(bytes, problem),
        }
    }

    pub(crate) fn bad(bytes: &[u8], problem: ValueProblem) -> Self {
        Self::Bad {
            value: truncated(bytes),
            problem,
        }
    }
}

/// Adds the ids of a cell to `ids`: trimmed, without empty ones, each once at its first position. A list of
/// more than [`MOST_PAIRS`] is cut after one more, because no row may have that many. `007` and `7` are the
/// same id. A cell that may be one number, split at its own separators, gives no ids.
pub(crate) fn split(
    cell: &[u8],
    separator: &Separator,
    encoding: TextEncoding,
    ids: &mut Vec<IdOrProblem>,
) {
    let list = str::from_utf8(cell).map_or(cell, |text| unwrapped(text.trim()).as_bytes());
    let may_be_number = separator.is_in_numbers();
    if may_be_number && has_thousands(list, separator) {
        ids.push(IdOrProblem::bad(
            cell,
            ValueProblem::ThousandsSeparatorsInList,
        ));
        return;
    }
    let mut seen_ids = HashSet::new();
    let mut seen_others = HashSet::new();
    for piece in parts(list, separator) {
        if unwrapped(&truncated(piece)).is_empty() {
            continue;
        }
        let piece = IdOrProblem::of(piece, encoding);
        let is_new = match &piece {
            IdOrProblem::Id(id) => seen_ids.insert(id.number()),
            // `5,12E+11` split at its comma: the 5 is not an id of the file.
            &IdOrProblem::Bad { problem, .. } if may_be_number && is_of_number(problem) => {
                ids.clear();
                ids.push(IdOrProblem::bad(cell, problem));
                return;
            }
            IdOrProblem::Bad { value, .. } => seen_others.insert(value.clone()),
            IdOrProblem::Key(_) => true,
        };
        if is_new {
            ids.push(piece);
        }
        // One more than any row may hold is enough to refuse it.
        if ids.len() > MOST_PAIRS {
            return;
        }
    }
}

/// The parts between the separators of a list.
pub(crate) fn parts<'c>(
    list: &'c [u8],
    separator: &'c Separator,
) -> impl Iterator<Item = &'c [u8]> {
    let separator = separator.0.as_bytes();
    let mut start = 0;
    let ends = memmem::find_iter(list, separator).chain([list.len()]);
    ends.map(move |end| {
        let part = &list[start..end];
        start = (end + separator.len()).min(list.len());
        part
    })
}

/// Whether neighbours in a list can be the thousands of one number: `9,876,543`, also with a fraction after
/// them. A blank beside the separator shows that there are two ids, and so does a group of any other length.
fn has_thousands(list: &[u8], separator: &Separator) -> bool {
    let mut run: Vec<&str> = Vec::new();
    let is_number = |run: &[&str]| is_thousands(run) && !run[0].starts_with('0');
    for part in parts(list, separator) {
        let part = str::from_utf8(part).unwrap_or("?");
        let digits = part.trim();
        let is_group = is_digits(digits);
        // A blank at the start begins another id, and so does a part that is not a number.
        if !is_group || part.starts_with(char::is_whitespace) {
            if is_number(&run) {
                return true;
            }
            run.clear();
        }
        if is_group {
            run.push(digits);
        }
        // No number is that long.
        if run.len() > MOST_PAIRS {
            return false;
        }
        if part.ends_with(char::is_whitespace) {
            if is_number(&run) {
                return true;
            }
            run.clear();
        }
    }
    is_number(&run)
}

/// Whether a problem means that the whole cell may be one number.
fn is_of_number(problem: ValueProblem) -> bool {
    matches!(
        problem,
        ValueProblem::Scientific
            | ValueProblem::Decimal
            | ValueProblem::ThousandsSeparators
            | ValueProblem::ThousandsSeparatorsOrList
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The ids verbatim, invalid ones as `!…`.
    fn shown(cell: impl AsRef<[u8]>, separator: &str) -> String {
        let mut ids = Vec::new();
        let separator = separator.parse().unwrap();
        split(cell.as_ref(), &separator, TextEncoding::UTF_8, &mut ids);
        let ids: Vec<String> = ids
            .into_iter()
            .map(|piece| match piece {
                IdOrProblem::Key(key) => key.to_string(),
                IdOrProblem::Id(id) => id.to_string(),
                IdOrProblem::Bad { value, .. } => format!("!{value}"),
            })
            .collect();
        ids.join(" ")
    }

    #[test]
    fn a_separator_cannot_be_a_character_of_an_id() {
        for text in [";", ",", "|", " ; ", "\\n", "\n", "tab", "::", "、"] {
            assert!(text.parse::<Separator>().is_ok(), "{text:?}");
        }
        assert_eq!("".parse::<Separator>(), Err(SeparatorError::Empty));
        for text in ["0", "; 1", "and", ".", "+", "-"] {
            assert_eq!(text.parse::<Separator>(), Err(SeparatorError::PartOfIds));
        }
    }

    #[test]
    fn a_cell_yields_its_ids_trimmed_and_each_once() {
        for (cell, separator, expected) in [
            ("", ";", ""),
            (" ; ;;", ";", ""),
            ("5", ";", "5"),
            ("5;6", ";", "5 6"),
            (";5 ; 6;\u{a0}7\t;", ";", "5 6 7"),
            ("5;6;5;005", ";", "5 6"),
            ("005;5", ";", "005"),
            ("5;x;6;x;y", ";", "5 !x 6 !y"),
            ("5,6", ";", "!5,6"),
            ("5 | 6", "|", "5 6"),
            ("5\r\n6\n", "\\n", "5 6"),
            ("5::6:7", "::", "5 !6:7"),
            ("5 6", " ", "5 6"),
            ("5.12E+11;6", ";", "!5.12E+11 6"),
            ("5,12E+11", ",", "!5,12E+11"),
            ("7,5,12E+11", ",", "!7,5,12E+11"),
            ("5、6", "、", "5 6"),
            ("=\"5;6\"", ";", "5 6"),
            ("=\"5\" ; =\"6\";=\"\";=\"x\"", ";", "5 6 !=\"x\""),
            ("=\"\"", ";", ""),
        ] {
            assert_eq!(shown(cell, separator), expected, "{cell:?}");
        }
    }

    #[test]
    fn a_number_with_thousands_separators_is_not_split_into_ids() {
        for (cell, separator) in [
            ("9,876,543,210", ","),
            ("1,002,003", ","),
            ("201,202", ","),
            ("=\"9,876,543\"", ","),
            ("41001, 9,876,543", ","),
            ("9,876,543 ,41001", ","),
            ("1,234,567.00", ","),
            ("1,234,567,x", ","),
            ("1.234,00", ","),
            ("12 345,67", ","),
            ("9'876'543", "'"),
            ("9’876’543", "’"),
            ("9_876_543", "_"),
            ("9 876 543", " "),
            ("9\u{a0}876\u{a0}543", "\u{a0}"),
            ("9\u{2009}876\u{2009}543", "\u{2009}"),
            ("9\u{202f}876", "\u{202f}"),
        ] {
            let shown = shown(cell, separator);
            assert_eq!(shown, format!("!{cell}"), "{cell:?} at {separator:?}");
        }
        for (cell, separator, ids) in [
            ("9, 876, 543", ",", "9 876 543"),
            ("9 ,876", ",", "9 876"),
            ("41001,201,202", ",", "41001 201 202"),
            ("201,202,41001", ",", "201 202 41001"),
            ("001,002", ",", "001 002"),
            ("5,6", ",", "5 6"),
            ("201,", ",", "201"),
            ("9;876;543", ";", "9 876 543"),
            ("9\n876", "\\n", "9 876"),
            ("9\t876", "tab", "9 876"),
            ("9, 876", ", ", "9 876"),
            ("9\u{a0}876;41001", ";", "!9\u{a0}876 41001"),
        ] {
            assert_eq!(shown(cell, separator), ids, "{cell:?} at {separator:?}");
        }
    }

    #[test]
    fn a_damaged_id_does_not_affect_its_neighbours() {
        assert_eq!(shown(b"5;6\xff;7", ";"), "5 !6\u{fffd} 7");
    }

    proptest! {
        #[test]
        fn every_id_of_a_cell_is_returned_once(ids in prop::collection::vec(1_u64..40, 0..60)) {
            let cell: Vec<String> = ids.iter().map(ToString::to_string).collect();
            let mut expected: Vec<String> = Vec::new();
            for id in &cell {
                if !expected.contains(id) {
                    expected.push(id.clone());
                }
            }
            prop_assert_eq!(shown(cell.join(";"), ";"), expected.join(" "));
        }
    }
}
