//! A cell, or one part of a list → its id. The full check of every id is here; the fast path of the row checker accepts
//! only what this accepts too. Pure.

use crate::domain::pair::RecordId;
use crate::input::decode::encoding::TextEncoding;
use crate::input::validate::diagnose::bad_id;
use crate::input::validate::excel::unwrapped;
use crate::input::validate::problem::ValueProblem;

/// The id in `bytes`, or why it has none.
pub(crate) fn parse_id(bytes: &[u8], encoding: TextEncoding) -> Result<RecordId, ValueProblem> {
    let Ok(text) = str::from_utf8(bytes) else {
        return Err(ValueProblem::NotUtf8);
    };
    let text = unwrapped(text.trim());
    RecordId::new(text).ok_or_else(|| bad_id(text, encoding))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn what_the_fast_path_accepts_is_the_same_id_here(text in "[0-9 x=\"]{0,22}") {
            if let Some(id) = RecordId::of_digits(text.as_bytes()) {
                prop_assert_eq!(parse_id(text.as_bytes(), TextEncoding::UTF_8), Ok(id));
            }
        }
    }
}
