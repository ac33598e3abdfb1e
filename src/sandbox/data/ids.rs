//! Record ids as the sandbox stores them: decimal numbers of at most 20 digits, in 9 bytes.

/// The longest id accepted, in digits.
const MAX_DIGITS: usize = 20;

/// A record id as a number, most significant byte first so that ids sort by value.
///
/// Nine bytes rather than a `u128`, which would take 16 and increase the alignment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct RecordId([u8; 9]);

impl RecordId {
    pub(crate) const MIN: Self = Self([0; 9]);

    /// Parses a positive decimal number.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let digits = text.bytes().all(|byte| byte.is_ascii_digit());
        if text.is_empty() || text.len() > MAX_DIGITS || !digits {
            return None;
        }
        text.parse().ok().filter(|value| *value > 0).map(Self::of)
    }

    /// An id with this value; `None` if it is zero or has too many digits.
    pub(crate) fn of_value(value: u128) -> Option<Self> {
        (value > 0 && value < 10_u128.pow(20)).then(|| Self::of(value))
    }

    /// A number below 2⁷²: every number of 20 digits is.
    fn of(value: u128) -> Self {
        let bytes = value.to_be_bytes();
        let mut last = [0; 9];
        last.copy_from_slice(&bytes[bytes.len() - 9..]);
        Self(last)
    }

    pub(crate) fn value(self) -> u128 {
        self.0
            .iter()
            .fold(0, |value, byte| (value << 8) | u128::from(*byte))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_of_up_to_twenty_digits_are_read_whole() {
        for text in [
            "1",
            "566274304862",
            "18446744073709551616",
            "99999999999999999999",
        ] {
            let id = RecordId::parse(text).unwrap();
            assert_eq!(id.value().to_string(), text);
        }
        assert!(RecordId::parse("9").unwrap() < RecordId::parse("18446744073709551616").unwrap());
    }

    #[test]
    fn anything_else_is_no_id() {
        for text in [
            "",
            "0",
            "-1",
            "+1",
            "1.0",
            "5e11",
            "abc",
            " 1",
            "١",
            "100000000000000000000",
        ] {
            assert_eq!(RecordId::parse(text), None, "{text:?}");
        }
    }
}
