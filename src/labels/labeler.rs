//! Resolves the labels of rows, with the lists of the types that they have.

use std::collections::HashMap;
use std::fmt;

use crate::domain::association_type::AssociationType;
use crate::domain::label_id::LabelId;
use crate::domain::label_names::LabelNames;
use crate::domain::label_set::LabelSet;
use crate::domain::labels::AskedLabels;
use crate::domain::pair::ObjectType;
use crate::domain::standard_type::canonical;
use crate::input::columns::column::Column;
use crate::input::row::{CheckedRow, InvalidRow, RawValues, RowContent};
use crate::input::validate::problem::RowProblem;
use crate::labels::error::{LabelError, NotResolved};
use crate::labels::type_labels::TypeLabels;
use crate::text::excerpt;

/// How many different cells of a pair of types are remembered.
const MAX_CELLS: usize = 10_000;

/// The maximum number of pairs of types. It bounds memory and requests for a file whose type columns hold something else.
pub const MAX_TYPE_PAIRS: usize = 1000;

/// Characters of a cell that a message shows.
const MAX_SHOWN_CELL: usize = 60;

/// The separators that a list of labels usually has.
const SEPARATORS: [char; 3] = [';', ',', '|'];

/// The result of listing the labels of two types.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Listed {
    /// The labels.
    Known(TypeLabels),
    /// HubSpot does not know one of the types, or no association between them, and says why.
    Refused(String),
}

/// Lists the labels of two types. Called once for each pair of types.
pub type ListLabels = Box<dyn FnMut(&ObjectType, &ObjectType) -> Result<Listed, LabelError> + Send>;

/// Resolves the labels of rows.
pub struct Labeler {
    /// The labels of all rows, by name.
    names: Option<LabelNames>,
    /// The labels of all rows, by id.
    ids: Vec<LabelId>,
    /// The column with the labels of each row.
    column: Option<Column>,
    list: ListLabels,
    /// The labels of the pairs of types, by their canonical names.
    types: HashMap<[Box<str>; 2], usize>,
    labels: Vec<PairLabels>,
    /// The types of the last row, and the place of their labels.
    last: Option<([ObjectType; 2], usize)>,
}

impl fmt::Debug for Labeler {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Labeler")
            .field("names", &self.names)
            .field("ids", &self.ids)
            .field("column", &self.column)
            .finish_non_exhaustive()
    }
}

/// The labels of a pair of types.
#[derive(Debug)]
struct PairLabels {
    listed: Listed,
    /// The labels of all rows.
    common: Vec<AssociationType>,
    /// The labels of cells, or why there are none.
    cells: HashMap<LabelNames, Result<LabelSet, String>>,
    /// The last cell. Rows with the same cell share its names, so that a comparison is cheap.
    last: Option<(Option<LabelNames>, Result<LabelSet, String>)>,
}

impl Labeler {
    /// `names` and `ids` are the labels of all rows, `column` is the one with the labels of each row.
    #[must_use]
    pub fn new(
        names: Option<LabelNames>,
        ids: Vec<LabelId>,
        column: Option<Column>,
        list: ListLabels,
    ) -> Self {
        Self {
            names,
            ids,
            column,
            list,
            types: HashMap::new(),
            labels: Vec::new(),
            last: None,
        }
    }

    /// Adds the labels of a pair of types, and resolves those of all rows.
    pub fn add(&mut self, types: [&ObjectType; 2], listed: Listed) -> Result<(), LabelError> {
        self.insert(types, listed).map(|_| ())
    }

    /// Resolves the labels of a row. Where that is not possible for those of its cell, the row becomes invalid; the error is
    /// about the labels of all rows, or the list.
    pub fn apply(&mut self, row: &mut CheckedRow) -> Result<(), LabelError> {
        let types = match &row.content {
            RowContent::Pair(pair) => [&pair.from.object_type, &pair.to.object_type],
            RowContent::Keyed(pair) => [pair.from.object_type(), pair.to.object_type()],
            _ => {
                row.labels = None;
                return Ok(());
            }
        };
        let place = match &self.last {
            Some((last, place)) if last.each_ref() == types => *place,
            _ => {
                let types = types.map(ObjectType::clone);
                let place = self.place_of(types.each_ref())?;
                self.last = Some((types, place));
                place
            }
        };
        let cell = match row.labels.take() {
            Some(AskedLabels::Named(names)) => Some(names),
            Some(known @ AskedLabels::Known(_)) => {
                row.labels = Some(known);
                return Ok(());
            }
            None => None,
        };
        match self.labels[place].resolve(cell.as_ref()) {
            Ok(labels) => row.labels = Some(AskedLabels::Known(labels)),
            Err(message) => {
                let problem = RowProblem::Label {
                    column: self.column.clone().unwrap_or_else(|| Column {
                        index: 0,
                        header: "label".to_owned(),
                    }),
                    value: cell.as_ref().map(shown).unwrap_or_default(),
                    message,
                };
                if let Some(values) = raw_values(&row.content) {
                    row.content = RowContent::Invalid(InvalidRow {
                        problems: vec![problem],
                        values,
                    });
                }
            }
        }
        Ok(())
    }

    fn place_of(&mut self, types: [&ObjectType; 2]) -> Result<usize, LabelError> {
        if let Some(place) = self.types.get(&key_of(types)) {
            return Ok(*place);
        }
        let listed = (self.list)(types[0], types[1])?;
        self.insert(types, listed)
    }

    fn insert(&mut self, types: [&ObjectType; 2], listed: Listed) -> Result<usize, LabelError> {
        let [from, to] = types;
        if self.labels.len() >= MAX_TYPE_PAIRS {
            let max = MAX_TYPE_PAIRS;
            return Err(LabelError::TooManyTypes { max });
        }
        let common = self.common(from, to, &listed)?;
        self.labels.push(PairLabels {
            listed,
            common,
            cells: HashMap::new(),
            last: None,
        });
        let place = self.labels.len() - 1;
        self.types.insert(key_of(types), place);
        Ok(place)
    }

    /// The labels of all rows.
    fn common(
        &self,
        from: &ObjectType,
        to: &ObjectType,
        listed: &Listed,
    ) -> Result<Vec<AssociationType>, LabelError> {
        let labels = match listed {
            Listed::Known(labels) => labels,
            Listed::Refused(_) if self.names.is_none() && self.ids.is_empty() => {
                return Ok(Vec::new());
            }
            Listed::Refused(why) => {
                return Err(LabelError::Refused {
                    from: from.clone(),
                    to: to.clone(),
                    why: why.clone(),
                    is_forbidden: false,
                });
            }
        };
        let failed = |name: String| {
            move |why: NotResolved| LabelError::NotResolved {
                from: from.clone(),
                to: to.clone(),
                name,
                why,
            }
        };
        let names = self.names.iter().flat_map(LabelNames::iter);
        let by_name = names.map(|name| labels.by_name(name).map_err(failed(name.to_string())));
        let by_id = self
            .ids
            .iter()
            .map(|id| labels.by_id(id).map_err(failed(id.to_string())));
        by_name.chain(by_id).collect()
    }
}

fn key_of(types: [&ObjectType; 2]) -> [Box<str>; 2] {
    types.map(|kind| Box::from(canonical(kind.as_str())))
}

impl PairLabels {
    /// The labels of a row with these names in its cell.
    fn resolve(&mut self, cell: Option<&LabelNames>) -> Result<LabelSet, String> {
        if let Some((last, result)) = &self.last
            && last.as_ref() == cell
        {
            return result.clone();
        }
        let result = match cell.and_then(|names| self.cells.get(names)) {
            Some(result) => result.clone(),
            None => self.look_up(cell),
        };
        if let Some(names) = cell
            && self.cells.len() < MAX_CELLS
        {
            self.cells.insert(names.clone(), result.clone());
        }
        self.last = Some((cell.cloned(), result.clone()));
        result
    }

    fn look_up(&self, cell: Option<&LabelNames>) -> Result<LabelSet, String> {
        let labels = match &self.listed {
            Listed::Known(labels) => labels,
            Listed::Refused(why) => {
                return Err(format!(
                    "cannot be looked up, HubSpot does not list the labels of the types: {why}"
                ));
            }
        };
        let types = [&labels.from_type, &labels.to_type];
        let mut found = self.common.clone();
        for name in cell.into_iter().flat_map(LabelNames::iter) {
            match labels.by_name(name) {
                Ok(label) => found.push(label),
                Err(_) if is_list(labels, name) => {
                    return Err("is a list where one label was expected, see `--split`".to_owned());
                }
                Err(why) => {
                    let about = why.about_name(types);
                    let is_whole_cell = cell.is_some_and(|names| names.iter().count() == 1);
                    return Err(if is_whole_cell {
                        about
                    } else {
                        format!("has \"{}\", which {about}", excerpt(name, MAX_SHOWN_CELL))
                    });
                }
            }
        }
        LabelSet::new(found).ok_or_else(|| "names no label".to_owned())
    }
}

/// Whether a name is a list of names of labels.
fn is_list(labels: &TypeLabels, name: &str) -> bool {
    SEPARATORS.iter().any(|separator| {
        let mut parts = name
            .split(*separator)
            .filter(|part| !part.trim().is_empty());
        name.contains(*separator) && parts.all(|part| labels.by_name(part.trim()).is_ok())
    })
}

/// A cell as a message shows it.
fn shown(names: &LabelNames) -> String {
    let names: Vec<&str> = names.iter().map(|name| &**name).collect();
    excerpt(&names.join("; "), MAX_SHOWN_CELL)
}

/// The four values of a row that is a pair.
fn raw_values(content: &RowContent) -> Option<RawValues> {
    let [from_type, from, to_type, to] = content.pair_values()?.map(str::to_owned);
    let keys = content.keys().unwrap_or_default();
    let are_keys = [keys.from.is_some(), keys.to.is_some()];
    Some(RawValues::new([from_type, to_type], [from, to], are_keys))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

    use super::*;
    use crate::domain::fixtures::pair;
    use crate::domain::pair::RowKey;
    use crate::labels::type_labels::tests::contacts_and_companies;

    /// A labeler for all spellings of these types, and how often it has listed labels.
    fn labeler(names: &[&str], ids: &[&str]) -> (Labeler, Arc<AtomicUsize>) {
        let calls = Arc::new(AtomicUsize::default());
        let counter = Arc::clone(&calls);
        let list: ListLabels = Box::new(move |from, to| {
            counter.fetch_add(1, Relaxed);
            if to.as_str() == "widgets" {
                return Ok(Listed::Refused("no such type".to_owned()));
            }
            Ok(Listed::Known(TypeLabels {
                from_type: from.clone(),
                to_type: to.clone(),
                ..contacts_and_companies()
            }))
        });
        let ids = ids.iter().map(|id| id.parse().unwrap()).collect();
        let column = Column {
            index: 4,
            header: "Role".to_owned(),
        };
        let names = LabelNames::new(names.iter().copied());
        (Labeler::new(names, ids, Some(column), list), calls)
    }

    fn row(from: &str, to: &str, names: &[&str]) -> CheckedRow {
        CheckedRow {
            key: RowKey { row: 7, line: 8 },
            content: RowContent::Pair(pair(&format!("{from} 1"), &format!("{to} 2"))),
            labels: LabelNames::new(names.iter().copied()).map(AskedLabels::Named),
        }
    }

    /// The ids of the labels of a row, its problem, or the error that ends the run.
    fn shown(labeler: &mut Labeler, mut row: CheckedRow) -> String {
        if let Err(error) = labeler.apply(&mut row) {
            return format!("error: {error}");
        }
        match (row.content, row.labels) {
            (RowContent::Invalid(invalid), None) => invalid.to_string(),
            (_, Some(AskedLabels::Known(labels))) => {
                let ids: Vec<String> = labels.ids().map(|id| id.to_string()).collect();
                ids.join(" ")
            }
            (content, labels) => format!("{content:?} {labels:?}"),
        }
    }

    #[test]
    fn a_row_has_the_labels_of_its_cell_and_of_the_flags() {
        let (mut cells, _) = labeler(&[], &[]);
        let (mut flags, _) = labeler(&["manager"], &["HUBSPOT_DEFINED:1"]);
        for (names, of_cell, of_both) in [
            (
                &["Decision maker", "vip"][..],
                "USER_DEFINED:1 USER_DEFINED:11",
                "HUBSPOT_DEFINED:1 USER_DEFINED:1 USER_DEFINED:11 USER_DEFINED:5",
            ),
            (
                &["user_defined:1"],
                "USER_DEFINED:1",
                "HUBSPOT_DEFINED:1 USER_DEFINED:1 USER_DEFINED:5",
            ),
        ] {
            // Once looked up, and once remembered.
            for _ in 0..2 {
                let row = || row("contacts", "companies", names);
                let sorted = |text: String| {
                    let mut ids: Vec<&str> = text.split(' ').collect();
                    ids.sort_unstable();
                    ids.join(" ")
                };
                assert_eq!(sorted(shown(&mut cells, row())), of_cell);
                assert_eq!(sorted(shown(&mut flags, row())), of_both);
            }
        }
        let blank = row("contacts", "companies", &[]);
        assert_eq!(shown(&mut flags, blank), "HUBSPOT_DEFINED:1 USER_DEFINED:5");
    }

    #[test]
    fn a_cell_that_means_no_label_makes_its_row_invalid_with_the_values_of_the_row() {
        let (mut labeler, _) = labeler(&[], &[]);
        for (names, problem) in [
            (
                &["Decison maker"][..],
                "`Decison maker` is no label from contacts to companies: did you mean \"Decision maker\"?",
            ),
            (
                &["Manager", "Boss X"],
                "`Manager; Boss X` has \"Boss X\", which is no label from contacts to companies: ",
            ),
            (
                &["Manager; Decision maker"],
                "`Manager; Decision maker` is a list where one label was expected, see `--split`",
            ),
        ] {
            let row = row("contacts", "companies", names);
            let shown = shown(&mut labeler, row);
            let expected = format!("`Role` (column 5): {problem}");
            assert!(shown.starts_with(&expected), "{shown}");
        }
        let mut invalid = row("contacts", "companies", &["Boss"]);
        labeler.apply(&mut invalid).unwrap();
        let RowContent::Invalid(InvalidRow { values, .. }) = invalid.content else {
            panic!("{invalid:?}");
        };
        let values = [
            values.from_type,
            values.from_id,
            values.to_type,
            values.to_id,
        ];
        assert_eq!(values, ["contacts", "1", "companies", "2"]);
    }

    #[test]
    fn types_that_hubspot_refuses_make_rows_invalid_unless_flags_name_labels() {
        let widgets = || row("contacts", "widgets", &["Manager"]);
        let (mut cells, _) = labeler(&[], &[]);
        let message = shown(&mut cells, widgets());
        assert!(message.ends_with(": no such type"), "{message}");
        let (mut flags, _) = labeler(&["Manager"], &[]);
        assert_eq!(
            shown(&mut flags, widgets()),
            "error: HubSpot does not list the labels from contacts to widgets: no such type"
        );
    }

    #[test]
    fn types_are_listed_once_in_any_spelling_up_to_a_limit() {
        let (mut labeler, calls) = labeler(&["Manager"], &[]);
        for (from, to) in [
            ("contacts", "companies"),
            ("0-1", "0-2"),
            ("deals", "0-2"),
            ("Contact", "company"),
        ] {
            assert_eq!(shown(&mut labeler, row(from, to, &[])), "USER_DEFINED:5");
        }
        assert_eq!(calls.load(Relaxed), 2);
        for number in 2..MAX_TYPE_PAIRS {
            let row = row("contacts", &format!("2-{number}"), &[]);
            assert_eq!(shown(&mut labeler, row), "USER_DEFINED:5");
        }
        assert_eq!(
            shown(&mut labeler, row("contacts", "2-0", &[])),
            "error: the rows have more than 1000 different pairs of object types"
        );
    }

    #[test]
    fn a_row_that_is_not_sent_has_no_labels() {
        let (mut labeler, calls) = labeler(&["Manager"], &[]);
        let mut skipped = CheckedRow {
            labels: LabelNames::new(["x"]).map(AskedLabels::Named),
            ..CheckedRow::default()
        };
        labeler.apply(&mut skipped).unwrap();
        assert_eq!((skipped.labels, calls.load(Relaxed)), (None, 0));
    }
}
