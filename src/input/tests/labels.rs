//! The column with the labels of rows.

use std::io::Cursor;

use proptest::prelude::*;

use crate::domain::labels::AskedLabels;
use crate::domain::pair::ObjectType;
use crate::domain::property_name::PropertyName;
use crate::input::columns::settings::ColumnSettings;
use crate::input::fixtures::{message_with, next_row, open_with, rows, shown_row};
use crate::input::row::{CheckedRow, RowContent};
use crate::input::settings::InputSettings;

/// The label stands in the column with this name.
fn labelled(column: &str) -> InputSettings {
    InputSettings {
        columns: ColumnSettings {
            from_type: ObjectType::new("contacts"),
            to_type: ObjectType::new("companies"),
            label_column: column.parse().ok(),
            ..ColumnSettings::default()
        },
        ..InputSettings::default()
    }
}

/// Cells may have several ids and labels.
fn split(column: &str) -> InputSettings {
    InputSettings {
        split: ";".parse().ok(),
        ..labelled(column)
    }
}

/// The names that a row asks for, joined by `+`; `-` if it has none.
fn names(row: &CheckedRow) -> String {
    match &row.labels {
        None => "-".to_owned(),
        Some(AskedLabels::Named(names)) => names
            .iter()
            .map(AsRef::<str>::as_ref)
            .collect::<Vec<_>>()
            .join("+"),
        Some(AskedLabels::Known(_)) => panic!("only names are read"),
    }
}

/// Each row with the labels that it asks for. One buffer is used for all rows.
fn shown(settings: &InputSettings, text: impl AsRef<[u8]>) -> Vec<String> {
    let mut input = open_with(Cursor::new(text.as_ref().to_vec()), settings).unwrap();
    let mut row = CheckedRow::default();
    let mut shown = Vec::new();
    while input.read(&mut row).unwrap() {
        shown.push(format!("{} [{}]", shown_row(row.clone()), names(&row)));
    }
    shown
}

/// The result for one row with this cell, without its position.
fn cell(settings: &InputSettings, cell: &str) -> String {
    let shown = shown(settings, format!("from_id,Role,to_id\n1,{cell},2\n"));
    shown[0].strip_prefix("1/2: ").unwrap().to_owned()
}

#[test]
fn a_cell_names_one_label_or_a_list_of_them_with_split() {
    for (text, one, several) in [
        ("Billing contact", "Billing contact", "Billing contact"),
        (" \tCEO\u{a0}", "CEO", "CEO"),
        ("A;B", "A;B", "A+B"),
        ("A; B ;;A;", "A; B ;;A;", "A+B"),
        ("\"A, B\"", "A, B", "A, B"),
        ("\"=\"\"A;B\"\"\"", "A;B", "A+B"),
        ("\"=\"\"A\"\";=\"\"B\"\"\"", "=\"A\";=\"B\"", "A+B"),
        ("Größe 👩‍👧", "Größe 👩‍👧", "Größe 👩‍👧"),
        ("NA", "NA", "NA"),
    ] {
        let pair = "contacts 1 -> companies 2";
        assert_eq!(cell(&labelled("role"), text), format!("{pair} [{one}]"));
        assert_eq!(cell(&split("role"), text), format!("{pair} [{several}]"));
    }
}

#[test]
fn a_cell_without_a_label_makes_the_row_invalid_unless_all_rows_have_labels() {
    let blank = "`Role` (column 2) is blank: import the rows without a label in a run of their own, without \
                 `--label-column` [-]";
    let with_others = |settings: InputSettings| InputSettings {
        has_common_labels: true,
        ..settings
    };
    for text in ["", " \u{a0}", "\"\"", "\"=\"\"\"\"\""] {
        for settings in [labelled("role"), split("role")] {
            assert_eq!(cell(&settings, text), blank, "{text:?}");
            let linked = "contacts 1 -> companies 2 [-]";
            assert_eq!(cell(&with_others(settings), text), linked, "{text:?}");
        }
    }
    assert_eq!(cell(&split("role"), " ; ;"), blank);
}

#[test]
fn a_cell_that_is_no_name_makes_the_row_invalid_also_where_it_may_be_blank() {
    let long = "x".repeat(256);
    let longest = "é".repeat(255);
    let many: Vec<String> = (1..=51).map(|label| label.to_string()).collect();
    let settings = InputSettings {
        has_common_labels: true,
        ..split("role")
    };
    for (text, problem) in [
        (
            "NULL",
            "`NULL` stands for no value, not for a label".to_owned(),
        ),
        (
            "CEO; - ",
            "`-` stands for no value, not for a label".to_owned(),
        ),
        (
            "#N/A",
            "`#N/A` is an error of a spreadsheet formula: fix the formula".to_owned(),
        ),
        (
            &long,
            format!(
                "`{}…` has 256 characters, the name of a label has at most 255",
                &long[..59]
            ),
        ),
        (
            &many.join(";"),
            format!(
                "`{}…` has more than 50 names, two types have at most 50 labels",
                &many.join(";")[..59]
            ),
        ),
        (
            "\"CEO\"x",
            "`CEOx` has text after its closing quote".to_owned(),
        ),
    ] {
        assert_eq!(
            cell(&settings, text),
            format!("`Role` (column 2): {problem} [-]")
        );
    }
    let pair = "contacts 1 -> companies 2";
    assert_eq!(cell(&settings, &longest), format!("{pair} [{longest}]"));
    let fifty = many[..50].join(";");
    assert_eq!(
        cell(&settings, &fifty),
        format!("{pair} [{}]", many[..50].join("+"))
    );
}

#[test]
fn bytes_that_are_not_text_are_refused_and_others_are_decoded() {
    let text = b"from_id,Role,to_id\n1,Gesch\xe4ftsf\xfchrer,2\n3,\x8f,4\n";
    let of = |encoding: &str| {
        let settings = InputSettings {
            encoding: encoding.parse().ok(),
            ..labelled("Role")
        };
        shown(&settings, text)
    };
    assert_eq!(
        of("windows-1252")[0],
        "1/2: contacts 1 -> companies 2 [Geschäftsführer]"
    );
    assert!(of("utf-8")[0].ends_with("has bytes that are not valid UTF-8 [-]"));
    assert!(
        of("shift_jis")
            .iter()
            .any(|row| row.ends_with("has bytes that are not valid Shift_JIS [-]"))
    );
}

#[test]
fn labels_never_stay_in_the_row_after_them() {
    let text = "from_id,Role,to_id\n1,CEO,2\nx,CEO,2\n3,,4\n5,CEO,6\n7,CFO,8\n9,CEO\n10,CEO,11\n";
    let blank =
        "is blank: import the rows without a label in a run of their own, without `--label-column`";
    assert_eq!(
        shown(&labelled("Role"), text),
        [
            "1/2: contacts 1 -> companies 2 [CEO]".to_owned(),
            "2/3: `from_id` (column 1): `x` has letters, an id has only digits [-]".to_owned(),
            format!("3/4: `Role` (column 2) {blank} [-]"),
            "4/5: contacts 5 -> companies 6 [CEO]".to_owned(),
            "5/6: contacts 7 -> companies 8 [CFO]".to_owned(),
            "6/7: expected 3 fields, found 2 [-]".to_owned(),
            "7/8: contacts 10 -> companies 11 [CEO]".to_owned(),
        ]
    );
    // Labels that were resolved since the last read are gone as well.
    let mut input = open_with(Cursor::new("from_id,to_id\n1,2\n"), &labelled("")).unwrap();
    let mut row =
        next_row(&mut open_with(Cursor::new("from_id,to_id,r\n1,2,A\n"), &labelled("r")).unwrap())
            .unwrap()
            .unwrap();
    assert_eq!(names(&row), "A");
    assert!(input.read(&mut row).unwrap());
    assert_eq!(names(&row), "-");
}

#[test]
fn rows_with_the_same_cell_share_its_names() {
    let text = "from_id,Role,to_id\n1,CEO,2\n3,CFO,4\n5,CEO,6\n";
    let mut input = open_with(Cursor::new(text), &labelled("Role")).unwrap();
    let rows = rows(&mut input).unwrap();
    let place = |row: &CheckedRow| match &row.labels {
        Some(AskedLabels::Named(names)) => std::ptr::from_ref(names.iter().next().unwrap()),
        other => panic!("{other:?}"),
    };
    assert_eq!(place(&rows[0]), place(&rows[2]));
    assert_ne!(place(&rows[0]), place(&rows[1]));
}

#[test]
fn all_problems_of_a_row_are_reported_together() {
    assert_eq!(
        shown(&labelled("Role"), "from_id,Role,to_id\nx,#REF!,0\n"),
        [
            "1/2: `from_id` (column 1): `x` has letters, an id has only digits; `to_id` (column 3): `0` is zero, no record \
             has that id; `Role` (column 2): `#REF!` is an error of a spreadsheet formula: fix the formula [-]"
        ]
    );
}

#[test]
fn every_pair_of_a_row_has_its_labels() {
    let text = "from_id,to_id,Role\n1,2;3;x,A;B\n4,,\n5,6;7,NULL\n8,9,C\n";
    assert_eq!(
        shown(&split("Role"), text),
        [
            "1/2: contacts 1 -> companies 2 [A+B]",
            "1/2: contacts 1 -> companies 3 [A+B]",
            "1/2: `to_id` (column 2): `x` has letters, an id has only digits [-]",
            "2/3: skipped [-]",
            "3/4: `Role` (column 3): `NULL` stands for no value, not for a label [-]",
            "4/5: contacts 8 -> companies 9 [C]",
        ]
    );
}

#[test]
fn rows_with_keys_have_labels_too() {
    let settings = InputSettings {
        from_property: PropertyName::new("email"),
        ..labelled("Role")
    };
    assert_eq!(
        shown(&settings, "email,Role,to_id\na@b.c,CEO,2\nd@e.f,-,2\n"),
        [
            "1/2: contacts `a@b.c` -> companies 2 [CEO]",
            "2/3: `Role` (column 2): `-` stands for no value, not for a label [-]",
        ]
    );
}

#[test]
fn a_cell_that_is_left_out_at_the_end_of_a_row_is_blank() {
    let settings = InputSettings {
        has_common_labels: true,
        ..labelled("Role")
    };
    let pair = "1/2: contacts 1 -> companies 2";
    for (header, row, label) in [
        ("Role", "", "-"),
        ("Role", ",A", "A"),
        ("Role,note", ",A", "A"),
        (
            "Role,error_category,error_message",
            ",VALIDATION_ERROR,no",
            "-",
        ),
        (
            "Role,error_category,error_message",
            ",A,VALIDATION_ERROR,no",
            "A",
        ),
        (
            "Role,error_category,error_message",
            ",A,,VALIDATION_ERROR,no",
            "A",
        ),
    ] {
        let text = format!("from_id,to_id,{header}\n1,2{row}\n");
        assert_eq!(
            shown(&settings, text),
            [format!("{pair} [{label}]")],
            "{header}: {row}"
        );
    }
}

#[test]
fn the_column_is_found_by_its_name_or_number() {
    for name in ["Role", "role ", "#2"] {
        assert_eq!(
            cell(&labelled(name), "CEO"),
            "contacts 1 -> companies 2 [CEO]",
            "{name}"
        );
    }
    let hint = "name the columns with `--label-column`: a header, or `#3` for the third column";
    for (name, header, message) in [
        (
            "Label",
            "from_id,Role,to_id",
            "no column `Label` for the label",
        ),
        (
            "#4",
            "from_id,Role,to_id",
            "no column #4 for the label: the header has 3",
        ),
        (
            "role",
            "from_id,Role,to_id,ROLE",
            "more than one column for the label: `Role` (column 2), `ROLE` (column 4)",
        ),
    ] {
        let headers: Vec<String> = header.split(',').map(|name| format!("`{name}`")).collect();
        let message = format!(
            "`pairs.csv` line 1: {message}; headers found: {}",
            headers.join(", ")
        );
        let found = message_with(&labelled(name), header);
        assert_eq!(found, [message, hint.to_owned()]);
    }
    let [message, _] = message_with(&labelled("to_id"), "from_id,Role,to_id");
    assert!(
        message.contains("`to_id` (column 3) cannot be both the to id and the label"),
        "{message}"
    );
    let mut by_type = labelled("kind");
    by_type.columns.to_type = None;
    by_type.columns.to_type_column = "kind".parse().ok();
    let [message, _] = message_with(&by_type, "from_id,kind,to_id");
    assert!(
        message.contains("cannot be both the to type and the label"),
        "{message}"
    );
}

#[test]
fn without_a_header_the_column_is_named_by_number() {
    let headerless = |label: &str| {
        let mut settings = labelled(label);
        settings.no_header = true;
        settings.columns.from_id_column = "#1".parse().ok();
        settings.columns.to_id_column = "#2".parse().ok();
        settings
    };
    let rows = "1,2,CEO\n3,4,CFO\n";
    assert_eq!(
        shown(&headerless("#3"), rows),
        [
            "1/1: contacts 1 -> companies 2 [CEO]",
            "2/2: contacts 3 -> companies 4 [CFO]"
        ]
    );
    for (label, message) in [
        ("#4", "no column #4 for the label: the first row has 3"),
        (
            "Role",
            "no column `Role` for the label: with `--no-header` columns have no names",
        ),
    ] {
        let [found, hint] = message_with(&headerless(label), rows);
        assert!(found.contains(message), "{found}");
        assert_eq!(
            hint,
            "without a header, name columns by number, such as `--label-column '#3'`"
        );
    }
}

proptest! {
    #[test]
    fn any_cell_makes_one_row_with_labels_or_a_problem(
        cells in prop::collection::vec(prop::collection::vec(
            prop_oneof![any::<u8>(), prop::sample::select(b"AB;; =#".to_vec())], 0..12,
        ), 1..8),
        is_split: bool,
        has_common_labels: bool,
    ) {
        let mut text = b"from_id,to_id,Role\n".to_vec();
        for cell in &cells {
            text.extend(b"1,2,\"");
            text.extend(cell.iter().flat_map(|&byte| vec![byte; if byte == b'"' { 2 } else { 1 }]));
            text.extend(b"\"\n");
        }
        let settings = if is_split { split("Role") } else { labelled("Role") };
        let settings = InputSettings { has_common_labels, ..settings };
        let mut input = open_with(Cursor::new(text), &settings).unwrap();
        let rows = rows(&mut input).unwrap();
        prop_assert_eq!(rows.len(), cells.len());
        for row in rows {
            match (&row.content, &row.labels) {
                (RowContent::Pair(_), Some(AskedLabels::Named(names))) => prop_assert!(names.iter().count() > 0),
                (RowContent::Pair(_), None) => prop_assert!(has_common_labels),
                (RowContent::Invalid(_), None) => {}
                other => prop_assert!(false, "{other:?}"),
            }
        }
    }
}
