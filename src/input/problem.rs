//! What can be wrong with a row, in words that say which column, what stood there, why, and what to
//! do about damage that a spreadsheet did. Pure.

use std::fmt;

use super::columns::Column;
use super::encoding::TextEncoding;
use crate::pair::{MAX_ID_DIGITS, MAX_TYPE_LENGTH};

/// Why a value is no id or no type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ValueProblem {
    /// Nothing, or nothing but blanks.
    Blank,
    /// Text behind the closing quote, as in `"1"2`.
    Misquoted,
    /// Bytes that are no UTF-8.
    NotUtf8,
    /// Bytes that stand for nothing in the encoding with this name.
    NotInEncoding(TextEncoding),
    /// A character that cannot be seen.
    Invisible(char),
    /// An id such as `5.12E+11`.
    Scientific,
    /// An id such as `51200.0`.
    Decimal,
    /// An id such as `1.234.567`.
    ThousandsSeparators,
    /// An id such as `512,513`, which can be read as both.
    ThousandsSeparatorsOrList,
    /// A list such as `9,876,543` split at its commas, which may be one number.
    ThousandsSeparatorsInList,
    /// Several ids.
    List,
    /// An id such as `'512`.
    LeadingApostrophe,
    /// An id such as `-512`.
    Sign,
    /// The id `0`.
    Zero,
    /// An id of too many digits: how many.
    TooManyDigits(usize),
    /// An id in digits of another script.
    ForeignDigits,
    /// An id with letters.
    Letters,
    /// An id with another character.
    NotADigit(char),
    /// A type with a character that none has.
    NotInTypes(char),
    /// A type of too many characters: how many.
    LongType(usize),
}

const ROUNDED: &str = "a spreadsheet rounded it: re-export the column as text";
const REFORMATTED: &str = "a spreadsheet reformatted it: re-export the column as text";

impl ValueProblem {
    fn kind(self) -> &'static str {
        match self {
            Self::Blank => "blank",
            Self::Misquoted => "text behind a closing quote",
            Self::NotUtf8 => "not valid UTF-8",
            Self::NotInEncoding(_) => "not valid in the encoding",
            Self::Invisible(_) => "invisible character",
            Self::Scientific => "scientific notation",
            Self::Decimal => "decimal number",
            Self::ThousandsSeparators => "thousands separators",
            Self::ThousandsSeparatorsOrList | Self::ThousandsSeparatorsInList => {
                "thousands separators, or a list"
            }
            Self::List => "a list where one id was expected",
            Self::LeadingApostrophe => "leading apostrophe",
            Self::Sign => "sign",
            Self::Zero => "zero",
            Self::TooManyDigits(_) => "too many digits",
            Self::ForeignDigits => "digits other than 0 to 9",
            Self::Letters => "letters in an id",
            Self::NotADigit(_) => "other characters in an id",
            Self::NotInTypes(_) => "characters that no type has",
            Self::LongType(_) => "too long for a type",
        }
    }
}

impl fmt::Display for ValueProblem {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Blank => write!(formatter, "is blank"),
            Self::Misquoted => write!(formatter, "has text behind its closing quote"),
            Self::NotUtf8 => write!(formatter, "has bytes that are not valid UTF-8"),
            Self::NotInEncoding(encoding) => {
                write!(formatter, "has bytes that are not valid {encoding}")
            }
            Self::Invisible(character) => write!(
                formatter,
                "has the invisible character U+{:04X}",
                u32::from(*character)
            ),
            Self::Scientific => write!(formatter, "is in scientific notation, {ROUNDED}"),
            Self::Decimal => write!(formatter, "is a decimal number, {ROUNDED}"),
            Self::ThousandsSeparators => {
                write!(formatter, "has thousands separators, {REFORMATTED}")
            }
            Self::ThousandsSeparatorsOrList => write!(
                formatter,
                "has thousands separators, or is a list where one id was expected, see `--split`"
            ),
            Self::ThousandsSeparatorsInList => write!(
                formatter,
                "looks like one number with thousands separators: re-export the column as text, or put another \
                 separator such as `;` between its ids"
            ),
            Self::List => write!(
                formatter,
                "is a list where one id was expected, see `--split`"
            ),
            Self::LeadingApostrophe => {
                write!(formatter, "begins with an apostrophe, {REFORMATTED}")
            }
            Self::Sign => write!(formatter, "has a sign, an id has only digits"),
            Self::Zero => write!(formatter, "is zero, no record has that id"),
            Self::TooManyDigits(count) => write!(
                formatter,
                "has {count} digits, an id has at most {MAX_ID_DIGITS}"
            ),
            Self::ForeignDigits => write!(formatter, "has digits other than 0 to 9"),
            Self::Letters => write!(formatter, "has letters, an id has only digits"),
            Self::NotADigit(character) => {
                write!(formatter, "has `{character}`, an id has only digits")
            }
            Self::NotInTypes(character) if character.is_whitespace() => write!(
                formatter,
                "has a blank inside, a type has letters, digits, `_` and `-`"
            ),
            Self::NotInTypes(character) => write!(
                formatter,
                "has `{character}`, a type has letters, digits, `_` and `-`"
            ),
            Self::LongType(count) => write!(
                formatter,
                "has {count} characters, a type has at most {MAX_TYPE_LENGTH}"
            ),
        }
    }
}

/// The most pairs that the lists of one row may make. It bounds the memory that a row takes, and what one damaged row can
/// send.
pub(super) const MOST_PAIRS: usize = 100_000;

/// One thing that is wrong with a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RowProblem {
    /// The row has fewer or more fields than the header. Nothing else is said about such a row: its
    /// values may stand in each other's columns.
    FieldCount {
        /// How many the header has.
        expected: usize,
        /// How many the row has.
        found: usize,
    },
    /// Every id of one list is paired with every id of the other, and these are more than a row may hold.
    TooManyPairs {
        /// The ids in the two lists; one more than a row may have pairs stands for any larger number.
        ids: [usize; 2],
    },
    /// A value is no id or no type.
    Value {
        /// Where it stands.
        column: Column,
        /// What stands there, escaped and shortened.
        value: String,
        /// What is wrong with it.
        problem: ValueProblem,
    },
}

impl RowProblem {
    /// What kind of problem it is, whatever the value.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::FieldCount { .. } => "too few or too many fields",
            Self::TooManyPairs { .. } => "too many pairs in one row",
            Self::Value { problem, .. } => problem.kind(),
        }
    }
}

impl fmt::Display for RowProblem {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::FieldCount { expected, found } => {
                let plural = if *expected == 1 { "" } else { "s" };
                write!(
                    formatter,
                    "expected {expected} field{plural}, found {found}"
                )
            }
            Self::TooManyPairs { ids } => {
                let [from, to] = ids.map(|count| match count {
                    0..=MOST_PAIRS => count.to_string(),
                    _ => format!("over {MOST_PAIRS}"),
                });
                write!(
                    formatter,
                    "its lists have {from} and {to} ids, more than {MOST_PAIRS} pairs: divide them among several rows"
                )
            }
            Self::Value {
                column,
                problem: ValueProblem::Blank,
                ..
            } => write!(formatter, "{column} is blank"),
            Self::Value {
                column,
                value,
                problem,
            } => write!(formatter, "{column}: `{value}` {problem}"),
        }
    }
}
