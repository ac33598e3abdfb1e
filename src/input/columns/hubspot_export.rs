//! Recognises HubSpot's own exports, and makes the command that imports one. Pure.
//!
//! Recognition alone imports nothing: a file with other column names needs flags, and a header that looks like
//! an export only makes the hint name them.

use crate::domain::file_names::REPORT_OF_STREAM;
use crate::domain::standard_type::standard;
use crate::input::columns::header_name::{normalize_header, visible};
use crate::input::stdin_name::STDIN_NAME;
use crate::text::{excerpt, shell_flag, shell_path};

/// The header of the column with the record's own id, in the languages that are known, normalized as `columns`
/// compares headers. The headers of linked ids are English in every language.
const RECORD_ID: [&str; 2] = ["recordid", "idderegistro"];

/// Properties that only one type of record has, normalized as `columns` compares headers.
const TYPE_HINTS: [(&str, &str); 6] = [
    ("firstname", "contacts"),
    ("lastname", "contacts"),
    ("apellidos", "contacts"),
    ("companydomainname", "companies"),
    ("dealname", "deals"),
    ("ticketname", "tickets"),
];

/// The placeholder in the hint for a type that the header does not show.
pub(crate) const UNKNOWN_TYPE: &str = "TYPE";

/// A header that looks like one of HubSpot's exports.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HubSpotExport {
    from_type: Option<&'static str>,
    from_id: String,
    /// Columns of linked ids, with their types.
    linked: Vec<(String, Option<&'static str>)>,
}

impl HubSpotExport {
    /// Recognises an export by its columns of linked ids.
    pub(crate) fn of(headers: &[String]) -> Option<Self> {
        let headers: Vec<String> = headers.iter().map(|header| visible(header)).collect();
        let named = headers.iter().map(String::as_str);
        let mut linked: Vec<_> = named
            .clone()
            .filter_map(|header| Some((linked_by(header)?, header)))
            .collect();
        // The primary company is one of the companies: its column comes last.
        linked.sort_by_key(|((_, is_primary), _)| *is_primary);
        let linked: Vec<_> = linked
            .into_iter()
            .map(|((name, _), header)| (header.to_owned(), type_of(name)))
            .collect();
        if linked.is_empty() {
            return None;
        }
        let own = |header: &&str| {
            let (name, _) = header.split_once(" - ").unwrap_or((header, ""));
            RECORD_ID.contains(&normalize_header(name).as_str())
        };
        // Exports in other languages also have it as their first column.
        let from_id = named
            .clone()
            .find(own)
            .or_else(|| named.clone().next())
            .filter(|header| linked_by(header).is_none())?;
        let named_type = from_id
            .split_once(" - ")
            .and_then(|(_, name)| type_of(name));
        let type_by_property = || {
            let mut hints = TYPE_HINTS.iter();
            hints.find(|(property, _)| {
                named
                    .clone()
                    .any(|header| normalize_header(header) == *property)
            })
        };
        Some(Self {
            from_type: named_type
                .or_else(|| type_by_property().map(|&(_, object_type)| object_type)),
            from_id: from_id.to_owned(),
            linked,
        })
    }

    /// The flags that are needed to import it, without dashes, and their values.
    #[must_use]
    pub fn flags(&self) -> [(&'static str, &str); 5] {
        let (to_id, to_type) = &self.linked[0];
        [
            ("from-type", self.from_type.unwrap_or(UNKNOWN_TYPE)),
            ("from-id-column", &self.from_id),
            ("to-type", to_type.unwrap_or(UNKNOWN_TYPE)),
            ("to-id-column", to_id),
            ("split", ";"),
        ]
    }

    /// The command that imports the file called `input`, without any other flags that were typed.
    pub(crate) fn command(&self, input: &str) -> String {
        let mut command = import_command(input);
        for (flag, value) in self.flags() {
            command.push(' ');
            command.push_str(&shell_flag(flag, value));
        }
        command
    }

    /// The hint: run `command`, which has the flags.
    #[must_use]
    pub fn hint(&self, command: &str) -> String {
        let mut hint = format!("this looks like an export from HubSpot; run `{command}`");
        if self.flags().iter().any(|(_, value)| *value == UNKNOWN_TYPE) {
            hint.push_str(", with the object's type, such as deals or 2-1234567, in place of TYPE");
        }
        let others: Vec<_> = self.linked[1..]
            .iter()
            .map(|(header, _)| format!("`{}`", excerpt(header, 60)))
            .take(5)
            .collect();
        if !others.is_empty() {
            hint.push_str("; likewise ");
            hint.push_str(&others.join(", "));
        }
        hint
    }
}

/// The name in `Associated <name> IDs`, a header without invisible characters, and whether the column holds
/// only the primary one.
pub(crate) fn linked_by(header: &str) -> Option<(&str, bool)> {
    let name = header.strip_prefix("Associated ")?;
    match name.strip_suffix(" IDs") {
        Some(name) => Some((name, false)),
        None => Some((name.strip_suffix(" IDs (Primary)")?, true)),
    }
}

/// The command that imports the file called `input`, without flags for its columns.
pub(crate) fn import_command(input: &str) -> String {
    if input == STDIN_NAME {
        format!("hubspot-associate import - --report {REPORT_OF_STREAM}")
    } else {
        format!("hubspot-associate import {}", shell_path(input))
    }
}

pub(crate) fn type_of(name: &str) -> Option<&'static str> {
    let name = name.trim().replace(' ', "_");
    let is_lead = || ["lead", "leads"].contains(&name.to_lowercase().as_str());
    standard(&name).or_else(|| is_lead().then_some("leads"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hint(header: &str, input: &str) -> Option<String> {
        let headers: Vec<String> = header.split(',').map(str::to_owned).collect();
        HubSpotExport::of(&headers).map(|export| export.hint(&export.command(input)))
    }

    #[test]
    fn the_error_for_an_export_has_the_command_to_import_it() {
        for (header, input, arguments) in [
            (
                "Record ID,First Name,Associated Company,Associated Company IDs",
                "export.csv",
                "export.csv --from-type contacts --from-id-column 'Record ID' --to-type companies \
                 --to-id-column 'Associated Company IDs' --split ';'`",
            ),
            (
                "ID de registro,Nombre,Apellidos,Associated Company IDs (Primary),Associated Company IDs",
                "my export.csv",
                "'my export.csv' --from-type contacts --from-id-column 'ID de registro' --to-type companies \
                 --to-id-column 'Associated Company IDs' --split ';'`; likewise `Associated Company IDs (Primary)`",
            ),
            (
                "Deal Name,Record ID - Deal,Associated Contact IDs,Associated Ticket IDs",
                "e.csv",
                "e.csv --from-type deals --from-id-column 'Record ID - Deal' --to-type contacts \
                 --to-id-column 'Associated Contact IDs' --split ';'`; likewise `Associated Ticket IDs`",
            ),
            (
                "Record ID,Associated Vendor IDs",
                "standard input",
                "- --report pairs.report.csv --from-type TYPE --from-id-column 'Record ID' --to-type TYPE \
                 --to-id-column 'Associated Vendor IDs' --split ';'`, with the object's type, such as deals or \
                 2-1234567, in place of TYPE",
            ),
            (
                "レコードID,Associated Deal IDs",
                "e.csv",
                "e.csv --from-type TYPE --from-id-column 'レコードID' --to-type deals \
                 --to-id-column 'Associated Deal IDs' --split ';'`, with the object's type, such as deals or \
                 2-1234567, in place of TYPE",
            ),
        ] {
            let start = "this looks like an export from HubSpot; run `hubspot-associate import ";
            assert_eq!(hint(header, input), Some(format!("{start}{arguments}")));
        }
    }

    #[test]
    fn a_header_that_begins_with_a_dash_is_not_taken_for_a_flag() {
        let hint = hint("-Record,Associated Deal IDs", "e.csv").unwrap();
        assert!(hint.contains(" --from-id-column=-Record "), "{hint}");
    }

    #[test]
    fn other_files_are_not_taken_for_exports() {
        for header in [
            "",
            "from_id,to_id",
            "Record ID,Company",
            "Record ID,Associated Company",
            "Associated Company IDs,Associated Deal IDs",
        ] {
            assert_eq!(hint(header, "e.csv"), None, "{header}");
        }
    }
}
