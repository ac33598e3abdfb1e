//! How an input is read.

use std::num::NonZeroU64;

use crate::domain::property_name::PropertyName;
use crate::input::columns::settings::ColumnSettings;
use crate::input::csv::comment::Comment;
use crate::input::csv::delimiter::Delimiter;
use crate::input::decode::encoding::TextEncoding;
use crate::input::decode::source::InputSource;
use crate::input::validate::id_list::Separator;

/// The input to read, and the user's settings for it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct InputSettings {
    /// The source of the text.
    pub path: InputSource,
    /// The encoding, unless a byte order mark states it; UTF-8 if not given.
    pub encoding: Option<TextEncoding>,
    /// The field delimiter; guessed from the header if not given.
    pub delimiter: Option<Delimiter>,
    /// Lines above the header that are skipped.
    pub skip_lines: u64,
    /// The character that marks comment lines.
    pub comment: Option<Comment>,
    /// Whether the first line is a row: columns have numbers and no names.
    pub no_header: bool,
    /// The settings for the columns.
    pub columns: ColumnSettings,
    /// The property whose values stand in the id cells of the records named first; `None` if these are ids.
    pub from_property: Option<PropertyName>,
    /// The property whose values stand in the id cells of the records named second; `None` if these are ids.
    pub to_property: Option<PropertyName>,
    /// Whether values of a property that is not unique may be searched.
    pub allow_search: bool,
    /// The separator between the ids of a cell, if it may hold several.
    pub split: Option<Separator>,
    /// Whether all rows have labels besides those of the label column, so that its cells may be blank.
    pub has_common_labels: bool,
    /// The number of rows to read; `None` means all.
    pub first: Option<NonZeroU64>,
}

impl InputSettings {
    /// The properties of both sides.
    #[must_use]
    pub fn properties(&self) -> [Option<&PropertyName>; 2] {
        [self.from_property.as_ref(), self.to_property.as_ref()]
    }
}
