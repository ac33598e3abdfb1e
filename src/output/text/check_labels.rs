//! The part of `check` about labels, as text and as JSON. Pure.

use serde::Serialize;
use smol_str::SmolStr;

use crate::check::findings::TypesCount;
use crate::check::labels::LabelCount;
use crate::input::columns::column::Column;
use crate::number::grouped;
use crate::output::text::lines::Lines;
use crate::text::{excerpt, shell_word};

/// The maximum number of names in the list.
const MAX_NAMES: usize = 10;

/// Characters of a name that the text shows.
const MAX_SHOWN_LENGTH: usize = 60;

/// The labels of an input.
#[derive(Clone, Copy, Debug)]
pub struct CheckedLabels<'c> {
    /// The label column, if there is one.
    pub column: Option<&'c Column>,
    /// The names in it.
    pub count: &'c LabelCount,
    /// The labels that flags give all rows.
    pub common: &'c [SmolStr],
}

impl<'c> CheckedLabels<'c> {
    /// `None` for an input without labels.
    #[must_use]
    pub fn new(
        column: Option<&'c Column>,
        count: &'c LabelCount,
        common: &'c [SmolStr],
    ) -> Option<Self> {
        (column.is_some() || !common.is_empty()).then_some(Self {
            column,
            count,
            common,
        })
    }

    /// Adds the labels to the text. `types`: those of the pairs to send.
    pub(crate) fn add_to(&self, lines: &mut Lines, types: &[TypesCount]) {
        if let Some(column) = self.column {
            self.add_column(lines, column);
        }
        if !self.common.is_empty() {
            let common = self.common.iter();
            let common: Vec<_> = common.map(|label| format!("`{}`", shown(label))).collect();
            lines.about("labels of all rows", common.join(", "));
        }
        if let Some(types) = types.first() {
            let [from, to] = [&types.from_type, &types.to_type].map(shell_word);
            lines.add(format!(
                "  the names are compared with HubSpot's when the import starts; to list those, run \
                 `hubspot-associate labels {from} {to}`"
            ));
        }
    }

    fn add_column(&self, lines: &mut Lines, column: &Column) {
        lines.add(format!("labels in {column}, by pairs to send:"));
        let listed = self.count.most_frequent(MAX_NAMES);
        for &(name, pairs) in &listed {
            lines.add(format!("{:>12}  {}", grouped(pairs), shown(name)));
        }
        let distinct = self.count.distinct();
        if !self.count.is_exact() {
            lines.add(format!("  more than {} names", grouped(distinct as u64)));
        } else if distinct > listed.len() {
            let more = (distinct - listed.len()) as u64;
            lines.add(format!("  and {} more", grouped(more)));
        } else if distinct == 0 {
            lines.add("  none");
        }
    }

    /// The labels in JSON.
    pub(crate) fn json(&self) -> LabelJson<'c> {
        let names = self.count.most_frequent(MAX_NAMES).into_iter();
        LabelJson {
            column: self.column.map(Column::number),
            names: names
                .map(|(label, pairs)| NameCount { label, pairs })
                .collect(),
            distinct: self.count.distinct(),
            exact: self.count.is_exact(),
            all_rows: self.common.iter().map(SmolStr::as_str).collect(),
        }
    }
}

fn shown(name: &str) -> String {
    excerpt(name, MAX_SHOWN_LENGTH)
}

/// The labels in JSON.
#[derive(Serialize)]
pub(crate) struct LabelJson<'c> {
    column: Option<usize>,
    names: Vec<NameCount<'c>>,
    distinct: usize,
    exact: bool,
    all_rows: Vec<&'c str>,
}

#[derive(Serialize)]
struct NameCount<'c> {
    label: &'c str,
    pairs: u64,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::label_names::LabelNames;

    fn text(labels: Option<CheckedLabels<'_>>) -> String {
        let mut lines = Lines::default();
        let types = TypesCount {
            from_type: "contacts".to_owned(),
            to_type: "p_vendor".to_owned(),
            pairs: 1,
        };
        labels.unwrap().add_to(&mut lines, &[types]);
        lines.into_text()
    }

    fn count(names: usize) -> LabelCount {
        let mut count = LabelCount::default();
        for name in 0..names {
            count.add(&LabelNames::new([format!("Role {name}").as_str()]).unwrap());
        }
        count
    }

    #[test]
    fn the_most_frequent_names_are_listed_and_the_others_counted() {
        let column = Column {
            index: 2,
            header: "Role".to_owned(),
        };
        let none = LabelCount::default();
        assert!(CheckedLabels::new(None, &none, &[]).is_none());
        for (names, end) in [
            (0, "to send:\n  none\n  the names are"),
            (2, "           1  Role 1\n  the names are"),
            (12, "           1  Role 7\n  and 2 more\n  the names are"),
            (1001, "  more than 1,000 names\n  the names are"),
        ] {
            let count = count(names);
            let text = text(CheckedLabels::new(Some(&column), &count, &[]));
            assert!(text.starts_with("labels in `Role` (column 3), by pairs to send:\n"));
            assert!(text.contains(end), "{text}");
        }
        let common = ["CEO".into(), "USER_DEFINED:37".into()];
        assert_eq!(
            text(CheckedLabels::new(None, &none, &common)),
            "labels of all rows: `CEO`, `USER_DEFINED:37`\n  the names are compared with HubSpot's when the import starts; to \
             list those, run `hubspot-associate labels contacts p_vendor`\n"
        );
    }
}
