//! Recognises id columns that hold emails or domains, by the first rows of a file. Pure.

use crate::domain::standard_type::canonical;
use crate::input::columns::column::Column;
use crate::input::columns::key_flags::KeyFlags;
use crate::input::columns::key_header::KeyHeader;
use crate::input::columns::resolve::{Columns, TypeSource};
use crate::input::csv::delimiter::{Delimiter, fields_of};
use crate::input::row::MAX_SHOWN_VALUE_LENGTH;
use crate::input::validate::key::key_for_id::key_in;
use crate::text::excerpt;

/// The number of rows that are looked at.
const ROWS: usize = 20;

/// Keys in columns that were taken for columns of ids.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeysForIds {
    /// The columns with what they hold, as messages show them.
    pub what: String,
    /// The flags that look the keys up.
    pub flags: KeyFlags,
}

/// Finds the columns in which each of the first rows has such a key; blank cells do not count. `text` begins with a row, and
/// its last line may be incomplete.
pub(crate) fn keys_for_ids(
    text: &[u8],
    columns: &Columns,
    delimiter: Delimiter,
) -> Option<KeysForIds> {
    let end = if text.contains(&b'\n') { b'\n' } else { b'\r' };
    let end_of_rows = text
        .iter()
        .rposition(|&byte| byte == end)
        .unwrap_or(text.len());
    let lines = text[..end_of_rows].split(|&byte| byte == end).take(ROWS);
    let rows: Vec<Vec<String>> = lines
        .map(|line| fields_of(line, delimiter))
        .filter(|fields| fields.len() == columns.field_count)
        .collect();
    let sides = [
        (&columns.from_id, &columns.from_type),
        (&columns.to_id, &columns.to_type),
    ];
    let mut what = Vec::new();
    let mut flags = KeyFlags::default();
    for (side, (column, object_type)) in sides.into_iter().enumerate() {
        if let Some((key, example)) = key_of_column(&rows, column)
            && has_property(object_type, key)
        {
            let name = match key {
                KeyHeader::Email => "email addresses",
                KeyHeader::Domain => "domains",
            };
            let example = excerpt(example, MAX_SHOWN_VALUE_LENGTH);
            what.push(format!("{column} has {name}, such as `{example}`"));
            flags = flags.and(KeyFlags::of_side(side, key));
        }
    }
    (!what.is_empty()).then(|| KeysForIds {
        what: what.join("; "),
        flags,
    })
}

/// The kind of key that all cells of a column have, and the first of them.
fn key_of_column<'r>(rows: &'r [Vec<String>], column: &Column) -> Option<(KeyHeader, &'r str)> {
    let cells = rows.iter().map(|row| row[column.index].trim());
    let mut cells = cells.filter(|cell| !cell.is_empty());
    let first = cells.next()?;
    let key = key_in(first)?;
    cells
        .all(|cell| key_in(cell) == Some(key))
        .then_some((key, first))
}

/// Whether records of this type are looked up by such keys.
fn has_property(object_type: &TypeSource, key: KeyHeader) -> bool {
    match object_type {
        TypeSource::Fixed(object_type) => canonical(object_type.as_str()) == key.object_type(),
        TypeSource::Column(_) => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::pair::ObjectType;
    use crate::input::columns::settings::ColumnSettings;

    fn found(rows: &str, types: [&str; 2]) -> Option<String> {
        let settings = ColumnSettings {
            from_type: ObjectType::new(types[0]),
            to_type: ObjectType::new(types[1]),
            ..ColumnSettings::default()
        };
        let headers = ["from_id", "to_id"].map(str::to_owned);
        let columns = Columns::resolve(&headers, &settings, [None, None]).unwrap();
        let found = keys_for_ids(rows.as_bytes(), &columns, ",".parse().unwrap());
        found.map(|found| found.flags.command("c.csv"))
    }

    #[test]
    fn columns_of_emails_and_domains_are_recognised_by_their_first_rows() {
        let import = "hubspot-associate import c.csv";
        for (rows, types, flags) in [
            (
                "a@b.c,1\n",
                ["contacts", "deals"],
                Some("--from-id-property email"),
            ),
            (
                "a@b.c,1\r\n,2\r\n\"d@e.f\",3",
                ["0-1", "deals"],
                Some("--from-id-property email"),
            ),
            (
                "1,www.acme.com\n2,https://b.io/x\n",
                ["contacts", "companies"],
                Some("--to-id-property domain --allow-search"),
            ),
            (
                "a@b.c,acme.com\n",
                ["contacts", "companies"],
                Some("--from-id-property email --to-id-property domain --allow-search"),
            ),
            ("a@b.c,1\n5,2\n", ["contacts", "deals"], None),
            ("5,1\na@b.c,2\n", ["contacts", "deals"], None),
            ("a@b.c,1\nacme.com,2\n", ["contacts", "deals"], None),
            ("a@b.c,1\n", ["deals", "contacts"], None),
            ("1,5.12E+11\n2,51200.0\n", ["contacts", "companies"], None),
            ("1,2\n", ["contacts", "companies"], None),
            ("", ["contacts", "companies"], None),
        ] {
            let command = flags.map(|flags| format!("{import} {flags}"));
            assert_eq!(found(rows, types), command, "{rows}");
        }
    }
}
