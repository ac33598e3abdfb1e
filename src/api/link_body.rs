//! The bodies of the requests that link pairs, and of the call that removes labels. Pure.
//!
//! They are documented in
//! <https://developers.hubspot.com/docs/api-reference/latest/crm/associations/associate-records/guide>.

use serde::{Serialize, Serializer};

use crate::domain::association_type::AssociationType;
use crate::domain::label_set::LabelSet;
use crate::domain::link_request::LinkRequest;
use crate::domain::pair::Pair;

/// The body of the request that links several pairs: each with its types if it has labels.
#[must_use]
pub(crate) fn inputs<R: LinkRequest>(rows: &[R]) -> Vec<u8> {
    // The length of an input with two ids of the longest kind.
    const INPUT: usize = 72;
    // The length of a type, with a category and an id of a usual length.
    const TYPE: usize = 72;
    let types = rows.iter().filter_map(|row| row.labels());
    let types: usize = types.map(|labels| labels.sent.iter().len()).sum();
    let mut body = Vec::with_capacity(rows.len() * INPUT + types * TYPE + 16);
    body.extend_from_slice(br#"{"inputs":["#);
    for (index, row) in rows.iter().enumerate() {
        if index > 0 {
            body.push(b',');
        }
        push_pair(&mut body, row.pair());
        if let Some(labels) = row.labels() {
            push_types(&mut body, labels.sent.iter());
        }
        body.push(b'}');
    }
    body.extend_from_slice(b"]}");
    body
}

/// The body of the request that links one pair with labels.
#[must_use]
pub(crate) fn types(labels: &LabelSet) -> Vec<u8> {
    let types: Vec<TypeReference<'_>> = labels.iter().map(TypeReference::of).collect();
    // Texts and numbers can always be serialized.
    serde_json::to_vec(&types).unwrap_or_default()
}

/// The body of the call that removes these types of each pair.
#[must_use]
pub fn labels_to_archive<'r>(
    links: impl Iterator<Item = (&'r Pair, &'r [AssociationType])>,
) -> Vec<u8> {
    let mut body = Vec::new();
    body.extend_from_slice(br#"{"inputs":["#);
    for (index, (pair, types)) in links.enumerate() {
        if index > 0 {
            body.push(b',');
        }
        push_pair(&mut body, pair);
        push_types(&mut body, types.iter());
        body.push(b'}');
    }
    body.extend_from_slice(b"]}");
    body
}

/// Appends an input up to its closing brace.
fn push_pair(body: &mut Vec<u8>, Pair { from, to }: &Pair) {
    // Ids are digits and nothing else.
    for part in [
        r#"{"from":{"id":""#,
        from.id.as_str(),
        r#""},"to":{"id":""#,
        to.id.as_str(),
        r#""}"#,
    ] {
        body.extend_from_slice(part.as_bytes());
    }
}

/// Appends the types of an input.
fn push_types<'l>(body: &mut Vec<u8>, types: impl ExactSizeIterator<Item = &'l AssociationType>) {
    body.extend_from_slice(br#","types":"#);
    // Writing to memory cannot fail, nor can serializing texts and numbers.
    let mut serializer = serde_json::Serializer::new(&mut *body);
    drop(serializer.collect_seq(types.map(TypeReference::of)));
}

/// A type as requests name it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct TypeReference<'l> {
    association_category: &'l str,
    association_type_id: u64,
}

impl<'l> TypeReference<'l> {
    fn of(label: &'l AssociationType) -> Self {
        Self {
            association_category: &label.category,
            association_type_id: label.type_id,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::*;
    use crate::domain::fixtures::{LabelledPair, pair};
    use crate::domain::labels::LinkLabels;

    fn label(category: &str, type_id: u64) -> AssociationType {
        AssociationType {
            category: category.into(),
            type_id,
            label: Some("x".into()),
        }
    }

    fn read(body: &[u8]) -> Value {
        serde_json::from_slice(body).unwrap()
    }

    #[test]
    fn a_batch_without_labels_lists_the_ids_only() {
        let pairs = [
            pair("0-1 0041001", "2-7 52002"),
            pair("0-1 99999999999999999999", "2-7 1"),
        ];
        let body = read(&inputs(&pairs));
        assert_eq!(
            body,
            json!({"inputs": [
                {"from": {"id": "0041001"}, "to": {"id": "52002"}},
                {"from": {"id": "99999999999999999999"}, "to": {"id": "1"}},
            ]})
        );
    }

    #[test]
    fn a_labelled_pair_is_sent_with_all_that_is_to_be_sent_and_not_only_with_what_was_asked_for() {
        let row = LabelledPair::new(
            pair("0-1 1", "0-2 2"),
            "USER_DEFINED:37:A",
            "USER_DEFINED:3:B",
        );
        let sent = json!([
            {"associationCategory": "USER_DEFINED", "associationTypeId": 3},
            {"associationCategory": "USER_DEFINED", "associationTypeId": 37},
        ]);
        assert_eq!(read(&types(&row.labels().unwrap().sent)), sent);
        let other = format!("INTEGRATOR_DEFINED:{}:C", u64::MAX);
        let rows = [row, LabelledPair::new(pair("0-1 3", "0-2 4"), &other, "")];
        let other =
            json!([{"associationCategory": "INTEGRATOR_DEFINED", "associationTypeId": u64::MAX}]);
        let body = read(&inputs(&rows));
        assert_eq!(
            body,
            json!({"inputs": [
                {"from": {"id": "1"}, "to": {"id": "2"}, "types": sent},
                {"from": {"id": "3"}, "to": {"id": "4"}, "types": other},
            ]})
        );
    }

    #[test]
    fn labels_are_removed_by_pair_and_type() {
        let pairs = [pair("0-1 1", "0-2 2"), pair("0-1 3", "0-2 4")];
        let ours = [label("USER_DEFINED", 3), label("USER_DEFINED", 5)];
        let links = [(&pairs[0], &ours[..]), (&pairs[1], &ours[1..])];
        let of = |id: u64| json!({"associationCategory": "USER_DEFINED", "associationTypeId": id});
        assert_eq!(
            read(&labels_to_archive(links.into_iter())),
            json!({"inputs": [
                {"from": {"id": "1"}, "to": {"id": "2"}, "types": [of(3), of(5)]},
                {"from": {"id": "3"}, "to": {"id": "4"}, "types": [of(5)]},
            ]})
        );
    }

    proptest! {
        #[test]
        fn no_category_can_change_the_rest_of_a_body(category in "\\PC{0,12}|[\"\\\\{}\\[\\],:\n\t]{1,6}", id: u64) {
            let labels = LinkLabels::only(LabelSet::new([label(&category, id)]).unwrap());
            let sent = json!([{"associationCategory": category, "associationTypeId": id}]);
            prop_assert_eq!(read(&types(&labels.sent)), sent.clone());
            let body = read(&inputs(&[LabelledPair(pair("0-1 1", "0-2 2"), Some(labels))]));
            let input = json!({"from": {"id": "1"}, "to": {"id": "2"}, "types": sent});
            prop_assert_eq!(body, json!({ "inputs": [input] }));
        }
    }
}
