//! The flags that select the input and how to read it, shared by all commands that read an input.

use std::num::NonZeroU64;
use std::path::PathBuf;

use clap::Args;

use crate::domain::pair::ObjectType;
use crate::domain::property_name::PropertyName;
use crate::input::columns::settings::{ColumnName, ColumnSettings};
use crate::input::csv::comment::Comment;
use crate::input::csv::delimiter::Delimiter;
use crate::input::decode::encoding::TextEncoding;
use crate::input::decode::source::InputSource;
use crate::input::settings::InputSettings;
use crate::input::skip::SkipSettings;
use crate::input::validate::id_list::Separator;

/// The input and how to read it.
#[derive(Args, Clone, Debug)]
pub struct InputArgs {
    /// CSV with one pair per row, also as .gz or .zst; `-` reads standard input
    #[arg(value_name = "FILE")]
    pub input: PathBuf,

    /// How to read it.
    #[command(flatten)]
    pub reading: ReadingArgs,

    /// Look up values of a property that is not unique by HubSpot's search
    ///
    /// The domain of companies is such a property. The search takes 5 calls per second, each with up to 100 values, and
    /// `check` shows how long that takes. A value that several records have is never linked: its row is rejected.
    #[arg(long, help_heading = "Input")]
    pub allow_search: bool,
    /// Skip repeated pairs: only the first of equal pairs is sent
    #[arg(long, help_heading = "Input")]
    pub skip_duplicates: bool,
    /// Skip pairs that this earlier report shows as associated; can be used repeatedly
    ///
    /// Use it for nightly runs: pairs that are already linked are not sent again. You can name the report that --overwrite
    /// replaces: the new report then begins with the pairs of FILE that the old report shows as associated. docs/nightly.md
    /// describes such a job.
    ///
    /// The variable `HUBSPOT_ASSOCIATE_SKIP_ASSOCIATED_IN` can name several reports: separated as in PATH (`:`, on Windows
    /// `;`), or one per line.
    #[arg(long, value_name = "REPORT", help_heading = "Input")]
    pub skip_associated_in: Vec<PathBuf>,
    /// Read only the first N rows, as a pilot
    ///
    /// The run ends after these rows. A later run with --resume continues with the next row.
    #[arg(long, value_name = "N", help_heading = "Input")]
    pub first: Option<NonZeroU64>,
}

/// How to read an input.
#[derive(Args, Clone, Debug)]
pub struct ReadingArgs {
    /// Object type of the first record in all rows, such as contacts or 0-1
    #[arg(long, value_name = "TYPE", value_parser = object_type, help_heading = "Input")]
    pub from_type: Option<ObjectType>,
    /// Object type of the second record in all rows
    #[arg(long, value_name = "TYPE", value_parser = object_type, help_heading = "Input")]
    pub to_type: Option<ObjectType>,
    /// Column of the first record's type: a header name, or #3 for the third
    #[arg(
        long,
        value_name = "COLUMN",
        conflicts_with = "from_type",
        help_heading = "Input"
    )]
    pub from_type_column: Option<ColumnName>,
    /// Column of the first record's id
    ///
    /// A header name, or #3 for the third column [default: `from_object_id`, `from_id`].
    #[arg(long, value_name = "COLUMN", help_heading = "Input")]
    pub from_id_column: Option<ColumnName>,
    /// Column of the second record's type
    #[arg(
        long,
        value_name = "COLUMN",
        conflicts_with = "to_type",
        help_heading = "Input"
    )]
    pub to_type_column: Option<ColumnName>,
    /// Column of the second record's id
    ///
    /// A header name, or #3 for the third column [default: `to_object_id`, `to_id`].
    #[arg(long, value_name = "COLUMN", help_heading = "Input")]
    pub to_id_column: Option<ColumnName>,
    /// Property whose values name the first record, such as email
    ///
    /// Its id cells hold values of this property, not ids, and the records are looked up by them. NAME is the internal name
    /// of a property whose values are unique; for others, see --allow-search.
    #[arg(long, value_name = "NAME", value_parser = property_name, help_heading = "Input")]
    pub from_id_property: Option<PropertyName>,
    /// Property whose values name the second record, such as domain
    #[arg(long, value_name = "NAME", value_parser = property_name, help_heading = "Input")]
    pub to_id_property: Option<PropertyName>,
    /// Allow several ids in one id cell, separated by SEP; each id makes one pair
    ///
    /// HubSpot's exports need --split ';'. Each pair has its own line in the report. A row with an empty list is skipped. A
    /// row in which the id of the record itself is missing is invalid.
    #[arg(long, value_name = "SEP", help_heading = "Input")]
    pub split: Option<Separator>,
    /// Field separator: a character, or tab [default: detected in the header]
    #[arg(long, value_name = "C", help_heading = "Input")]
    pub delimiter: Option<Delimiter>,
    /// The file has no header: its first line is a row, and columns are named by #N
    #[arg(long, help_heading = "Input")]
    pub no_header: bool,
    /// Number of lines to skip above the header
    #[arg(
        long,
        value_name = "N",
        default_value_t = 0,
        hide_default_value = true,
        help_heading = "Input"
    )]
    pub skip_lines: u64,
    /// Skip lines that begin with this character
    #[arg(long, value_name = "C", help_heading = "Input")]
    pub comment: Option<Comment>,
    /// Encoding, such as windows-1252 [default: UTF-8, or UTF-16 after its BOM]
    #[arg(long, value_name = "NAME", help_heading = "Input")]
    pub encoding: Option<TextEncoding>,
}

impl InputArgs {
    /// The settings for skipping pairs.
    #[must_use]
    pub fn skip_settings(&self) -> SkipSettings {
        SkipSettings {
            duplicates: self.skip_duplicates,
            associated_in: self.skip_associated_in.clone(),
        }
    }

    /// The settings for the reader.
    #[must_use]
    pub fn into_settings(self) -> InputSettings {
        InputSettings {
            first: self.first,
            allow_search: self.allow_search,
            ..self.reading.into_settings(InputSource::from(self.input))
        }
    }
}

impl ReadingArgs {
    /// The names of the given flags, without dashes.
    #[must_use]
    pub fn given_flags(&self) -> Vec<&'static str> {
        let flags = [
            ("from-type", self.from_type.is_some()),
            ("to-type", self.to_type.is_some()),
            ("from-type-column", self.from_type_column.is_some()),
            ("from-id-column", self.from_id_column.is_some()),
            ("to-type-column", self.to_type_column.is_some()),
            ("to-id-column", self.to_id_column.is_some()),
            ("from-id-property", self.from_id_property.is_some()),
            ("to-id-property", self.to_id_property.is_some()),
            ("split", self.split.is_some()),
            ("delimiter", self.delimiter.is_some()),
            ("no-header", self.no_header),
            ("skip-lines", self.skip_lines > 0),
            ("comment", self.comment.is_some()),
            ("encoding", self.encoding.is_some()),
        ];
        let given = flags.into_iter().filter(|(_, is_given)| *is_given);
        given.map(|(name, _)| name).collect()
    }

    /// The settings to read all of `input` with these flags.
    #[must_use]
    pub fn into_settings(self, input: InputSource) -> InputSettings {
        InputSettings {
            path: input,
            encoding: self.encoding,
            delimiter: self.delimiter,
            skip_lines: self.skip_lines,
            comment: self.comment,
            no_header: self.no_header,
            columns: ColumnSettings {
                from_type: self.from_type,
                to_type: self.to_type,
                from_type_column: self.from_type_column,
                from_id_column: self.from_id_column,
                to_type_column: self.to_type_column,
                to_id_column: self.to_id_column,
                label_column: None,
            },
            from_property: self.from_id_property,
            to_property: self.to_id_property,
            // Reading alone looks nothing up.
            allow_search: true,
            split: self.split,
            has_common_labels: false,
            first: None,
        }
    }
}

pub(crate) fn object_type(text: &str) -> Result<ObjectType, String> {
    ObjectType::new(text.trim()).ok_or_else(|| {
        "an object type consists of letters, digits, `_` and `-`, such as `contacts`, `0-1` or `p_vendor`".to_owned()
    })
}

/// The internal names of HubSpot's properties are in lower case.
pub(crate) fn property_name(text: &str) -> Result<PropertyName, String> {
    match PropertyName::new(&text.trim().to_ascii_lowercase()) {
        Some(name) if name.as_str() == RECORD_ID => Err(format!(
            "`{RECORD_ID}` is the record id itself: leave the flag out"
        )),
        Some(name) => Ok(name),
        None => Err(
            "the internal name of a property consists of letters, digits and `_`, such as `email` or `customer_no`"
                .to_owned(),
        ),
    }
}

/// The property that holds the id of a record.
const RECORD_ID: &str = "hs_object_id";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_property_is_given_by_its_internal_name() {
        let name = |text| property_name(text).map(|name| name.to_string());
        assert_eq!(name(" Customer_No "), Ok("customer_no".to_owned()));
        assert!(
            name("hs_object_id")
                .unwrap_err()
                .ends_with("leave the flag out")
        );
        for label in ["E-mail address", "", "a/b"] {
            assert!(
                name(label).unwrap_err().starts_with("the internal name"),
                "{label}"
            );
        }
    }
}
