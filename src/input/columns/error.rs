//! The problems that a header can have, and the error message for them: all of them in one line, and one hint.
//! Pure.

use std::fmt;
use std::num::NonZeroUsize;

use crate::domain::pair::{ObjectType, RecordId};
use crate::domain::property_name::PropertyName;
use crate::input::columns::column::Column;
use crate::input::columns::header_name::visible;
use crate::input::columns::hubspot_export::HubSpotExport;
use crate::input::columns::key_flags::KeyFlags;
use crate::input::columns::key_names::may_hold;
use crate::input::columns::settings::{ColumnSettings, Role};
use crate::text::shell_flag;

/// Headers that a message lists before it counts the rest.
const LISTED_HEADERS: usize = 20;

/// One problem of a header.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ColumnProblem {
    /// No column has a name at all.
    BlankHeader,
    /// No column has a known name, and the user named none.
    Missing {
        /// The value without a column.
        role: Role,
    },
    /// The user named a column that does not exist.
    Unknown {
        /// The value that it was named for.
        role: Role,
        /// The name that the user gave, escaped and shortened.
        name: String,
    },
    /// The user gave a column number that is larger than the number of columns.
    OutOfRange {
        /// The value that it was named for.
        role: Role,
        /// The number that the user gave.
        number: NonZeroUsize,
        /// The number of columns.
        count: usize,
    },
    /// Several columns match.
    Ambiguous {
        /// The value that they match.
        role: Role,
        /// The columns, two at least.
        candidates: Vec<Column>,
    },
    /// One column would be used for an id or a label, and for another value.
    Shared {
        /// The column.
        column: Column,
        /// The values that it would be used for.
        roles: [Role; 2],
    },
}

impl ColumnProblem {
    fn roles(&self) -> &[Role] {
        match self {
            Self::BlankHeader => &[],
            Self::Missing { role }
            | Self::Unknown { role, .. }
            | Self::OutOfRange { role, .. }
            | Self::Ambiguous { role, .. } => std::slice::from_ref(role),
            Self::Shared { roles, .. } => roles,
        }
    }

    /// The sort key of a problem: the index of the value that it concerns.
    pub(crate) fn place(&self) -> usize {
        Role::ALL
            .iter()
            .position(|role| self.roles().contains(role))
            .unwrap_or_default()
    }
}

impl fmt::Display for ColumnProblem {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::BlankHeader => write!(formatter, "the header is blank"),
            Self::Missing { role } => write!(formatter, "no column for the {role}"),
            Self::Unknown { role, name } => {
                write!(formatter, "no column `{name}` for the {role}")
            }
            Self::OutOfRange {
                role,
                number,
                count,
            } => {
                write!(
                    formatter,
                    "no column #{number} for the {role}: the header has {count}"
                )
            }
            Self::Ambiguous { role, candidates } => {
                write!(formatter, "more than one column for the {role}: ")?;
                let count = candidates.len().min(LISTED_HEADERS);
                write_list(formatter, &candidates[..count], candidates.len())
            }
            Self::Shared { column, roles } => write!(
                formatter,
                "{column} cannot be both the {} and the {}",
                roles[0], roles[1]
            ),
        }
    }
}

/// All problems of a header.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ColumnsError {
    problems: Vec<ColumnProblem>,
    /// The first headers, quoted, and the number of headers.
    listed: Vec<String>,
    count: usize,
    looks_like_a_row: bool,
    /// Whether a header has bytes that could not be decoded.
    is_damaged: bool,
    /// The kind of export, if the header looks like an export from HubSpot and no flag concerns the columns.
    export: Option<Box<HubSpotExport>>,
    /// The flags, if the header looks like a file with emails or domains and no flag concerns the columns.
    key_flags: Option<Box<KeyFlags>>,
    /// Flags for columns of this file that may hold the keys, with their values.
    suggestions: Vec<(Role, String)>,
}

impl ColumnsError {
    pub(crate) fn new(
        problems: Vec<ColumnProblem>,
        headers: &[String],
        settings: &ColumnSettings,
        properties: [Option<&PropertyName>; 2],
    ) -> Self {
        let listed = (0..headers.len().min(LISTED_HEADERS))
            .map(|index| format!("`{}`", Column::new(headers, index).header))
            .collect();
        let nothing_said = problems
            .iter()
            .all(|problem| matches!(problem, ColumnProblem::Missing { .. }));
        let export = nothing_said.then(|| HubSpotExport::of(headers)).flatten();
        let missing: Vec<Role> = problems
            .iter()
            .flat_map(ColumnProblem::roles)
            .copied()
            .collect();
        let is_by_id = properties == [None, None] && nothing_said && export.is_none();
        let key_flags = is_by_id
            .then(|| KeyFlags::of_headers(headers, settings, &missing))
            .flatten();
        Self {
            export: export.map(Box::new),
            key_flags: key_flags.map(Box::new),
            suggestions: suggestions(&problems, headers, properties),
            problems,
            listed,
            count: headers.len(),
            looks_like_a_row: looks_like_a_row(headers),
            is_damaged: headers
                .iter()
                .any(|header| header.contains(char::REPLACEMENT_CHARACTER)),
        }
    }

    /// The export from HubSpot that the header looks like, if the hint is about it.
    #[must_use]
    pub fn export(&self) -> Option<&HubSpotExport> {
        let export = self.export.as_deref();
        export.filter(|_| !(self.is_damaged || self.looks_like_a_row))
    }

    /// The flags for a file with emails or domains, if the hint is about them.
    #[must_use]
    pub fn key_flags(&self) -> Option<&KeyFlags> {
        let flags = self.key_flags.as_deref();
        flags.filter(|_| !(self.is_damaged || self.looks_like_a_row))
    }

    /// How to fix it. `input` is the input's name.
    #[must_use]
    pub fn hint(&self, input: &str) -> String {
        if self.problems.contains(&ColumnProblem::BlankHeader) {
            return format!("the first line must name the columns, e.g. {HEADER_EXAMPLE}");
        }
        if self.is_damaged {
            return "the header has bytes that cannot be decoded: name the file's encoding, e.g. \
                    `--encoding windows-1252`"
                .to_owned();
        }
        if self.looks_like_a_row {
            return format!(
                "the first line looks like a row: add a header above it, e.g. {HEADER_EXAMPLE}, or add `--no-header` \
                 and name columns by number, e.g. `--from-id-column '#2'`"
            );
        }
        if let Some(export) = self.export() {
            return export.hint(&export.command(input));
        }
        if let Some(flags) = self.key_flags() {
            return flags.hint(&flags.command(input));
        }
        if self.count == 1 {
            return "only one column was found: if the delimiter is none of `,` `;` tab `|`, \
                    name it with `--delimiter`"
                .to_owned();
        }
        let mut flags = Vec::new();
        for role in Role::ALL {
            if !self
                .problems
                .iter()
                .any(|problem| problem.roles().contains(&role))
            {
                continue;
            }
            let of_file = self.suggestions.iter().filter(|(of, _)| *of == role);
            let of_file: Vec<_> = of_file.map(|(_, flag)| format!("`{flag}`")).collect();
            if !of_file.is_empty() {
                flags.push(of_file.join(" or "));
                continue;
            }
            let names: &[&str] = match role {
                Role::FromType => &["`--from-type`", "`--from-type-column`"],
                Role::FromId => &["`--from-id-column`"],
                Role::ToType => &["`--to-type`", "`--to-type-column`"],
                Role::ToId => &["`--to-id-column`"],
                Role::Label => &["`--label-column`"],
            };
            flags.extend(names.iter().map(|&name| name.to_owned()));
        }
        format!(
            "name the columns with {}: a header, or `#3` for the third column",
            flags.join(", ")
        )
    }
}

/// Flags that a hint lists for one side.
const LISTED_FLAGS: usize = 4;

/// The flags for columns of this file that may hold the keys of a side without a column.
fn suggestions(
    problems: &[ColumnProblem],
    headers: &[String],
    properties: [Option<&PropertyName>; 2],
) -> Vec<(Role, String)> {
    let mut found = Vec::new();
    for problem in problems {
        for &role in problem.roles() {
            let (flag, property) = match role {
                Role::FromId => ("from-id-column", properties[0]),
                Role::ToId => ("to-id-column", properties[1]),
                Role::FromType | Role::ToType | Role::Label => continue,
            };
            let Some(property) = property else { continue };
            let indexes: Vec<usize> = match problem {
                ColumnProblem::Ambiguous { candidates, .. } => {
                    candidates.iter().map(|column| column.index).collect()
                }
                _ => (0..headers.len())
                    .filter(|&index| may_hold(&headers[index], property))
                    .collect(),
            };
            let flags = indexes.into_iter().take(LISTED_FLAGS).map(|index| {
                let name = visible(&headers[index]);
                let is_unique = headers
                    .iter()
                    .filter(|other| visible(other) == name)
                    .count()
                    == 1;
                let name = if is_unique {
                    name
                } else {
                    format!("#{}", index + 1)
                };
                (role, shell_flag(flag, name))
            });
            found.extend(flags);
        }
    }
    found
}

/// A header that needs no flags.
pub(crate) const HEADER_EXAMPLE: &str =
    "`from_object_type,from_object_id,to_object_type,to_object_id`";

impl fmt::Display for ColumnsError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, problem) in self.problems.iter().enumerate() {
            let separator = if place == 0 { "" } else { "; " };
            write!(formatter, "{separator}{problem}")?;
        }
        write!(formatter, "; headers found: ")?;
        write_list(formatter, &self.listed, self.count)
    }
}

/// Writes `items` and the number of further ones, of `count` in total.
fn write_list(
    formatter: &mut fmt::Formatter<'_>,
    items: &[impl fmt::Display],
    count: usize,
) -> fmt::Result {
    for (place, item) in items.iter().enumerate() {
        let separator = if place == 0 { "" } else { ", " };
        write!(formatter, "{separator}{item}")?;
    }
    match count - items.len() {
        0 => Ok(()),
        rest => write!(formatter, " and {rest} more"),
    }
}

/// Whether all headers are ids and types, two ids at least.
fn looks_like_a_row(headers: &[String]) -> bool {
    let fields = || headers.iter().map(|header| header.trim());
    let ids = fields().filter(|field| RecordId::new(field).is_some());
    ids.count() >= 2
        && fields().all(|field| RecordId::new(field).is_some() || ObjectType::new(field).is_some())
}
