//! The domain types: the pair that a valid row contains.
//!
//! A value of these types is valid by construction, so code that receives one does not check it again: an
//! [`ObjectType`] and a [`RecordId`] can be used in a request path unchanged.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use crate::domain::standard_type;

/// The maximum length of an id according to the API's documents, in decimal digits.
pub const MAX_ID_DIGITS: usize = 20;

/// The maximum length of an object type; HubSpot's own custom names are far shorter.
pub const MAX_TYPE_LENGTH: usize = 128;

/// The type of a record: a name (`contacts`), a type id (`0-1`, `2-1234567`) or a custom object's qualified
/// name (`p_vendor`).
///
/// Cheap to clone: all rows of a file usually share one.
#[derive(Clone, Debug, Eq, PartialOrd, Ord)]
pub struct ObjectType(Arc<str>);

impl PartialEq for ObjectType {
    /// Compares the text; consecutive rows usually share it, so comparing the pointers first is faster.
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0) || self.0 == other.0
    }
}

impl Hash for ObjectType {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.hash(state);
    }
}

impl ObjectType {
    /// Accepts `text` unchanged if it is 1 to [`MAX_TYPE_LENGTH`] ASCII letters, digits, `_` or `-`.
    #[must_use]
    pub fn new(text: &str) -> Option<Self> {
        let valid = !text.is_empty()
            && text.len() <= MAX_TYPE_LENGTH
            && text
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-');
        valid.then(|| Self(Arc::from(text)))
    }

    /// Whether `other` is a spelling of the same type, as `Contact`, `contacts` and `0-1` are.
    #[must_use]
    pub fn is_same_as(&self, other: &Self) -> bool {
        self == other
            || standard_type::canonical(self.as_str()) == standard_type::canonical(other.as_str())
    }

    /// The type as spelled in the input.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ObjectType {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// A record's id: 1 to [`MAX_ID_DIGITS`] decimal digits, not zero, kept as written.
///
/// Kept as text because ids are opaque: they may exceed `u64::MAX`, and a float would round them.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct RecordId {
    digits: [u8; MAX_ID_DIGITS],
    length: u8,
}

impl RecordId {
    /// Accepts `text` if it is an id; the caller trims surrounding blanks.
    #[must_use]
    pub fn new(text: &str) -> Option<Self> {
        Self::of_digits(text.as_bytes())
    }

    /// Like [`Self::new`], for bytes, which need not be valid UTF-8.
    #[must_use]
    pub fn of_digits(bytes: &[u8]) -> Option<Self> {
        if !(1..=MAX_ID_DIGITS).contains(&bytes.len()) {
            return None;
        }
        // One pass without a branch: this runs twice for every row of every input.
        let mut is_digits = true;
        let mut is_zero = true;
        for &byte in bytes {
            is_digits &= byte.is_ascii_digit();
            is_zero &= byte == b'0';
        }
        if !is_digits || is_zero {
            return None;
        }
        let mut digits = [0; MAX_ID_DIGITS];
        digits[..bytes.len()].copy_from_slice(bytes);
        Some(Self {
            digits,
            length: u8::try_from(bytes.len()).ok()?,
        })
    }

    /// The digits as spelled in the input.
    #[must_use]
    pub fn as_str(&self) -> &str {
        str::from_utf8(&self.digits[..usize::from(self.length)]).unwrap_or_default()
    }

    /// The value of the digits; leading zeros do not count.
    #[must_use]
    pub fn number(&self) -> u128 {
        let digits = &self.digits[..usize::from(self.length)];
        let (head, tail) = digits.split_at(digits.len().min(MAX_ID_DIGITS - 1));
        // All digits but the last of the longest id fit in 64 bits.
        let add = |number: u64, digit: &u8| number * 10 + u64::from(digit - b'0');
        let head = u128::from(head.iter().fold(0, add));
        match tail {
            [last] => head * 10 + u128::from(last - b'0'),
            _ => head,
        }
    }

    /// Whether `other`, an id from a reply, is the same number. Leading zeros do not count.
    #[must_use]
    pub fn is_same_as(&self, other: &str) -> bool {
        let own = &self.digits[..usize::from(self.length)];
        let is_padded = own[0] == b'0' || other.starts_with('0');
        own == other.as_bytes()
            || is_padded && self.as_str().trim_start_matches('0') == other.trim_start_matches('0')
    }
}

impl fmt::Debug for RecordId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "RecordId({})", self.as_str())
    }
}

impl fmt::Display for RecordId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

/// One end of a pair.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Record {
    /// Its type.
    pub object_type: ObjectType,
    /// Its id.
    pub id: RecordId,
}

/// The two records that one row links.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Pair {
    /// The record the request names first.
    pub from: Record,
    /// The record the request names second.
    pub to: Record,
}

impl Pair {
    /// The types of both records.
    #[must_use]
    pub fn types(&self) -> [&str; 2] {
        [self.from.object_type.as_str(), self.to.object_type.as_str()]
    }
}

impl AsRef<Self> for Pair {
    fn as_ref(&self) -> &Self {
        self
    }
}

impl fmt::Display for Pair {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { from, to } = self;
        write!(
            formatter,
            "{} {} -> {} {}",
            from.object_type, from.id, to.object_type, to.id
        )
    }
}

/// The position of a row in the input.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RowKey {
    /// The row's number, counted from 1; the header does not count.
    pub row: u64,
    /// The line on which the row starts, counted from 1; the header counts.
    pub line: u64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_a_number_of_up_to_20_digits() {
        for (text, number) in [
            ("1", 1),
            ("0031", 31),
            ("18446744073709551615", u128::from(u64::MAX)),
            ("99999999999999999999", 99_999_999_999_999_999_999),
            ("00000000000000000012", 12),
        ] {
            assert_eq!(RecordId::new(text).unwrap().number(), number);
        }
    }

    #[test]
    fn an_object_type_is_letters_digits_underscores_and_dashes() {
        for text in [
            "contacts",
            "0-1",
            "2-1234567",
            "p_vendor",
            "p123_vendor",
            "Line_Items",
        ] {
            assert_eq!(ObjectType::new(text).unwrap().as_str(), text);
        }
        let long = "x".repeat(MAX_TYPE_LENGTH + 1);
        for text in [
            "",
            " ",
            "a/b",
            "a.b",
            "con tacts",
            "..",
            "%2e",
            "é",
            "a\n",
            &long,
        ] {
            assert_eq!(ObjectType::new(text), None, "{text:?}");
        }
    }

    #[test]
    fn a_record_id_is_one_to_twenty_digits_and_not_zero() {
        for text in ["1", "0041001", "566274304862", "99999999999999999999"] {
            assert_eq!(RecordId::new(text).unwrap().as_str(), text);
        }
        for text in [
            "",
            "0",
            "000",
            "-1",
            "+1",
            "1.0",
            "1e5",
            " 1",
            "123456789012345678901",
            "１",
        ] {
            assert_eq!(RecordId::new(text), None, "{text:?}");
        }
    }

    #[test]
    fn ids_are_compared_as_numbers_but_kept_as_written() {
        let id = RecordId::new("0041001").unwrap();
        assert!(id.is_same_as("41001"));
        assert!(id.is_same_as("0041001"));
        assert!(!id.is_same_as("410010"));
        assert!(!id.is_same_as(""));
        assert_eq!(id.to_string(), "0041001");
    }
}
