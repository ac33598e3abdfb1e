//! A column of the input, as messages name it.

use std::fmt;

use crate::text::excerpt;

/// Characters of a header that a message shows.
pub(crate) const MAX_SHOWN_HEADER_LENGTH: usize = 60;

/// A column of the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Column {
    /// Its index, counted from 0.
    pub index: usize,
    /// Its header as messages show it: escaped and shortened.
    pub header: String,
}

impl Column {
    pub(crate) fn new(headers: &[String], index: usize) -> Self {
        Self {
            index,
            header: excerpt(headers[index].trim(), MAX_SHOWN_HEADER_LENGTH),
        }
    }

    /// Its number, counted from 1.
    #[must_use]
    pub fn number(&self) -> usize {
        self.index + 1
    }
}

impl fmt::Display for Column {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "`{}` (column {})", self.header, self.number())
    }
}
