//! Why the output of `resolve` cannot be written.

use std::path::PathBuf;

use crate::input::columns::column::Column;

/// Why the output of `resolve` cannot be written.
#[derive(Debug, thiserror::Error)]
pub enum ResolveError {
    /// The output exists, and may not be replaced.
    #[error("the output `{}` exists", path.display())]
    Exists {
        /// The path.
        path: PathBuf,
    },
    /// A column of the input has the name of a column that the output needs.
    #[error(
        "the output needs a column `{name}`, but in `{input}` {} that name with other values",
        list(columns)
    )]
    Taken {
        /// The input.
        input: String,
        /// The name of the column of the output.
        name: &'static str,
        /// The columns of the input.
        columns: Vec<Column>,
    },
}

impl ResolveError {
    /// The hint for the user.
    #[must_use]
    pub fn hint(&self) -> String {
        match self {
            Self::Exists { .. } => "`--overwrite` replaces it, `-o PATH` writes another".to_owned(),
            Self::Taken { columns, .. } => {
                let these = if columns.len() == 1 { "it" } else { "them" };
                format!("rename {these} in the input: an import of the output would read {these}")
            }
        }
    }
}

fn list(columns: &[Column]) -> String {
    let names: Vec<String> = columns.iter().map(Column::to_string).collect();
    let has = if columns.len() == 1 { "has" } else { "have" };
    format!("{} {has}", names.join(" and "))
}
