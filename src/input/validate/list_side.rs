//! Under `--split`: which of the two id cells may be empty. Pure.
//!
//! An empty list means that a record is linked to nothing, which is not an error. A blank in the column of the
//! record's own id is one: it would drop every id of the list beside it. The headers show which column is the
//! list, if their names are clear.

use crate::input::columns::header_name::visible;
use crate::input::columns::hubspot_export::linked_by;
use crate::input::validate::id_list::IdOrProblem;

/// Which id column holds lists.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ListSide {
    /// The ids of the records named first.
    From,
    /// The ids of the records named second.
    To,
    /// Both.
    Both,
    /// The headers do not show it: the second is assumed, unless a row shows otherwise.
    Unknown,
}

impl ListSide {
    /// By the headers of the two columns: HubSpot's `Associated … IDs` first, then any name in the plural.
    /// `are_keys`: which column holds keys instead of ids.
    pub(crate) fn of(headers: [&str; 2], are_keys: [bool; 2]) -> Self {
        let names = headers.map(visible);
        let linked = names.each_ref().map(|name| linked_by(name).is_some());
        let is_plural = |side: usize| {
            let words = if are_keys[side] {
                &KEY_WORDS[..]
            } else {
                &KEY_WORDS[..1]
            };
            words.iter().any(|word| ends_with_word(&names[side], word))
        };
        match (linked, [is_plural(0), is_plural(1)]) {
            ([true, false], _) | ([false, false], [true, false]) => Self::From,
            ([false, true], _) | ([false, false], [false, true]) => Self::To,
            ([true, true], _) | ([false, false], [true, true]) => Self::Both,
            ([false, false], [false, false]) => Self::Unknown,
        }
    }

    /// Which of the two cells of a row is blank but must not be.
    pub(crate) fn missing(self, from: &[IdOrProblem], to: &[IdOrProblem]) -> [bool; 2] {
        match self {
            Self::From => [false, to.is_empty()],
            Self::To => [from.is_empty(), false],
            Self::Both => [false, false],
            // Several ids on one side are the list, so the blank on the other side is an error.
            Self::Unknown => [from.is_empty(), to.is_empty() && from.len() > 1],
        }
    }
}

/// The words at the end of a header of lists: the first for ids, all of them for keys.
const KEY_WORDS: [&str; 5] = ["ids", "emails", "domains", "websites", "keys"];

/// Whether a header ends with this word.
fn ends_with_word(header: &str, plural: &str) -> bool {
    let Some(start) = header.len().checked_sub(plural.len()) else {
        return false;
    };
    let (Some(before), Some(word)) = (header.get(..start), header.get(start..)) else {
        return false;
    };
    word.eq_ignore_ascii_case(plural)
        && (word.starts_with(char::is_uppercase) || !before.ends_with(char::is_alphabetic))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::pair::RecordId;

    #[test]
    fn the_headers_show_which_column_is_the_list() {
        for (from, to, side) in [
            ("Record ID", "Associated Company IDs", ListSide::To),
            ("Associated Company IDs", "Record ID", ListSide::From),
            (
                "Associated\u{a0}Deal IDs (Primary)",
                "Record ID",
                ListSide::From,
            ),
            ("Merged Contact IDs", "Associated Company IDs", ListSide::To),
            (
                "Associated Contact IDs",
                "Associated Deal IDs",
                ListSide::Both,
            ),
            ("from_ids", "to_id", ListSide::From),
            ("contact", "companyIds", ListSide::To),
            ("IDs", "id", ListSide::From),
            ("contact_ids", "deal ids", ListSide::Both),
            ("from_id", "to_id", ListSide::Unknown),
            ("kids", "grids", ListSide::Unknown),
            ("é", "", ListSide::Unknown),
        ] {
            assert_eq!(ListSide::of([from, to], [false; 2]), side, "{from}, {to}");
        }
    }

    #[test]
    fn a_column_of_keys_is_a_list_by_further_words() {
        for (from, to, side) in [
            ("Contact Emails", "Domain", ListSide::From),
            ("email", "Company domains", ListSide::To),
            ("emails", "domains", ListSide::Both),
            ("email", "domain", ListSide::Unknown),
        ] {
            assert_eq!(ListSide::of([from, to], [true; 2]), side, "{from}, {to}");
            assert_eq!(ListSide::of([from, to], [false; 2]), ListSide::Unknown);
        }
    }

    #[test]
    fn a_blank_is_an_error_outside_the_list_column() {
        use ListSide::{Both, From, To, Unknown};
        for (side, from, to, missing) in [
            (To, 0, 2, [true, false]),
            (To, 0, 0, [true, false]),
            (To, 1, 0, [false, false]),
            (To, 2, 0, [false, false]),
            (From, 1, 0, [false, true]),
            (From, 0, 1, [false, false]),
            (Both, 0, 2, [false, false]),
            (Both, 0, 0, [false, false]),
            (Unknown, 0, 1, [true, false]),
            (Unknown, 1, 0, [false, false]),
            (Unknown, 2, 0, [false, true]),
            (Unknown, 0, 0, [true, false]),
            (Unknown, 1, 1, [false, false]),
        ] {
            let ids = |count| vec![IdOrProblem::Id(RecordId::new("7").unwrap()); count];
            let found = side.missing(&ids(from), &ids(to));
            assert_eq!(found, missing, "{side:?}: {from} and {to} ids");
        }
    }
}
