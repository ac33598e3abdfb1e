//! The flags for a file that names records by email or domain, for hints. Pure.
//!
//! Like the recognition of an export, this imports nothing: the hint has the command, and the user decides.

use crate::domain::pair::ObjectType;
use crate::domain::standard_type::canonical;
use crate::input::columns::header_name::{normalize_header, visible};
use crate::input::columns::hubspot_export::{UNKNOWN_TYPE, import_command, type_of};
use crate::input::columns::key_header::KeyHeader;
use crate::input::columns::settings::{ColumnSettings, Role};
use crate::text::shell_flag;

/// The flags of one side, in the order of a command.
const SIDES: [[&str; 3]; 2] = [
    ["from-type", "from-id-property", "from-id-column"],
    ["to-type", "to-id-property", "to-id-column"],
];

/// Flags that a command needs for an input with keys.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KeyFlags {
    flags: Vec<(&'static str, String)>,
    allow_search: bool,
}

impl KeyFlags {
    /// Only `--allow-search`.
    pub(crate) fn search() -> Self {
        Self {
            flags: Vec::new(),
            allow_search: true,
        }
    }

    /// For a side whose column is known.
    pub(crate) fn of_side(side: usize, key: KeyHeader) -> Self {
        Self {
            flags: vec![(SIDES[side][1], key.property().to_owned())],
            allow_search: key == KeyHeader::Domain,
        }
    }

    /// Both together.
    pub(crate) fn and(mut self, other: Self) -> Self {
        self.flags.extend(other.flags);
        self.allow_search |= other.allow_search;
        self
    }

    /// Recognises a file by headers that end with `email` or `domain`. `missing`: the values without a column.
    pub(crate) fn of_headers(
        headers: &[String],
        settings: &ColumnSettings,
        missing: &[Role],
    ) -> Option<Self> {
        let mut columns = likely_columns(headers);
        columns.retain(|column| column.key.is_some() || column.object_type.is_some());
        let is_of = |column: &Likely<'_>, object_type: Option<&ObjectType>| {
            object_type.is_some_and(|object_type| {
                column.object_type == Some(canonical(object_type.as_str()))
            })
        };
        let fixed = [settings.from_type.as_ref(), settings.to_type.as_ref()];
        let id_roles = [Role::FromId, Role::ToId].map(|role| missing.contains(&role));
        let mut places = Vec::new();
        for side in [0, 1] {
            if id_roles[side] {
                let typed = columns.iter().position(|column| is_of(column, fixed[side]));
                let place = match fixed[side] {
                    Some(_) => typed?,
                    None => columns
                        .iter()
                        .position(|column| !is_of(column, fixed[1 - side]))?,
                };
                places.push((side, columns.remove(place)));
            }
        }
        if !places.iter().any(|(_, column)| column.key.is_some()) {
            return None;
        }
        let mut found = Self::default();
        for side in [0, 1] {
            let column = places.iter().find(|(place, _)| *place == side);
            let column = column.map(|(_, column)| column);
            let [type_flag, property_flag, column_flag] = SIDES[side];
            if missing.contains(&[Role::FromType, Role::ToType][side]) {
                let object_type = column.and_then(|column| column.object_type);
                let object_type = object_type.unwrap_or(UNKNOWN_TYPE);
                found.flags.push((type_flag, object_type.to_owned()));
            }
            let Some(column) = column else { continue };
            if let Some(key) = column.key {
                found.flags.push((property_flag, key.property().to_owned()));
                found.allow_search |= key == KeyHeader::Domain;
            }
            found.flags.push((column_flag, visible(column.header)));
        }
        Some(found)
    }

    /// The flags with values, without dashes, and their values.
    pub fn flags(&self) -> impl Iterator<Item = (&'static str, &str)> {
        self.flags
            .iter()
            .map(|(flag, value)| (*flag, value.as_str()))
    }

    /// Whether `--allow-search` is needed too.
    #[must_use]
    pub fn allow_search(&self) -> bool {
        self.allow_search
    }

    /// The command that imports the file called `input`, without any other flags that were typed.
    pub(crate) fn command(&self, input: &str) -> String {
        let mut command = import_command(input);
        for (flag, value) in self.flags() {
            command.push(' ');
            command.push_str(&shell_flag(flag, value));
        }
        if self.allow_search {
            command.push_str(" --allow-search");
        }
        command
    }

    /// The hint: run `command`, which has the flags.
    #[must_use]
    pub fn hint(&self, command: &str) -> String {
        let mut hint = if self.flags.is_empty() {
            format!("to use the search, which takes 5 calls per second at most, run `{command}`")
        } else {
            format!("to look the records up, run `{command}`")
        };
        if self.flags().any(|(_, value)| value == UNKNOWN_TYPE) {
            hint.push_str(", with the object's type, such as deals or 2-1234567, in place of TYPE");
        }
        hint
    }
}

/// A column that may name records.
struct Likely<'h> {
    header: &'h str,
    key: Option<KeyHeader>,
    object_type: Option<&'static str>,
}

/// The columns that may name records: emails, then domains, then ids with a type in their names.
fn likely_columns(headers: &[String]) -> Vec<Likely<'_>> {
    let mut columns: Vec<Likely<'_>> = headers
        .iter()
        .filter_map(|header| {
            let key = KeyHeader::of(header);
            let object_type = match key {
                Some(key) => Some(key.object_type()),
                None => type_of(normalize_header(header).strip_suffix("id")?),
            };
            Some(Likely {
                header,
                key,
                object_type,
            })
        })
        .collect();
    columns.sort_by_key(|column| match column.key {
        Some(KeyHeader::Email) => 0,
        Some(KeyHeader::Domain) => 1,
        None => 2,
    });
    columns
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::input::columns::resolve::Columns;

    fn command(header: &str, settings: &ColumnSettings) -> Option<String> {
        let headers: Vec<String> = header.split(',').map(str::to_owned).collect();
        let error = Columns::resolve(&headers, settings, [None, None]).unwrap_err();
        let flags = error.key_flags()?;
        let command = flags.command("crm.csv");
        command
            .strip_prefix("hubspot-associate import crm.csv ")
            .map(str::to_owned)
    }

    #[test]
    fn the_command_for_a_file_of_another_system_has_all_flags() {
        let none = ColumnSettings::default();
        let typed = |from_type, to_type| ColumnSettings {
            from_type: ObjectType::new(from_type),
            to_type: ObjectType::new(to_type),
            ..ColumnSettings::default()
        };
        let contacts_and_companies = "--from-type contacts --from-id-property email --from-id-column E-mail --to-type \
             companies --to-id-property domain --to-id-column 'Company Domain' --allow-search";
        for (header, settings, expected) in [
            (
                "Name,E-mail,Company Domain",
                none.clone(),
                Some(contacts_and_companies),
            ),
            (
                "Company Domain,E-mail",
                none.clone(),
                Some(contacts_and_companies),
            ),
            (
                "Website,Email",
                typed("companies", "contacts"),
                Some(
                    "--from-id-property domain --from-id-column Website --to-id-property email --to-id-column Email \
                     --allow-search",
                ),
            ),
            (
                "Email,Deal ID",
                none.clone(),
                Some(
                    "--from-type contacts --from-id-property email --from-id-column Email --to-type deals --to-id-column \
                     'Deal ID'",
                ),
            ),
            (
                "Parent email,Child email",
                none.clone(),
                Some(
                    "--from-type contacts --from-id-property email --from-id-column 'Parent email' --to-type contacts \
                     --to-id-property email --to-id-column 'Child email'",
                ),
            ),
            (
                "from_id,to_email",
                none.clone(),
                Some(
                    "--from-type TYPE --to-type contacts --to-id-property email --to-id-column to_email",
                ),
            ),
            ("Email,Name", none.clone(), None),
            ("Contact ID,Company ID", none.clone(), None),
            ("Email,Domain", typed("deals", "companies"), None),
        ] {
            assert_eq!(command(header, &settings).as_deref(), expected, "{header}");
        }
    }
}
