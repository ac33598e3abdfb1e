//! Header + settings → the source of each of the four values of a row, and of its labels.
//!
//! Pure. A name matches a header that is spelled the same; if there is none, names are compared without case,
//! spaces, `_`, `-` and invisible characters. Two matching columns are an error: neither is chosen. All
//! problems of a header are reported at once.

use crate::domain::pair::ObjectType;
use crate::domain::property_name::PropertyName;
use crate::input::columns::column::{Column, MAX_SHOWN_HEADER_LENGTH};
use crate::input::columns::error::{ColumnProblem, ColumnsError};
use crate::input::columns::header_name::{normalize_header, visible};
use crate::input::columns::key_names::key_column_names;
use crate::input::columns::settings::{ColumnName, ColumnSettings, Role};
use crate::input::validate::list_side::ListSide;
use crate::text::excerpt;

/// The source of an object type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TypeSource {
    /// The same type for all rows.
    Fixed(ObjectType),
    /// A column of the row.
    Column(Column),
}

/// The sources of the four values of a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Columns {
    /// The type of the record named first.
    pub from_type: TypeSource,
    /// The id of the record named first.
    pub from_id: Column,
    /// The type of the record named second.
    pub to_type: TypeSource,
    /// The id of the record named second.
    pub to_id: Column,
    /// The names of the labels, if they have a column.
    pub label: Option<Column>,
    /// Type columns of the file that a fixed type overrides; worth a warning.
    pub ignored: Vec<Column>,
    /// The number of fields that a row must have.
    pub field_count: usize,
    /// The properties whose values stand in the id columns; `None` where these hold ids.
    pub properties: [Option<PropertyName>; 2],
    /// The id column that may have an empty list, where cells hold lists.
    pub(crate) list_side: ListSide,
}

impl Columns {
    /// Finds the columns in `headers`, or returns all of their problems.
    ///
    /// `properties`: those whose values stand in the id columns, `None` where these hold ids.
    pub fn resolve(
        headers: &[String],
        settings: &ColumnSettings,
        properties: [Option<&PropertyName>; 2],
    ) -> Result<Self, ColumnsError> {
        let failed = |problems| Err(ColumnsError::new(problems, headers, settings, properties));
        if headers.iter().all(|header| visible(header).is_empty()) {
            return failed(vec![ColumnProblem::BlankHeader]);
        }
        let mut problems = Vec::new();
        let mut ignored = Vec::new();
        let names = |role| known_names(role, settings, properties);
        let matching = |role| candidates(headers, settings.column_name(role), &names(role));
        let mut find = |role| match find(headers, settings.column_name(role), role, &names(role)) {
            Ok(column) => Some(column),
            Err(problem) => {
                problems.push(problem);
                None
            }
        };
        let mut find_type = |role| match settings.fixed_type(role) {
            Some(fixed) => {
                ignored.extend(matching(role));
                Some(TypeSource::Fixed(fixed.clone()))
            }
            None => find(role).map(TypeSource::Column),
        };
        let from_type = find_type(Role::FromType);
        let to_type = find_type(Role::ToType);
        let from_id = find(Role::FromId);
        let to_id = find(Role::ToId);
        let label = settings.label_column.as_ref();
        let label = label.and_then(|_| find(Role::Label));
        problems.sort_by_key(ColumnProblem::place);
        let found = [
            (Role::FromType, column_of(from_type.as_ref())),
            (Role::FromId, from_id.as_ref()),
            (Role::ToType, column_of(to_type.as_ref())),
            (Role::ToId, to_id.as_ref()),
            (Role::Label, label.as_ref()),
        ];
        problems.extend(shared(&found));
        match (from_type, from_id, to_type, to_id) {
            (Some(from_type), Some(from_id), Some(to_type), Some(to_id)) if problems.is_empty() => {
                let list_side = [from_id.index, to_id.index].map(|index| headers[index].as_str());
                Ok(Self {
                    list_side: ListSide::of(list_side, properties.map(|name| name.is_some())),
                    properties: properties.map(<Option<&PropertyName>>::cloned),
                    from_type,
                    from_id,
                    to_type,
                    to_id,
                    label,
                    ignored,
                    field_count: headers.len(),
                })
            }
            _ => failed(problems),
        }
    }

    /// Which id columns hold keys.
    #[must_use]
    pub fn are_keys(&self) -> [bool; 2] {
        self.properties.each_ref().map(Option::is_some)
    }
}

/// The header names that need no flag, normalized: those of the first list that a header has count.
fn known_names(
    role: Role,
    settings: &ColumnSettings,
    [from_property, to_property]: [Option<&PropertyName>; 2],
) -> Vec<Vec<String>> {
    let of_key = match role {
        Role::FromId => from_property.map(|property| (property, &settings.from_type)),
        Role::ToId => to_property.map(|property| (property, &settings.to_type)),
        Role::FromType | Role::ToType | Role::Label => None,
    };
    if let Some((property, object_type)) = of_key {
        return key_column_names(role, property, object_type.as_ref()).to_vec();
    }
    let known = role.known_names().iter();
    vec![known.map(|&name| name.to_owned()).collect()]
}

fn column_of(source: Option<&TypeSource>) -> Option<&Column> {
    match source {
        Some(TypeSource::Column(column)) => Some(column),
        Some(TypeSource::Fixed(_)) | None => None,
    }
}

/// Columns that would be used twice. Both types may share a column; an id or a label needs its own.
fn shared(found: &[(Role, Option<&Column>)]) -> Vec<ColumnProblem> {
    let mut problems = Vec::new();
    for (place, &(role, column)) in found.iter().enumerate() {
        for &(other, other_column) in &found[place + 1..] {
            let (Some(column), Some(other_column)) = (column, other_column) else {
                continue;
            };
            if column.index == other_column.index
                && (role.needs_own_column() || other.needs_own_column())
            {
                problems.push(ColumnProblem::Shared {
                    column: column.clone(),
                    roles: [role, other],
                });
            }
        }
    }
    problems
}

fn find(
    headers: &[String],
    name: Option<&ColumnName>,
    role: Role,
    known: &[Vec<String>],
) -> Result<Column, ColumnProblem> {
    let mut candidates = candidates(headers, name, known);
    match (candidates.len(), name) {
        (1, _) => Ok(candidates.remove(0)),
        (0, None) => Err(ColumnProblem::Missing { role }),
        (0, Some(ColumnName::Header(name))) => Err(ColumnProblem::Unknown {
            role,
            name: excerpt(name, MAX_SHOWN_HEADER_LENGTH),
        }),
        (0, Some(&ColumnName::Number(number))) => Err(ColumnProblem::OutOfRange {
            role,
            number,
            count: headers.len(),
        }),
        _ => Err(ColumnProblem::Ambiguous { role, candidates }),
    }
}

/// The columns that match the user's name for a value, or its known names.
fn candidates(headers: &[String], name: Option<&ColumnName>, known: &[Vec<String>]) -> Vec<Column> {
    let matching = |fits: &dyn Fn(&str) -> bool| -> Vec<Column> {
        (0..headers.len())
            .filter(|&index| fits(&headers[index]))
            .map(|index| Column::new(headers, index))
            .collect()
    };
    match name {
        None => {
            let of =
                |names: &Vec<String>| matching(&|header| names.contains(&normalize_header(header)));
            let found = known.iter().map(of).find(|found| !found.is_empty());
            found.unwrap_or_default()
        }
        Some(ColumnName::Number(number)) => (number.get() <= headers.len())
            .then(|| Column::new(headers, number.get() - 1))
            .into_iter()
            .collect(),
        Some(ColumnName::Header(name)) => {
            let exact = matching(&|header| header == name);
            if exact.is_empty() {
                let name = normalize_header(name);
                matching(&|header| normalize_header(header) == name)
            } else {
                exact
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(text: &str) -> Vec<String> {
        text.split(',').map(str::to_owned).collect()
    }

    fn name(text: &str) -> Option<ColumnName> {
        text.parse().ok()
    }

    fn fixed() -> ColumnSettings {
        ColumnSettings {
            from_type: ObjectType::new("contacts"),
            to_type: ObjectType::new("companies"),
            ..ColumnSettings::default()
        }
    }

    /// The sources of the four values, `fixed` for a fixed type.
    fn places(columns: &Columns) -> [String; 4] {
        let place = |source: &TypeSource| match source {
            TypeSource::Fixed(_) => "fixed".to_owned(),
            TypeSource::Column(column) => column.number().to_string(),
        };
        [
            place(&columns.from_type),
            columns.from_id.number().to_string(),
            place(&columns.to_type),
            columns.to_id.number().to_string(),
        ]
    }

    #[test]
    fn known_names_are_found_in_any_spelling() {
        for (header, expected) in [
            (
                "from_object_type,from_object_id,to_object_type,to_object_id",
                ["1", "2", "3", "4"],
            ),
            (
                "fromObjectType,fromObjectId,toObjectType,toObjectId",
                ["1", "2", "3", "4"],
            ),
            ("to_id,to_type,from_id,from_type", ["4", "3", "2", "1"]),
            (
                "x,TO ID, To-Type ,From\u{a0}Id,y,FROM__TYPE",
                ["6", "4", "3", "2"],
            ),
        ] {
            let columns =
                Columns::resolve(&headers(header), &ColumnSettings::default(), [None, None])
                    .unwrap();
            assert_eq!(places(&columns), expected, "{header}");
            assert_eq!(columns.field_count, header.split(',').count());
            assert_eq!(columns.ignored, []);
        }
    }

    #[test]
    fn settings_name_columns_exactly_then_normalized_then_by_number() {
        let header = headers("Record ID,record_id,Company Ids,kind");
        for (from_id, to_id, expected) in [
            ("Record ID", "Company Ids", ["fixed", "1", "fixed", "3"]),
            ("record_id", "company-ids", ["fixed", "2", "fixed", "3"]),
            ("#2", "#3", ["fixed", "2", "fixed", "3"]),
        ] {
            let settings = ColumnSettings {
                from_id_column: name(from_id),
                to_id_column: name(to_id),
                ..fixed()
            };
            let columns = Columns::resolve(&header, &settings, [None, None]).unwrap();
            assert_eq!(places(&columns), expected, "{from_id}");
        }
        let settings = ColumnSettings {
            from_type_column: name("kind"),
            to_type_column: name("kind"),
            from_id_column: name("#1"),
            to_id_column: name("#2"),
            ..ColumnSettings::default()
        };
        let columns = Columns::resolve(&header, &settings, [None, None]).unwrap();
        assert_eq!(places(&columns), ["4", "1", "4", "2"]);
    }

    #[test]
    fn a_fixed_type_overrides_a_column_and_reports_it_as_ignored() {
        let header = headers("from_type,from_id,to_id,from_object_type");
        let columns = Columns::resolve(&header, &fixed(), [None, None]).unwrap();
        assert_eq!(places(&columns), ["fixed", "2", "fixed", "3"]);
        let ignored: Vec<String> = columns.ignored.iter().map(Column::to_string).collect();
        assert_eq!(
            ignored,
            ["`from_type` (column 1)", "`from_object_type` (column 4)"]
        );
    }

    fn message(header: &str, settings: &ColumnSettings) -> [String; 2] {
        let error = Columns::resolve(&headers(header), settings, [None, None]).unwrap_err();
        [error.to_string(), error.hint("pairs.csv")]
    }

    #[test]
    fn all_problems_of_a_header_are_in_one_error() {
        let all_ids = ColumnSettings {
            from_id_column: name("#9"),
            to_id_column: name("Company \u{1b}[31m"),
            ..ColumnSettings::default()
        };
        let same = ColumnSettings {
            from_id_column: name("id"),
            to_id_column: name("#1"),
            ..fixed()
        };
        let header_example = "`from_object_type,from_object_id,to_object_type,to_object_id`";
        for (header, settings, expected, hint) in [
            (
                "a,b",
                &ColumnSettings::default(),
                "no column for the from type; no column for the from id; no column for the to type; \
                 no column for the to id; headers found: `a`, `b`",
                "name the columns with `--from-type`, `--from-type-column`, `--from-id-column`, \
                 `--to-type`, `--to-type-column`, `--to-id-column`: a header, or `#3` for the third \
                 column"
                    .to_owned(),
            ),
            (
                "from_type,from_id,to_type,To Id,to_object_id",
                &ColumnSettings::default(),
                "more than one column for the to id: `To Id` (column 4), `to_object_id` (column 5); \
                 headers found: `from_type`, `from_id`, `to_type`, `To Id`, `to_object_id`",
                "name the columns with `--to-id-column`: a header, or `#3` for the third column"
                    .to_owned(),
            ),
            (
                "from_type,to_type",
                &all_ids,
                "no column #9 for the from id: the header has 2; no column `Company \\u{1b}[31m` for \
                 the to id; headers found: `from_type`, `to_type`",
                "name the columns with `--from-id-column`, `--to-id-column`: a header, or `#3` for \
                 the third column"
                    .to_owned(),
            ),
            (
                "id,other",
                &same,
                "`id` (column 1) cannot be both the from id and the to id; headers found: `id`, \
                 `other`",
                "name the columns with `--from-id-column`, `--to-id-column`: a header, or `#3` for \
                 the third column"
                    .to_owned(),
            ),
            (
                " ,,",
                &fixed(),
                "the header is blank; headers found: ``, ``, ``",
                format!("the first line must name the columns, e.g. {header_example}"),
            ),
            (
                "contacts,512,companies,513",
                &ColumnSettings::default(),
                "no column for the from type; no column for the from id; no column for the to type; \
                 no column for the to id; headers found: `contacts`, `512`, `companies`, `513`",
                format!(
                    "the first line looks like a row: add a header above it, e.g. {header_example}, or add \
                     `--no-header` and name columns by number, e.g. `--from-id-column '#2'`"
                ),
            ),
            (
                "from_id:to_id",
                &fixed(),
                "no column for the from id; no column for the to id; headers found: `from_id:to_id`",
                "only one column was found: if the delimiter is none of `,` `;` tab `|`, name it \
                 with `--delimiter`"
                    .to_owned(),
            ),
        ] {
            assert_eq!(message(header, settings), [expected, &hint]);
        }
    }

    #[test]
    fn a_long_header_is_listed_in_part() {
        let long = "x".repeat(100);
        let header = format!("{long}{}", ",h".repeat(599));
        let [message, _] = message(&header, &fixed());
        let shown = format!(
            "no column for the from id; no column for the to id; headers found: `{}…`{} and 580 more",
            "x".repeat(59),
            ", `h`".repeat(19)
        );
        assert_eq!(message, shown);
    }
}
