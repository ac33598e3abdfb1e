//! Why a cell holds no names of labels. Pure.

use std::fmt;

/// The maximum number of names in one cell: HubSpot has at most 50 labels for a pair of types.
pub(crate) const MAX_LABELS: usize = 50;

/// The maximum number of characters in a name. HubSpot's own limit is lower; a longer text is no name.
pub(crate) const MAX_LABEL_LENGTH: usize = 255;

/// Why a cell holds no names of labels. Shown behind the column and the value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LabelProblem {
    /// Empty or blank, and no flag names a label besides.
    Blank,
    /// `NULL`, `N/A`, `-` and the like.
    NoValue,
    /// `#N/A`, `#REF!` and the like.
    SpreadsheetError,
    /// A name with too many characters: their number.
    TooLong(usize),
    /// More than [`MAX_LABELS`] names.
    TooMany,
}

impl LabelProblem {
    /// The kind of problem, independent of the value.
    #[must_use]
    pub(crate) fn kind(self) -> &'static str {
        match self {
            Self::Blank => "no label",
            Self::NoValue => "placeholder for no value",
            Self::SpreadsheetError => "spreadsheet error",
            Self::TooLong(_) => "too long for a label",
            Self::TooMany => "too many labels in one cell",
        }
    }
}

impl fmt::Display for LabelProblem {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Blank => formatter.write_str(
                "is blank: import the rows without a label in a run of their own, without `--label-column`",
            ),
            Self::NoValue => formatter.write_str("stands for no value, not for a label"),
            Self::SpreadsheetError => {
                formatter.write_str("is an error of a spreadsheet formula: fix the formula")
            }
            Self::TooLong(count) => write!(
                formatter,
                "has {count} characters, the name of a label has at most {MAX_LABEL_LENGTH}"
            ),
            Self::TooMany => write!(
                formatter,
                "has more than {MAX_LABELS} names, two types have at most {MAX_LABELS} labels"
            ),
        }
    }
}
