//! Files without a header: checks that the settings name their columns, and recognises a row that was taken for
//! a header. Pure.

use std::fmt;
use std::num::NonZeroUsize;

use crate::domain::key_kind::KeyKind;
use crate::input::columns::column::Column;
use crate::input::columns::resolve::Columns;
use crate::input::columns::settings::{ColumnName, ColumnSettings, Role};
use crate::input::validate::key::read_key::read_key;
use crate::text::excerpt;

/// The names of the columns of a file without a header, in messages: the same as in flags.
pub(crate) fn headers(count: usize) -> Vec<String> {
    (1..=count).map(|number| format!("#{number}")).collect()
}

/// Why one of the values is not found without a header.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Problem {
    Missing(Role),
    Named(Role, String),
    OutOfRange(Role, NonZeroUsize),
}

/// Why the settings do not locate the values in a file without a header.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoHeaderError {
    problems: Vec<Problem>,
    /// Fields of the first row.
    count: usize,
}

/// Checks that `settings` locate all values by number in rows of `count` fields.
pub(crate) fn check(settings: &ColumnSettings, count: usize) -> Result<(), NoHeaderError> {
    let problem = |role| match (settings.fixed_type(role), settings.column_name(role)) {
        (Some(_), _) => None,
        (None, None) if role == Role::Label => None,
        (None, None) => Some(Problem::Missing(role)),
        (None, Some(ColumnName::Header(name))) => Some(Problem::Named(role, excerpt(name, 60))),
        (None, Some(&ColumnName::Number(number))) => {
            (number.get() > count).then_some(Problem::OutOfRange(role, number))
        }
    };
    let problems: Vec<_> = Role::ALL.into_iter().filter_map(problem).collect();
    if problems.is_empty() {
        Ok(())
    } else {
        Err(NoHeaderError { problems, count })
    }
}

impl NoHeaderError {
    /// How to fix it.
    pub(crate) fn hint(&self) -> String {
        let flags: Vec<_> = self
            .problems
            .iter()
            .map(|problem| match problem {
                Problem::Missing(role) | Problem::Named(role, _) | Problem::OutOfRange(role, _) => {
                    match role {
                        Role::FromType => "`--from-type contacts` or `--from-type-column '#1'`",
                        Role::FromId => "`--from-id-column '#1'`",
                        Role::ToType => "`--to-type companies` or `--to-type-column '#2'`",
                        Role::ToId => "`--to-id-column '#2'`",
                        Role::Label => "`--label-column '#3'`",
                    }
                }
            })
            .collect();
        format!(
            "without a header, name columns by number, such as {}",
            flags.join(", ")
        )
    }
}

impl fmt::Display for NoHeaderError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, problem) in self.problems.iter().enumerate() {
            let separator = if place == 0 { "" } else { "; " };
            write!(formatter, "{separator}")?;
            match problem {
                Problem::Missing(role) => write!(formatter, "no column for the {role}")?,
                Problem::Named(role, name) => write!(
                    formatter,
                    "no column `{name}` for the {role}: with `--no-header` columns have no names"
                )?,
                Problem::OutOfRange(role, number) => write!(
                    formatter,
                    "no column #{number} for the {role}: the first row has {}",
                    self.count
                )?,
            }
        }
        Ok(())
    }
}

/// The id columns whose header is itself an id, if that shows that the "header" is a row. A column that the
/// user names by its text may be called `2024`, but not both of them.
pub(crate) fn ids_in_header(
    headers: &[String],
    columns: &Columns,
    settings: &ColumnSettings,
) -> Vec<Column> {
    let of_ids = [
        (&columns.from_id, &settings.from_id_column),
        (&columns.to_id, &settings.to_id_column),
    ];
    let like_ids: Vec<_> = of_ids
        .into_iter()
        .zip(columns.are_keys())
        .filter(|((column, _), is_key)| {
            let header = &headers[column.index];
            // A key may be any text, but an email address names no column.
            if *is_key {
                is_email(header)
            } else {
                looks_like_ids(header)
            }
        })
        .map(|(of_id, _)| of_id)
        .collect();
    let by_number = |name: &Option<ColumnName>| matches!(name, Some(ColumnName::Number(_)));
    if like_ids.len() == 2 || like_ids.iter().any(|(_, name)| by_number(name)) {
        like_ids
            .into_iter()
            .map(|(column, _)| column.clone())
            .collect()
    } else {
        Vec::new()
    }
}

/// Whether the cell of a row may be an id, or a key.
pub(crate) fn looks_like_values(cell: &str, is_key: bool) -> bool {
    if is_key {
        !cell.trim().is_empty()
    } else {
        looks_like_ids(cell)
    }
}

fn is_email(cell: &str) -> bool {
    read_key(cell, KeyKind::Email).is_ok()
}

/// Whether a cell is an id, several ids, or an id that a spreadsheet reformatted.
pub(crate) fn looks_like_ids(cell: &str) -> bool {
    let cell = cell.trim();
    let has_digits = cell.chars().any(char::is_numeric);
    has_digits && (cell.parse::<f64>().is_ok() || !cell.chars().any(char::is_alphabetic))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::pair::ObjectType;

    fn settings(from_id: &str, to_id: &str) -> ColumnSettings {
        ColumnSettings {
            from_type: ObjectType::new("contacts"),
            to_type: ObjectType::new("companies"),
            from_id_column: from_id.parse().ok(),
            to_id_column: to_id.parse().ok(),
            ..ColumnSettings::default()
        }
    }

    #[test]
    fn without_a_header_columns_are_named_by_number() {
        assert_eq!(check(&settings("#1", "#2"), 2), Ok(()));
        let mut by_type = settings("#1", "#2");
        by_type.from_type = None;
        for (settings, message, hint) in [
            (
                settings("", "Company"),
                "no column for the from id; no column `Company` for the to id: with `--no-header` columns have no names",
                "`--from-id-column '#1'`, `--to-id-column '#2'`",
            ),
            (
                settings("#1", "#3"),
                "no column #3 for the to id: the first row has 2",
                "`--to-id-column '#2'`",
            ),
            (
                by_type,
                "no column for the from type",
                "`--from-type contacts` or `--from-type-column '#1'`",
            ),
        ] {
            let error = check(&settings, 2).unwrap_err();
            assert_eq!(error.to_string(), message);
            let start = "without a header, name columns by number, such as ";
            assert_eq!(error.hint(), format!("{start}{hint}"));
        }
    }

    #[test]
    fn a_header_of_ids_is_a_row() {
        for (header, from_id, to_id, found) in [
            ("101,201", "#1", "#2", 2),
            ("101,Company", "#1", "#2", 1),
            ("Contact,101;102", "#1", "#2", 1),
            ("5.12E+11,\"\"", "#1", "#2", 1),
            ("101,201", "101", "201", 2),
            // A column may have this name.
            ("2024,Company", "2024", "Company", 0),
            ("Contact 1,Company 2", "#1", "#2", 0),
            (",", "#1", "#2", 0),
        ] {
            let headers: Vec<String> = header.split(',').map(str::to_owned).collect();
            let settings = settings(from_id, to_id);
            let columns = Columns::resolve(&headers, &settings, [None, None]);
            let ids = match columns {
                Ok(columns) => ids_in_header(&headers, &columns, &settings).len(),
                Err(_) => 0,
            };
            assert_eq!(ids, found, "{header}");
        }
    }
}
