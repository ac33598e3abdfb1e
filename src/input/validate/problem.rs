//! The problems that a row can have. Their messages name the column, the value, the cause, and for damage by a
//! spreadsheet the fix. Pure.

use std::fmt;

use crate::domain::pair::{MAX_ID_DIGITS, MAX_TYPE_LENGTH};
use crate::input::columns::column::Column;
use crate::input::decode::encoding::TextEncoding;
use crate::input::validate::key::key_problem::KeyProblem;
use crate::input::validate::label_problem::LabelProblem;

/// Why a value is not a valid id or type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ValueProblem {
    /// Empty or blank.
    Blank,
    /// Text after the closing quote, as in `"1"2`.
    Misquoted,
    /// Bytes that are not valid UTF-8.
    NotUtf8,
    /// Bytes that are not valid in the encoding with this name.
    NotInEncoding(TextEncoding),
    /// An invisible character.
    Invisible(char),
    /// An id such as `5.12E+11`.
    Scientific,
    /// An id such as `51200.0`.
    Decimal,
    /// An id such as `1.234.567`.
    ThousandsSeparators,
    /// An id such as `512,513`, which may be one number or a list.
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
    /// An id with too many digits: their number.
    TooManyDigits(usize),
    /// An id in digits of another script.
    ForeignDigits,
    /// An id with letters.
    Letters,
    /// An id with another character.
    NotADigit(char),
    /// A type with a character that no type has.
    NotInTypes(char),
    /// A type with too many characters: their number.
    LongType(usize),
    /// An email address in place of an id.
    EmailForId,
    /// A domain or URL in place of an id.
    DomainForId,
    /// Not a value that can be looked up.
    Key(KeyProblem),
    /// No names of labels.
    Label(LabelProblem),
}

impl From<KeyProblem> for ValueProblem {
    fn from(problem: KeyProblem) -> Self {
        match problem {
            KeyProblem::Blank => Self::Blank,
            KeyProblem::Invisible(character) => Self::Invisible(character),
            other => Self::Key(other),
        }
    }
}

impl From<LabelProblem> for ValueProblem {
    fn from(problem: LabelProblem) -> Self {
        Self::Label(problem)
    }
}

const ROUNDED: &str = "a spreadsheet rounded it: re-export the column as text";
const REFORMATTED: &str = "a spreadsheet reformatted it: re-export the column as text";

const NOT_AN_ID: &str = "not an id: see `--from-id-property` and `--to-id-property`";

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
            Self::EmailForId => "an email address instead of an id",
            Self::DomainForId => "a domain instead of an id",
            Self::Key(problem) => problem.kind(),
            Self::Label(problem) => problem.kind(),
        }
    }
}

impl fmt::Display for ValueProblem {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Blank => write!(formatter, "is blank"),
            Self::Misquoted => write!(formatter, "has text after its closing quote"),
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
                "looks like one number with thousands separators: re-export the column as text, or use another \
                 separator between its ids, such as `;`"
            ),
            Self::List => formatter.write_str("is a list where one id was expected, see `--split`"),
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
            Self::EmailForId => write!(formatter, "is an email address, {NOT_AN_ID}"),
            Self::DomainForId => write!(formatter, "is a domain, {NOT_AN_ID}"),
            Self::Key(problem) => problem.fmt(formatter),
            Self::Label(problem) => problem.fmt(formatter),
        }
    }
}

/// The maximum number of pairs that the lists of one row may make. It bounds the memory for a row, and the
/// requests that one damaged row can cause.
pub(crate) const MOST_PAIRS: usize = 100_000;

/// One problem of a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RowProblem {
    /// The row has fewer or more fields than the header. No other problem is reported for such a row: its
    /// values may be in the wrong columns.
    FieldCount {
        /// The number of fields in the header.
        expected: usize,
        /// The number of fields in the row.
        found: usize,
    },
    /// Every id of one list is paired with every id of the other, and that makes more pairs than a row may
    /// have.
    TooManyPairs {
        /// The lengths of the two lists; the maximum number of pairs plus one stands for any larger length.
        ids: [usize; 2],
    },
    /// A value is not a valid id or type.
    Value {
        /// Its column.
        column: Column,
        /// The value, escaped and shortened.
        value: String,
        /// Why it is not valid.
        problem: ValueProblem,
    },
    /// A cell names a label that the types of the row do not have, or have more than once.
    Label {
        /// Its column.
        column: Column,
        /// The name, escaped and shortened.
        value: String,
        /// What is wrong with it, and which names there are; follows the name.
        message: String,
    },
    /// An earlier row asks for other labels of the same link, and each of them would replace those of the other.
    OtherLabels {
        /// The number of the earlier row.
        row: u64,
    },
}

impl RowProblem {
    /// The kind of problem, independent of the value.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::FieldCount { .. } => "too few or too many fields",
            Self::TooManyPairs { .. } => "too many pairs in one row",
            Self::Value { problem, .. } => problem.kind(),
            Self::Label { .. } => "label that cannot be used",
            Self::OtherLabels { .. } => "other labels for the same link",
        }
    }

    /// The column with the value that is not valid.
    #[must_use]
    pub fn column(&self) -> Option<&Column> {
        match self {
            Self::Value { column, .. } | Self::Label { column, .. } => Some(column),
            Self::FieldCount { .. } | Self::TooManyPairs { .. } | Self::OtherLabels { .. } => None,
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
                    "its lists have {from} and {to} ids, more than {MOST_PAIRS} pairs: split them into several rows"
                )
            }
            Self::Value {
                column,
                problem: problem @ (ValueProblem::Blank | ValueProblem::Label(LabelProblem::Blank)),
                ..
            } => write!(formatter, "{column} {problem}"),
            Self::Value {
                column,
                value,
                problem,
            } => write!(formatter, "{column}: `{value}` {problem}"),
            Self::Label {
                column,
                value,
                message,
            } => write!(formatter, "{column}: `{value}` {message}"),
            Self::OtherLabels { row } => write!(
                formatter,
                "row {row} asks for other labels of the same link, which these would replace: put all labels of a link \
                 into one cell, and separate them with `--split`"
            ),
        }
    }
}
