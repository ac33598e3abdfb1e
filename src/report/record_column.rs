//! The column that says whether the records of a missing link exist. Pure.
//!
//! It is empty where that was not asked, `exists` if both exist, and otherwise names each record that does not:
//! `from deleted; to merged into 52007`.

use std::borrow::Cow;

use crate::domain::pair::RecordId;
use crate::domain::proof::RecordState;

/// The value if both records exist.
const EXIST: &str = "exists";

const SEPARATOR: &str = "; ";

const DELETED: &str = "deleted";
const UNKNOWN: &str = "unknown";
const MERGED_INTO: &str = "merged into ";

/// The names of the two records.
const SIDES: [&str; 2] = ["from ", "to "];

/// The value for the records of a row, in their order.
#[must_use]
pub fn records_text(records: Option<&[RecordState; 2]>) -> Cow<'static, str> {
    let Some(records) = records else {
        return Cow::from("");
    };
    let mut text = String::new();
    for (side, state) in SIDES.into_iter().zip(records) {
        let (word, survivor) = match state {
            RecordState::Exists => continue,
            RecordState::Deleted => (DELETED, ""),
            RecordState::Unknown => (UNKNOWN, ""),
            RecordState::MergedInto(id) => (MERGED_INTO, id.as_str()),
        };
        if !text.is_empty() {
            text.push_str(SEPARATOR);
        }
        for part in [side, word, survivor] {
            text.push_str(part);
        }
    }
    if text.is_empty() {
        Cow::from(EXIST)
    } else {
        Cow::from(text)
    }
}

/// The records that a value is about; `None` if that was not asked, or the text is not such a value.
#[must_use]
pub fn records_of(text: &str) -> Option<[RecordState; 2]> {
    let mut records = [RecordState::Exists; 2];
    if text == EXIST {
        return Some(records);
    }
    for part in text.split(SEPARATOR) {
        let mut sides = SIDES.iter().zip(&mut records);
        let (word, state) =
            sides.find_map(|(side, state)| Some((part.strip_prefix(side)?, state)))?;
        *state = match word {
            DELETED => RecordState::Deleted,
            UNKNOWN => RecordState::Unknown,
            _ => RecordState::MergedInto(RecordId::new(word.strip_prefix(MERGED_INTO)?)?),
        };
    }
    Some(records)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn it_names_each_record_that_does_not_exist() {
        use RecordState::{Deleted, Exists, Unknown};
        let merged = RecordState::MergedInto(RecordId::new("52007").unwrap());
        for (records, text) in [
            (None, ""),
            (Some([Exists, Exists]), "exists"),
            (Some([Deleted, Exists]), "from deleted"),
            (Some([Exists, merged]), "to merged into 52007"),
            (Some([Deleted, Unknown]), "from deleted; to unknown"),
        ] {
            assert_eq!(records_text(records.as_ref()), text);
            assert_eq!(records_of(text), records, "{text}");
        }
        for other in [
            "x",
            "from",
            "from merged into x",
            "from deleted; ",
            "exists; to deleted",
        ] {
            assert_eq!(records_of(other), None, "{other}");
        }
    }

    fn state() -> impl Strategy<Value = RecordState> {
        let id = "[1-9][0-9]{0,19}".prop_map(|id| RecordId::new(&id).unwrap());
        prop_oneof![
            Just(RecordState::Exists),
            Just(RecordState::Deleted),
            Just(RecordState::Unknown),
            id.prop_map(RecordState::MergedInto),
        ]
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_back(from in state(), to in state()) {
            let records = [from, to];
            prop_assert_eq!(records_of(&records_text(Some(&records))), Some(records));
        }
    }
}
