//! The flags that name labels.

use clap::Args;

use crate::domain::label_id::LabelId;
use crate::domain::label_names::LabelNames;
use crate::input::columns::settings::{ColumnName, ColumnSettings};
use crate::input::settings::InputSettings;

/// The labels of all rows, and the column with those of each row.
#[derive(Args, Clone, Debug, Default)]
pub struct LabelArgs {
    /// Label in all rows, by its name; can be used repeatedly
    ///
    /// The name is the one from the first record to the second, as `hubspot-associate labels` lists it. The labels that a
    /// link has are kept.
    ///
    /// The variable `HUBSPOT_ASSOCIATE_LABEL` can have several names, one per line.
    #[arg(long, value_name = "NAME", value_parser = label, help_heading = "Labels")]
    pub label: Vec<String>,
    /// Label in all rows, such as `USER_DEFINED:37`; can be used repeatedly
    ///
    /// CATEGORY:ID is the category and the id that `hubspot-associate labels` lists.
    #[arg(long, value_name = "CATEGORY:ID", help_heading = "Labels")]
    pub label_id: Vec<LabelId>,
    /// Column with the name of the row's label
    ///
    /// A header name, or #3 for the third column. With --split, a cell can have several names. A row whose cell is blank is
    /// invalid, unless --label or --label-id gives all rows a label.
    #[arg(long, value_name = "COLUMN", help_heading = "Labels")]
    pub label_column: Option<ColumnName>,
}

impl LabelArgs {
    /// Whether rows have labels.
    #[must_use]
    pub fn is_given(&self) -> bool {
        !self.label.is_empty() || !self.label_id.is_empty() || self.label_column.is_some()
    }

    /// The labels that all rows ask for by name.
    #[must_use]
    pub fn names(&self) -> Option<LabelNames> {
        LabelNames::new(self.label.iter().map(String::as_str))
    }

    /// The names of the given flags, without dashes.
    #[must_use]
    pub fn given_flags(&self) -> Vec<&'static str> {
        let flags = [
            ("label", !self.label.is_empty()),
            ("label-id", !self.label_id.is_empty()),
            ("label-column", self.label_column.is_some()),
        ];
        let given = flags.into_iter().filter(|(_, is_given)| *is_given);
        given.map(|(name, _)| name).collect()
    }

    /// The settings of an input whose rows have these labels.
    #[must_use]
    pub fn apply_to(&self, input: InputSettings) -> InputSettings {
        InputSettings {
            has_common_labels: !self.label.is_empty() || !self.label_id.is_empty(),
            columns: ColumnSettings {
                label_column: self.label_column.clone(),
                ..input.columns
            },
            ..input
        }
    }
}

fn label(text: &str) -> Result<String, String> {
    match text.trim() {
        "" => Err("the name of a label is not blank".to_owned()),
        name => Ok(name.to_owned()),
    }
}
