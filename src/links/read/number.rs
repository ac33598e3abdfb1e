//! The number of a record, in little memory. Pure.

use std::fmt;

use crate::domain::pair::{MAX_ID_DIGITS, RecordId};

/// Decimal digits of the lower part, which always fits in 64 bits.
const LOW_DIGITS: usize = MAX_ID_DIGITS - 1;

/// The value of an id: two spellings of an id, with and without leading zeros, have the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct RecordNumber {
    /// The first digit of an id of [`MAX_ID_DIGITS`] digits, otherwise 0.
    pub(crate) high: u8,
    /// The other digits.
    pub(crate) low: u64,
}

impl RecordNumber {
    pub(crate) fn of(id: &RecordId) -> Self {
        let digits = id.as_str().as_bytes();
        let (head, tail) = digits.split_at(digits.len().saturating_sub(LOW_DIGITS));
        let add = |number: u64, digit: &u8| number * 10 + u64::from(digit - b'0');
        Self {
            high: head.first().map_or(0, |digit| digit - b'0'),
            low: tail.iter().fold(0, add),
        }
    }

    /// The number of an id in a reply; `None` if it is no id.
    pub(crate) fn of_text(text: &str) -> Option<Self> {
        RecordId::new(text.trim()).map(|id| Self::of(&id))
    }
}

impl fmt::Display for RecordNumber {
    /// The id, without leading zeros.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.high {
            0 => self.low.fmt(formatter),
            high => write!(formatter, "{high}{:0width$}", self.low, width = LOW_DIGITS),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn an_id_keeps_its_value_and_loses_its_leading_zeros() {
        for (text, shown) in [
            ("1", "1"),
            ("0041001", "41001"),
            ("18446744073709551615", "18446744073709551615"),
            ("18446744073709551616", "18446744073709551616"),
            ("99999999999999999999", "99999999999999999999"),
            ("10000000000000000000", "10000000000000000000"),
            ("09999999999999999999", "9999999999999999999"),
            ("00000000000000000012", "12"),
        ] {
            let number = RecordNumber::of(&RecordId::new(text).unwrap());
            assert_eq!(number.to_string(), shown);
            assert_eq!(RecordNumber::of_text(shown), Some(number));
        }
        assert_eq!(RecordNumber::of_text("x"), None);
    }

    proptest! {
        #[test]
        fn numbers_are_in_the_order_of_their_values(ids in ["[0-9]{0,19}[1-9]", "[0-9]{0,19}[1-9]"]) {
            let [a, b] = ids.map(|text| RecordId::new(&text).unwrap());
            prop_assert_eq!(
                RecordNumber::of(&a).cmp(&RecordNumber::of(&b)),
                a.number().cmp(&b.number())
            );
        }
    }
}
