//! Cells with several ids: the pairs of a row.

use std::io::Cursor;

use crate::domain::pair::ObjectType;
use crate::input::columns::settings::ColumnSettings;
use crate::input::fixtures;
use crate::input::fixtures::open_with;
use crate::input::row::{CheckedRow, InvalidRow, RowContent, SkippedRow};
use crate::input::settings::InputSettings;
use crate::input::validate::problem::RowProblem;

/// The result of `--split ';'` for `from_id,to_id` rows: each item as `row: from -> to`.
pub(super) fn split(rows: &str, first: Option<u64>) -> Vec<String> {
    let settings = InputSettings {
        columns: ColumnSettings {
            from_type: ObjectType::new("contacts"),
            to_type: ObjectType::new("companies"),
            ..ColumnSettings::default()
        },
        split: Some(";".parse().unwrap()),
        first: first.and_then(std::num::NonZeroU64::new),
        ..InputSettings::default()
    };
    let source = Cursor::new(format!("from_id,to_id,x\n{rows}"));
    let mut input = open_with(source, &settings).unwrap();
    let shown = |row: CheckedRow| {
        let what = match row.content {
            RowContent::Pair(pair) | RowContent::LabelsOf(pair) => {
                format!("{} -> {}", pair.from.id, pair.to.id)
            }
            RowContent::Keyed(pair) => format!("{pair:?}"),
            RowContent::Invalid(InvalidRow { problems, values }) => format!(
                "{} -> {}, {} wrong",
                values.from_id,
                values.to_id,
                problems.len()
            ),
            RowContent::Skipped(SkippedRow::NothingToLink(values)) => {
                format!("{} -> {}, nothing", values.from_id, values.to_id)
            }
            RowContent::Skipped(skipped) => panic!("{skipped:?}: nothing is skipped here"),
        };
        format!("{}: {what}", row.key.row)
    };
    let items = fixtures::rows(&mut input).unwrap();
    assert!(input.progress().is_finished());
    assert_eq!(input.progress().rows(), items.len() as u64);
    items.into_iter().map(shown).collect()
}

#[test]
fn a_row_makes_a_pair_for_every_id_in_its_cells() {
    for (rows, expected) in [
        ("1,2,x\n", &["1: 1 -> 2"][..]),
        (
            "1, 2 ;3;;2,x\n4,5,x\n",
            &["1: 1 -> 2", "1: 1 -> 3", "2: 4 -> 5"],
        ),
        (
            "1;2,3;4,x\n",
            &["1: 1 -> 3", "1: 1 -> 4", "1: 2 -> 3", "1: 2 -> 4"],
        ),
        (
            "1,2;x;3,x\n",
            &["1: 1 -> 2", "1: 1 -> x, 1 wrong", "1: 1 -> 3"],
        ),
        ("x;1,y,x\n", &["1: x -> y, 2 wrong", "1: 1 -> y, 1 wrong"]),
        (
            "1,,x\n,2,x\n1, ; ,x\n",
            &[
                "1: 1 -> , nothing",
                "2:  -> 2, 1 wrong",
                "3: 1 -> ;, nothing",
            ],
        ),
        ("; ,2;3,x\n", &["1: ; -> 2;3, 1 wrong"]),
        ("1;2,,x\n", &["1: 1;2 -> , 1 wrong"]),
        (
            "=\"1\",=\"2;3\",x\n=\"4\",=\"5\";=\"6\";=\"x\",x\n",
            &[
                "1: 1 -> 2",
                "1: 1 -> 3",
                "2: 4 -> 5",
                "2: 4 -> 6",
                "2: 4 -> =\"x\", 1 wrong",
            ],
        ),
        ("1\n", &["1: 1 -> , 1 wrong"]),
        ("1,2;3\n", &["1: 1 -> 2", "1: 1 -> 3"]),
        ("1,\"2\"3;4,x\n", &["1: 1 -> 23;4, 1 wrong"]),
    ] {
        assert_eq!(split(rows, None), expected, "{rows:?}");
    }
}

#[test]
fn a_row_whose_lists_make_too_many_pairs_is_one_invalid_row() {
    let ids = |count: u32| {
        (1..=count)
            .map(|id| id.to_string())
            .collect::<Vec<_>>()
            .join(";")
    };
    let most = 100_000;
    for (from, to, expected) in [
        (1, most, None),
        (most, 1, None),
        (400, 250, None),
        (1, most + 1, Some("1 and over 100000 ids")),
        (most + 50, 3, Some("over 100000 and 3 ids")),
        (400, 251, Some("400 and 251 ids")),
        (most, most, Some("100000 and 100000 ids")),
        (most * 2, most * 2, Some("over 100000 and over 100000 ids")),
    ] {
        let items = split(&format!("{},{},x\n5,6,x\n", ids(from), ids(to)), None);
        match expected {
            None => assert_eq!(items.len(), 1 + most as usize, "{from} x {to}"),
            Some(expected) => {
                assert_eq!(items.len(), 2, "{from} x {to}");
                assert!(items[0].ends_with(", 1 wrong"), "{}", items[0]);
                assert_eq!(items[1], "2: 5 -> 6");
                let ids = [from, to].map(|count| count.min(most + 1) as usize);
                let message = RowProblem::TooManyPairs { ids }.to_string();
                let start = format!("its lists have {expected}, more than 100000 pairs: ");
                assert!(message.starts_with(&start), "{message}");
            }
        }
    }
    // A repeated id counts once.
    let twice = format!("1,{};{},x\n", ids(most), ids(most));
    assert_eq!(split(&twice, None).len(), most as usize);
}

#[test]
fn the_first_rows_are_counted_in_the_file_and_not_in_pairs() {
    let rows = "1,2;3;4,x\n5,6,x\n7,8,x\n";
    assert_eq!(split(rows, Some(1)).len(), 3);
    assert_eq!(split(rows, Some(2)).len(), 4);
    assert_eq!(split(rows, Some(9)).len(), 5);
}

#[test]
fn a_cell_of_many_ids_makes_all_pairs_one_at_a_time() {
    let ids: Vec<String> = (0..16_000)
        .map(|id| (10_000_000_000_u64 + id).to_string())
        .collect();
    let cell = ids.join(";");
    assert!(cell.len() > 180_000);
    let items = split(&format!("1,{cell},x\n2,\"{cell}\",x\n"), None);
    assert_eq!(items.len(), 32_000);
    assert_eq!(items[31_999], format!("2: 2 -> {}", ids[15_999]));
}
