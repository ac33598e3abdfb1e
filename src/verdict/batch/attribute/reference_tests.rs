//! The index of errors, held against the reference implementation.

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::*;
use crate::domain::fixtures::LabelledPair;
use crate::verdict::batch::attribute::definition::Definition;
use crate::verdict::batch::attribute::tests::{HEADER_ID, answer};
use crate::verdict::tests::support::{CONTACTS, pair_of};

/// One of a few ids, in any spelling.
fn any_id() -> impl Strategy<Value = String> {
    (1..6_u8, 0..8_u8).prop_map(|(id, spelling)| match spelling {
        0 => format!("\"00{id}\""),
        1 => id.to_string(),
        _ => format!("\"{id}\""),
    })
}

fn any_context() -> impl Strategy<Value = String> {
    let list =
        || proptest::collection::vec(any_id(), 1..4).prop_map(|ids| format!("[{}]", ids.join(",")));
    let sentence = (
        1..6_u8,
        proptest::sample::select(vec!["CONTACT", "COMPANY", "VENDOR"]),
    )
        .prop_map(|(id, name)| format!(r#""INVALID_OBJECT_IDS":["{name}={id} is not valid"]"#));
    let keys = vec![
        "id",
        "ids",
        "objectId",
        "fromObjectId",
        "toObjectId",
        "limit",
    ];
    let field = prop_oneof![
        2 => invalid_types(),
        1 => Just(r#""associationSpec":["USER_DEFINED=3"]"#.to_owned()),
        8 => (proptest::sample::select(keys), list()).prop_map(|(key, ids)| format!("\"{key}\":{ids}")),
        2 => sentence,
        2 => proptest::sample::select(vec![r#""objectType":["CONTACT"]"#, r#""objectType":["COMPANY","COMPANY"]"#])
            .prop_map(str::to_owned),
    ];
    proptest::collection::vec(field, 0..3)
        .prop_map(|fields| format!("\"context\":{{{}}}", fields.join(",")))
}

/// Types that some of the pairs are sent with.
fn invalid_types() -> impl Strategy<Value = String> {
    let named = proptest::collection::vec(
        (proptest::sample::select(vec!["USER", "HUBSPOT"]), 1..6_u8),
        1..3,
    );
    named.prop_map(|named| {
        let list = |rest: &str| -> Vec<String> {
            let texts = named
                .iter()
                .map(|(category, id)| format!("\"{category}_DEFINED={id}{rest}\""));
            texts.collect()
        };
        let (specs, texts) = (list("").join(","), list(" is not valid").join(","));
        format!(r#""associationSpec":[{specs}],"INVALID_ASSOCIATION_TYPE_ID":[{texts}]"#)
    })
}

fn any_words() -> impl Strategy<Value = String> {
    let words = vec![
        r#""category":"VALIDATION_ERROR""#,
        r#""category":"OBJECT_NOT_FOUND""#,
        r#""subCategory":"crm.associations.FROM_OBJECT_NOT_FOUND""#,
        r#""subCategory":"crm.associations.TO_OBJECT_NOT_FOUND""#,
        r#""subCategory":"crm.associations.INVALID_ASSOCIATION_TYPE""#,
        r#""code":"OBJECT_DELETED""#,
        r#""message":"m""#,
        r#""message":"other""#,
        r#""in":"fromObjectId""#,
        r#""in":"inputs[2].to.id""#,
    ];
    proptest::sample::subsequence(words, 0..4).prop_map(|words| words.join(","))
}

fn fields(parts: &[String]) -> String {
    let parts: Vec<&str> = parts
        .iter()
        .map(String::as_str)
        .filter(|part| !part.is_empty())
        .collect();
    format!("{{{}}}", parts.join(","))
}

fn any_error() -> impl Strategy<Value = String> {
    let alone =
        || (any_words(), any_context()).prop_map(|(words, context)| fields(&[words, context]));
    (
        any_words(),
        any_context(),
        proptest::collection::vec(alone(), 0..3),
    )
        .prop_map(|(words, context, inner)| {
            let inner = if inner.is_empty() {
                String::new()
            } else {
                format!("\"errors\":[{}]", inner.join(","))
            };
            fields(&[words, context, inner])
        })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1500))]

    #[test]
    fn indexed_errors_give_the_same_result_as_the_reference_implementation(
        errors in proptest::collection::vec(any_error(), 0..3),
        top in (any_words(), any_context()),
        ids in proptest::collection::btree_set((1..6_u8, 1..6_u8), 1..8),
        one_type: bool,
        labels in proptest::option::of(proptest::collection::vec((1..6_u8, 1..6_u8), 8)),
    ) {
        let types = if one_type { ["contacts", "0-1"] } else { CONTACTS };
        // No two pairs have the same two ids, in either order.
        let ids: BTreeSet<_> = ids.into_iter().map(|(from, to)| (from.min(to), from.max(to))).collect();
        let rows: Vec<LabelledPair> = ids
            .iter()
            .enumerate()
            .map(|(index, (from, to))| {
                let pair = pair_of(types, [from.to_string().as_str(), to.to_string().as_str()]);
                match labels.as_ref().map(|labels| labels[index]) {
                    Some((asked, kept)) => LabelledPair::new(
                        pair, &format!("USER_DEFINED:{asked}:A"), &format!("HUBSPOT_DEFINED:{kept}:B")),
                    None => LabelledPair(pair, None),
                }
            })
            .collect();
        let errors = format!("\"errors\":[{}]", errors.join(","));
        let body = fields(&[top.0, top.1, errors]);
        let reply = answer(400, &body);
        let answered = reply.answer().unwrap();
        let definition = Definition::of(answered.body.envelope().unwrap(), rows.iter().collect());
        let BatchVerdict::PerPair { results, .. } = attribute(&reply, &rows) else {
            return Err(TestCaseError::fail(body));
        };
        for (row, results) in rows.iter().zip(results) {
            let expected = definition.details(row).map_or(PairResult::NotMentioned, |details| {
                PairResult::Named(Details { correlation_id: Some(HEADER_ID.to_owned()), ..details })
            });
            prop_assert_eq!(results, expected, "{:?} of {}", row, body);
        }
    }
}
