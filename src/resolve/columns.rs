//! Input → the columns of the output of `resolve`, and what each of them holds. Pure.
//!
//! The output has the columns of the input, and behind them those that an import without flags needs and the input lacks.
//! A column of the input that an import without flags would read holds what the lookup found: ids replace the keys in it,
//! and the keys move to a column of their own.

use crate::input::columns::column::Column;
use crate::input::columns::header_name::normalize_header;
use crate::input::columns::resolve::{Columns, TypeSource};
use crate::input::columns::settings::Role;
use crate::resolve::error::ResolveError;

/// The last column of the output: why a row has no ids.
pub const PROBLEM_COLUMN: &str = "resolve_problem";

/// One of the two records of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// The record named first.
    From,
    /// The record named second.
    To,
}

impl Side {
    /// Both, in the order of the columns.
    pub const BOTH: [Self; 2] = [Self::From, Self::To];

    fn roles(self) -> [Role; 2] {
        match self {
            Self::From => [Role::FromType, Role::FromId],
            Self::To => [Role::ToType, Role::ToId],
        }
    }

    /// The names of the columns with its type, its id and its key.
    fn names(self) -> [&'static str; 3] {
        match self {
            Self::From => ["from_object_type", "from_object_id", "from_key"],
            Self::To => ["to_object_type", "to_object_id", "to_key"],
        }
    }
}

/// What a column holds instead of the cell of the input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fill {
    /// The type of a record.
    Type(Side),
    /// The id of a record; empty if there is none.
    Id(Side),
    /// The key of a record.
    Key(Side),
    /// Why the row has no ids.
    Problem,
}

/// Where the values of one record come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SideSource {
    /// The source of its type.
    pub object_type: TypeSource,
    /// The column of its id or key.
    pub id: usize,
    /// Whether that column holds keys.
    pub has_keys: bool,
}

/// The columns of the output.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutputColumns {
    /// The number of columns of the input.
    pub width: usize,
    /// The sources of the two records.
    pub sources: [SideSource; 2],
    /// The columns of the input that hold something else.
    pub replaced: Vec<(usize, Fill)>,
    /// The columns behind those of the input.
    pub added: Vec<(&'static str, Fill)>,
}

impl OutputColumns {
    /// Decides for this header. `splits` says whether a cell may hold several ids or keys.
    pub fn of(
        input: &str,
        headers: &[String],
        columns: &Columns,
        splits: bool,
    ) -> Result<Self, ResolveError> {
        let [from_keys, to_keys] = columns.are_keys();
        let source = |object_type: &TypeSource, id: &Column, has_keys| SideSource {
            object_type: object_type.clone(),
            id: id.index,
            has_keys,
        };
        let mut output = Self {
            width: headers.len(),
            sources: [
                source(&columns.from_type, &columns.from_id, from_keys),
                source(&columns.to_type, &columns.to_id, to_keys),
            ],
            replaced: Vec::new(),
            added: Vec::new(),
        };
        let mut planner = Planner {
            input,
            headers,
            // What this command wrote may be written again.
            is_output: headers.iter().any(|header| header == PROBLEM_COLUMN),
            splits,
            output: &mut output,
        };
        for side in Side::BOTH {
            planner.add_type(side)?;
            planner.add_id(side)?;
        }
        for side in Side::BOTH {
            planner.add_key(side)?;
        }
        planner.add_problem();
        Ok(output)
    }

    /// Where the values of this record come from.
    #[must_use]
    pub fn source(&self, side: Side) -> &SideSource {
        match side {
            Side::From => &self.sources[0],
            Side::To => &self.sources[1],
        }
    }
}

struct Planner<'p> {
    input: &'p str,
    headers: &'p [String],
    is_output: bool,
    splits: bool,
    output: &'p mut OutputColumns,
}

impl Planner<'_> {
    /// The columns with a name that an import without flags reads as this value.
    fn read_as(&self, role: Role) -> Vec<Column> {
        let known = role.known_names();
        self.with_name(|name| known.contains(&name))
    }

    fn with_name(&self, is_name: impl Fn(&str) -> bool) -> Vec<Column> {
        (0..self.headers.len())
            .filter(|&index| is_name(&normalize_header(&self.headers[index])))
            .map(|index| Column::new(self.headers, index))
            .collect()
    }

    fn taken(&self, name: &'static str, columns: Vec<Column>) -> ResolveError {
        ResolveError::Taken {
            input: self.input.to_owned(),
            name,
            columns,
        }
    }

    fn add_type(&mut self, side: Side) -> Result<(), ResolveError> {
        let [role, _] = side.roles();
        let [name, ..] = side.names();
        let found = self.read_as(role);
        let source = match &self.output.source(side).object_type {
            TypeSource::Fixed(_) => None,
            TypeSource::Column(column) => Some(column.index),
        };
        match (found.as_slice(), source) {
            ([], _) => self.output.added.push((name, Fill::Type(side))),
            ([one], Some(source)) if one.index == source => {}
            // A flag gives the type of all rows: that of the column was not used.
            ([one], None) => self.output.replaced.push((one.index, Fill::Type(side))),
            ([one], Some(_)) if self.is_output => {
                self.output.replaced.push((one.index, Fill::Type(side)));
            }
            _ => return Err(self.taken(name, found)),
        }
        Ok(())
    }

    fn add_id(&mut self, side: Side) -> Result<(), ResolveError> {
        let [_, role] = side.roles();
        let [_, name, _] = side.names();
        let found = self.read_as(role);
        let SideSource { id, has_keys, .. } = *self.output.source(side);
        match found.as_slice() {
            [] => self.output.added.push((name, Fill::Id(side))),
            [one] if one.index == id => {
                if has_keys || self.splits {
                    self.output.replaced.push((id, Fill::Id(side)));
                }
            }
            [one] if self.is_output => self.output.replaced.push((one.index, Fill::Id(side))),
            _ => return Err(self.taken(name, found)),
        }
        Ok(())
    }

    /// Adds a column for the keys that ids replace.
    fn add_key(&mut self, side: Side) -> Result<(), ResolveError> {
        let [_, _, name] = side.names();
        let SideSource { id, has_keys, .. } = *self.output.source(side);
        let is_replaced = self.output.replaced.iter().any(|&(index, _)| index == id);
        if !has_keys || !is_replaced {
            return Ok(());
        }
        let key_name = normalize_header(name);
        let found = self.with_name(|name| name == key_name);
        if found.is_empty() {
            self.output.added.push((name, Fill::Key(side)));
            return Ok(());
        }
        Err(self.taken(name, found))
    }

    fn add_problem(&mut self) {
        match self
            .headers
            .iter()
            .position(|header| header == PROBLEM_COLUMN)
        {
            Some(index) => self.output.replaced.push((index, Fill::Problem)),
            None => self.output.added.push((PROBLEM_COLUMN, Fill::Problem)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::pair::ObjectType;
    use crate::domain::property_name::PropertyName;
    use crate::input::columns::settings::ColumnSettings;

    /// The columns, where those of the id cells with keys are named by settings.
    fn key_columns(headers: &[String], settings: &ColumnSettings, has_keys: [bool; 2]) -> Columns {
        let key = PropertyName::new("key").unwrap();
        let properties = has_keys.map(|has_keys| has_keys.then_some(&key));
        Columns::resolve(headers, settings, properties).unwrap()
    }

    /// The flags of a test: types for both sides unless `types` is false, and the id columns.
    fn plan(
        header: &str,
        types: bool,
        [from, to]: [&str; 2],
        has_keys: [bool; 2],
        splits: bool,
    ) -> Result<String, String> {
        let headers: Vec<String> = header.split(',').map(str::to_owned).collect();
        let settings = ColumnSettings {
            from_type: types.then(|| ObjectType::new("contacts").unwrap()),
            to_type: types.then(|| ObjectType::new("companies").unwrap()),
            from_id_column: from.parse().ok(),
            to_id_column: to.parse().ok(),
            ..ColumnSettings::default()
        };
        let columns = key_columns(&headers, &settings, has_keys);
        let output = OutputColumns::of("crm.csv", &headers, &columns, splits);
        let output = output.map_err(|error| error.to_string())?;
        let replaced = output.replaced.iter();
        let replaced = replaced.map(|(index, fill)| format!("{}={fill:?}", headers[*index]));
        let added = output.added.iter().map(|(name, _)| format!("+{name}"));
        Ok(replaced.chain(added).collect::<Vec<_>>().join(" "))
    }

    #[test]
    fn the_output_has_the_columns_of_the_input_and_those_it_lacks() {
        let both = [true, true];
        for (header, types, ids, has_keys, splits, expected) in [
            (
                "Name,E-mail,Website",
                true,
                ["E-mail", "Website"],
                both,
                false,
                "+from_object_type +from_object_id +to_object_type +to_object_id +resolve_problem",
            ),
            // The types stand in columns that an import finds.
            (
                "from_type,E-mail,To Object Type,to_id",
                false,
                ["E-mail", ""],
                [true, false],
                false,
                "+from_object_id +resolve_problem",
            ),
            // Columns that an import would read as ids hold keys.
            (
                "from_object_type,from_object_id,to_object_type,to_object_id",
                false,
                ["", ""],
                both,
                false,
                "from_object_id=Id(From) to_object_id=Id(To) +from_key +to_key +resolve_problem",
            ),
            // One id of a list replaces it.
            (
                "email,to_id",
                true,
                ["email", ""],
                [true, false],
                true,
                "to_id=Id(To) +from_object_type +from_object_id +to_object_type +resolve_problem",
            ),
            // A flag gives the type.
            (
                "from_type,email,to_type,to_id",
                true,
                ["email", ""],
                [true, false],
                false,
                "from_type=Type(From) to_type=Type(To) +from_object_id +resolve_problem",
            ),
            // An output is resolved again.
            (
                "email,from_object_id,to_id,resolve_problem",
                true,
                ["email", ""],
                [true, false],
                false,
                "from_object_id=Id(From) resolve_problem=Problem +from_object_type +to_object_type",
            ),
            (
                "from_object_id,to_id,from_key,resolve_problem",
                true,
                ["from_key", ""],
                [true, false],
                false,
                "from_object_id=Id(From) resolve_problem=Problem +from_object_type +to_object_type",
            ),
        ] {
            let plan = plan(header, types, ids, has_keys, splits);
            assert_eq!(plan.as_deref(), Ok(expected), "{header}");
        }
    }

    #[test]
    fn a_column_that_an_import_would_read_instead_is_an_error() {
        for (header, ids, expected) in [
            (
                "from_id,email,to_id",
                ["email", ""],
                "the output needs a column `from_object_id`, but in `crm.csv` `from_id` (column 1) has that name with \
                 other values",
            ),
            (
                "from_id,From-Object-Id,email,to_id",
                ["email", ""],
                "the output needs a column `from_object_id`, but in `crm.csv` `from_id` (column 1) and `From-Object-Id` \
                 (column 2) have that name with other values",
            ),
            (
                "from_id,to_id,From Key",
                ["from_id", ""],
                "the output needs a column `from_key`, but in `crm.csv` `From Key` (column 3) has that name with other \
                 values",
            ),
        ] {
            let plan = plan(header, true, ids, [true, false], false);
            assert_eq!(plan.unwrap_err(), expected, "{header}");
        }
    }
}
