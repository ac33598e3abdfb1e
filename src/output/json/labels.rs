//! Renders the association labels of two types as one JSON object. docs/labels.schema.json is its schema; an incompatible
//! change increases the version.

use serde::Serialize;

use crate::domain::association_type::AssociationType;
use crate::domain::pair::ObjectType;
use crate::labels::type_labels::TypeLabels;
use crate::output::json::format::pretty;

/// The version of the JSON format.
const VERSION: u32 = 1;

#[derive(Serialize)]
struct Json<'l> {
    version: u32,
    labels: Vec<Label<'l>>,
}

#[derive(Serialize)]
struct Label<'l> {
    from_type: &'l str,
    to_type: &'l str,
    /// Null for the unlabelled type.
    #[serde(rename = "label")]
    name: Option<&'l str>,
    category: &'l str,
    type_id: u64,
}

/// The types as one JSON object, those of the direction from the first type to the second first.
#[must_use]
pub fn labels_to_json(labels: &TypeLabels) -> String {
    let TypeLabels {
        from_type,
        to_type,
        forward,
        inverse,
    } = labels;
    let mut all: Vec<Label<'_>> = forward
        .iter()
        .map(|kind| label(kind, from_type, to_type))
        .collect();
    if !from_type.is_same_as(to_type) {
        all.extend(inverse.iter().map(|kind| label(kind, to_type, from_type)));
    }
    pretty(&Json {
        version: VERSION,
        labels: all,
    })
}

fn label<'l>(kind: &'l AssociationType, from: &'l ObjectType, to: &'l ObjectType) -> Label<'l> {
    Label {
        from_type: from.as_str(),
        to_type: to.as_str(),
        name: kind.label.as_deref(),
        category: &kind.category,
        type_id: kind.type_id,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::labels::type_labels::tests::contacts_and_companies;
    use serde_json::Value;

    #[test]
    fn the_labels_of_both_directions_are_listed_as_the_schema_says() {
        let json: Value = serde_json::from_str(&labels_to_json(&contacts_and_companies())).unwrap();
        let schema: Value =
            serde_json::from_str(include_str!("../../../docs/labels.schema.json")).unwrap();
        jsonschema::validate(&schema, &json).unwrap();
        let labels = json["labels"].as_array().unwrap();
        assert_eq!(labels.len(), 11);
        assert_eq!(labels[0]["label"], Value::Null);
        assert_eq!(labels[10]["from_type"], "companies");
    }
}
