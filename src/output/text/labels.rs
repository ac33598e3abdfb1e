//! Renders the association labels of two types as a table. Pure.

use crate::domain::association_type::AssociationType;
use crate::domain::pair::ObjectType;
use crate::labels::type_labels::TypeLabels;
use crate::output::text::lines::Lines;
use crate::text::one_line;

/// Characters of a label that the table shows.
const MAX_LABEL_CHARS: usize = 60;

/// The name of the type without a label.
const UNLABELLED: &str = "(unlabelled)";

/// The headers of the columns.
const HEADERS: [&str; 4] = ["label", "category", "type id", "direction"];

/// A line for each type, those of the direction from the first type to the second first.
#[must_use]
pub fn labels_to_text(labels: &TypeLabels) -> String {
    let TypeLabels {
        from_type,
        to_type,
        forward,
        inverse,
    } = labels;
    let mut rows = vec![HEADERS.map(str::to_owned)];
    rows.extend(forward.iter().map(|kind| row(kind, from_type, to_type)));
    if !from_type.is_same_as(to_type) {
        rows.extend(inverse.iter().map(|kind| row(kind, to_type, from_type)));
    }
    let mut lines = Lines::default();
    if rows.len() == 1 {
        lines.add(format!(
            "no association types between {from_type} and {to_type}"
        ));
        return lines.into_text();
    }
    let width = |column: usize| {
        let lengths = rows.iter().map(|row| row[column].chars().count());
        lengths.max().unwrap_or_default()
    };
    let widths = [width(0), width(1), width(2)];
    for [label, category, id, direction] in &rows {
        lines.add(format!(
            "{label:<0$}  {category:<1$}  {id:>2$}  {direction}",
            widths[0], widths[1], widths[2]
        ));
    }
    lines.into_text()
}

fn row(kind: &AssociationType, from: &ObjectType, to: &ObjectType) -> [String; 4] {
    let label = kind.label.as_deref().unwrap_or(UNLABELLED);
    [
        one_line(label, MAX_LABEL_CHARS),
        kind.category.to_string(),
        kind.type_id.to_string(),
        format!("{from} to {to}"),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::labels::type_labels::tests::contacts_and_companies;

    #[test]
    fn each_type_has_a_line_with_its_direction() {
        let labels = contacts_and_companies();
        insta::assert_snapshot!(labels_to_text(&labels));
        let none = TypeLabels {
            forward: Vec::new(),
            inverse: Vec::new(),
            ..labels
        };
        let text = "no association types between contacts and companies\n";
        assert_eq!(labels_to_text(&none), text);
    }
}
