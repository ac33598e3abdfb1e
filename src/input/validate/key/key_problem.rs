//! Why a cell holds no key. Pure.

use std::fmt;

/// The maximum length of a key. With it, the search call for a single key has less than its 3,000 characters, whatever
/// the key's characters are.
pub(crate) const MAX_KEY_BYTES: usize = 1000;

/// Why a cell holds no key. Shown behind the column and the value, as `email: `N/A` stands for no value`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyProblem {
    /// Empty or blank.
    Blank,
    /// `NULL`, `N/A`, `-` and the like.
    NoValue,
    /// `#N/A`, `#REF!` and the like.
    SpreadsheetError,
    /// A number such as `5.12E+11`.
    Scientific,
    /// An invisible character.
    Invisible(char),
    /// More bytes than a key may have: their number.
    TooLong(usize),
    /// Several keys.
    List,
    /// No email address.
    NotAnEmail,
    /// No domain.
    NotADomain,
    /// An email address where a domain is expected.
    EmailForDomain,
}

impl KeyProblem {
    /// The kind of problem, independent of the value.
    #[must_use]
    pub(crate) fn kind(self) -> &'static str {
        match self {
            Self::Blank => "blank",
            Self::NoValue => "placeholder for no value",
            Self::SpreadsheetError => "spreadsheet error",
            Self::Scientific => "scientific notation",
            Self::Invisible(_) => "invisible character",
            Self::TooLong(_) => "too long for a lookup",
            Self::List => "a list where one value was expected",
            Self::NotAnEmail => "not an email address",
            Self::NotADomain => "not a domain",
            Self::EmailForDomain => "an email address where a domain was expected",
        }
    }
}

impl fmt::Display for KeyProblem {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Blank => formatter.write_str("is blank"),
            Self::NoValue => formatter.write_str("stands for no value"),
            Self::SpreadsheetError => formatter.write_str(
                "is an error of a spreadsheet formula: fix the formula, or leave the cell out",
            ),
            Self::Scientific => formatter.write_str(
                "is in scientific notation, a spreadsheet rounded it: re-export the column as text",
            ),
            Self::Invisible(character) => write!(
                formatter,
                "has the invisible character U+{:04X}",
                u32::from(*character)
            ),
            Self::TooLong(bytes) => write!(
                formatter,
                "has {bytes} bytes, a value that is looked up has at most {MAX_KEY_BYTES}"
            ),
            Self::List => {
                formatter.write_str("is a list where one value was expected, see `--split`")
            }
            Self::NotAnEmail => formatter.write_str("is not an email address"),
            Self::NotADomain => formatter.write_str("is not a domain"),
            Self::EmailForDomain => {
                formatter.write_str("is an email address, expected a domain such as `acme.com`")
            }
        }
    }
}
