//! Cells with keys instead of ids.

use std::io::Cursor;

use crate::domain::pair::ObjectType;
use crate::domain::property_name::PropertyName;
use crate::input::columns::settings::ColumnSettings;
use crate::input::fixtures::{message_with, open_with, rows, shown_with};
use crate::input::row::{CheckedRow, RowContent, target_of};
use crate::input::settings::InputSettings;

/// Contacts by email, companies by domain.
fn by_keys() -> InputSettings {
    InputSettings {
        columns: ColumnSettings {
            from_type: ObjectType::new("contacts"),
            to_type: ObjectType::new("companies"),
            ..ColumnSettings::default()
        },
        from_property: PropertyName::new("email"),
        to_property: PropertyName::new("domain"),
        allow_search: true,
        ..InputSettings::default()
    }
}

/// Only the contacts by email.
fn by_email() -> InputSettings {
    InputSettings {
        to_property: None,
        ..by_keys()
    }
}

#[test]
fn a_cell_holds_the_key_of_its_property_or_the_reason_why_it_holds_none() {
    let text = "name,Email,Website\n\
        Ann, Ann@ACME.com ,https://www.acme.com/x\n\
        Bob,#N/A,acme.com\n\
        Cy,,-\n\
        Di,di@x.io,di@x.io\n\
        Ed,a@b.c;d@e.f,b.c\n";
    assert_eq!(
        shown_with(&by_keys(), text),
        [
            "1/2: contacts `Ann@ACME.com` -> companies `https://www.acme.com/x`",
            "2/3: `Email` (column 2): `#N/A` is an error of a spreadsheet formula: fix the formula, or leave the cell out",
            "3/4: `Email` (column 2) is blank; `Website` (column 3): `-` stands for no value",
            "4/5: `Website` (column 3): `di@x.io` is an email address, expected a domain such as `acme.com`",
            "5/6: `Email` (column 2): `a@b.c;d@e.f` is a list where one value was expected, see `--split`",
        ]
    );
}

#[test]
fn the_other_side_may_have_ids_and_types_may_come_from_columns() {
    let text = "from_type,from_key,to_type,to_id\n\
        contacts,a@b.c,deals,7\n\
        companies,A-1,deals,8\n\
        contacts,A-1,deals,x\n\
        con tacts,A-1,deals,9\n";
    let settings = InputSettings {
        columns: ColumnSettings::default(),
        ..by_email()
    };
    assert_eq!(
        shown_with(&settings, text),
        [
            "1/2: contacts `a@b.c` -> deals 7",
            "2/3: companies `A-1` -> deals 8",
            "3/4: `from_key` (column 2): `A-1` is not an email address; `to_id` (column 4): `x` has letters, an id has only \
             digits",
            "4/5: `from_type` (column 1): `con tacts` has a blank inside, a type has letters, digits, `_` and `-`",
        ]
    );
}

#[test]
fn lists_of_keys_make_a_pair_for_each_key() {
    let settings = InputSettings {
        split: Some(";".parse().unwrap()),
        ..by_email()
    };
    let text = "Email,to_id\na@b.c; D@e.f ;;A@B.c,7\nx;g@h.i,8\na@b.c,\n,9\n";
    assert_eq!(
        shown_with(&settings, text),
        [
            "1/2: contacts `a@b.c` -> companies 7",
            "1/2: contacts `D@e.f` -> companies 7",
            "2/3: `Email` (column 1): `x` is not an email address",
            "2/3: contacts `g@h.i` -> companies 8",
            "3/4: skipped",
            "4/5: `Email` (column 1) is blank",
        ]
    );
}

#[test]
fn a_row_that_is_not_looked_up_keeps_its_keys_apart_from_its_ids() {
    let settings = InputSettings {
        split: Some(";".parse().unwrap()),
        ..by_email()
    };
    let source = Cursor::new("Email,to_id\n#N/A,7\na@b.c,x\na@b.c,\na@b.c,8\n");
    let mut input = open_with(source, &settings).unwrap();
    let of = |row: CheckedRow| {
        let keys = row.content.keys().unwrap();
        let cell = |key: Option<crate::domain::row_keys::CellKey>| key.map(|key| key.cell);
        assert_eq!(cell(keys.to), None);
        let ids = row.content.ids().map(|ids| ids.map(str::to_owned));
        (format!("{}", target_of(&row)), cell(keys.from), ids)
    };
    let found: Vec<_> = rows(&mut input).unwrap().into_iter().map(of).collect();
    let expected = [
        ("contacts  -> companies 7", "#N/A", Some(["#N/A", "7"])),
        ("contacts  -> companies x", "a@b.c", Some(["a@b.c", "x"])),
        ("contacts  -> companies ", "a@b.c", None),
        ("contacts  -> companies 8", "a@b.c", Some(["a@b.c", "8"])),
    ];
    for ((target, key, ids), (shown, cell, texts)) in found.into_iter().zip(expected) {
        assert_eq!(target, shown);
        assert_eq!(key.as_deref(), Some(cell));
        assert_eq!(ids, texts.map(|texts| texts.map(str::to_owned)));
    }
}

#[test]
fn the_column_of_a_property_is_found_by_clear_names_only() {
    let column = |header: &str, settings: &InputSettings| {
        let source = Cursor::new(format!("{header}\n"));
        let input = open_with(source, settings);
        input.map(|input| {
            let columns = input.columns();
            [columns.from_id.index, columns.to_id.index]
        })
    };
    for (header, expected) in [
        ("from_id,to_id", [0, 1]),
        ("x,to_object_id,from_object_id", [2, 1]),
        ("from_email,to_domain", [0, 1]),
        ("from_key,to_key", [0, 1]),
        ("Email,Domain", [0, 1]),
        ("Company Website,Contact E-mail", [1, 0]),
        ("contact_email,Email address 2,company_domain", [0, 2]),
        // A name with the side is clearer than one without.
        ("Email,from_email,Website", [1, 2]),
    ] {
        assert_eq!(column(header, &by_keys()).ok(), Some(expected), "{header}");
    }
    let customers = InputSettings {
        from_property: PropertyName::new("customer_no"),
        ..by_email()
    };
    assert_eq!(column("Customer No,to_id", &customers).ok(), Some([0, 1]));
    // Without a property, such names mean nothing.
    let by_ids = InputSettings {
        from_property: None,
        ..by_email()
    };
    assert!(column("Email,to_id", &by_ids).is_err());
}

#[test]
fn an_unclear_header_is_refused_with_the_flags_for_this_file() {
    let flags = ": a header, or `#3` for the third column";
    for (header, problem, hint) in [
        (
            "Email,Mail,to_id",
            "more than one column for the from id: `Email` (column 1), `Mail` (column 2); headers found: `Email`, `Mail`, \
             `to_id`",
            "`--from-id-column Email` or `--from-id-column Mail`",
        ),
        (
            "Work e-mail,from_mailbox,to_id",
            "no column for the from id; headers found: `Work e-mail`, `from_mailbox`, `to_id`",
            "`--from-id-column 'Work e-mail'` or `--from-id-column from_mailbox`",
        ),
        (
            "Name,to_id",
            "no column for the from id; headers found: `Name`, `to_id`",
            "`--from-id-column`",
        ),
    ] {
        let [message, found] = message_with(&by_email(), header);
        assert_eq!(message, format!("`pairs.csv` line 1: {problem}"));
        assert_eq!(found, format!("name the columns with {hint}{flags}"));
    }
}

#[test]
fn domains_of_companies_need_the_search() {
    let settings = InputSettings {
        allow_search: false,
        ..by_keys()
    };
    let [message, hint] = message_with(&settings, "Email,Domain\na@b.c,acme.com\n");
    assert_eq!(
        message,
        "`pairs.csv`: the property `domain` of companies is not unique: only the search finds its values"
    );
    assert_eq!(
        hint,
        "to use the search, which takes 5 calls per second at most, run `hubspot-associate import pairs.csv --allow-search`"
    );
    // The type may stand in the row.
    let by_column = InputSettings {
        columns: ColumnSettings {
            from_type: ObjectType::new("contacts"),
            ..ColumnSettings::default()
        },
        ..settings
    };
    let text = "from_email,to_type,to_domain\na@b.c,p_vendor,x.y\na@b.c,0-2,acme.com\na@b.c,p_vendor,x.y\n";
    let mut input = open_with(Cursor::new(text), &by_column).unwrap();
    let mut row = CheckedRow::default();
    assert!(input.read(&mut row).unwrap());
    assert!(matches!(row.content, RowContent::Keyed(_)));
    let error = input.read(&mut row).unwrap_err();
    assert_eq!(
        error.to_string(),
        "`pairs.csv` line 3: the property `domain` of 0-2 is not unique: only the search finds its values"
    );
    assert!(!input.progress().is_finished());
}
