//! Tests of replies to batches of labelled pairs.

use serde_json::{Value, json};

use super::*;
use crate::domain::fixtures::{LabelledPair, pair};
use crate::verdict::batch::attribute::tests::{answer, letters};

const DECISION_MAKER: &str = "USER_DEFINED:1:Decision maker";
const BILLING: &str = "USER_DEFINED:3:Billing contact";

/// 1 -> 10, 2 -> 20, 3 -> 1, 4 -> 20. The first two ask for one label, the last two for another.
fn rows() -> [LabelledPair; 4] {
    [
        ("contacts 1", "companies 10", DECISION_MAKER),
        ("contacts 2", "companies 20", DECISION_MAKER),
        ("contacts 3", "companies 1", BILLING),
        ("contacts 4", "companies 20", BILLING),
    ]
    .map(|(from, to, asked)| LabelledPair::new(pair(from, to), asked, "USER_DEFINED:9:Reseller"))
}

fn result(from: u64, to: u64, labels: &Value) -> Value {
    json!({"fromObjectId": from, "toObjectId": to.to_string(), "labels": labels})
}

#[test]
fn a_pair_is_confirmed_only_with_its_labels_and_does_not_change_the_result_of_others() {
    let results = [
        result(4, 20, &json!(["Reseller", "Billing contact"])),
        result(10, 1, &json!(["Decision maker"])),
        result(3, 1, &json!(["Reseller"])),
    ];
    let body = json!({"status": "COMPLETE", "results": results}).to_string();
    for status in [200, 201, 207] {
        let verdict = attribute(&answer(status, &body), &rows());
        assert_eq!(letters(&verdict), "c-lc");
        assert_eq!(verdict.class(), Class::Associated);
        let BatchVerdict::PerPair { results, .. } = verdict else {
            panic!("{verdict:?}");
        };
        let PairResult::Confirmed(details) = &results[0] else {
            panic!("{results:?}");
        };
        assert!(details.association_type_ids.is_empty());
        assert_eq!(details.http_status, Some(status));
    }
    // Without a status, nothing is confirmed.
    let body = json!({ "results": results }).to_string();
    assert_eq!(letters(&attribute(&answer(201, &body), &rows())), "----");
}

#[test]
fn an_error_decides_about_a_pair_whose_label_is_missing() {
    let results = [result(3, 1, &json!([])), result(1, 10, &json!([]))];
    let errors = json!([{"category": "VALIDATION_ERROR", "message": "The label limit is reached",
        "context": {"fromObjectId": ["3"]}}]);
    let body = json!({"status": "COMPLETE", "results": results, "numErrors": 1, "errors": errors});
    let verdict = attribute(&answer(207, &body.to_string()), &rows());
    assert_eq!(letters(&verdict), "l-n-");
}

#[test]
fn an_error_about_a_type_is_about_every_pair_that_is_sent_with_it() {
    let named = |types: &[&str]| {
        let texts: Vec<String> = types
            .iter()
            .map(|name| format!("{name} is not a valid association definition id"))
            .collect();
        json!({"associationSpec": types, "INVALID_ASSOCIATION_TYPE_ID": texts})
    };
    let mut with_id = named(&["USER_DEFINED=1"]);
    with_id["fromObjectId"] = json!(["2"]);
    for (error, expected) in [
        (json!({"context": named(&["USER_DEFINED=1"])}), "nn--"),
        (json!({"context": named(&["USER_DEFINED=3"])}), "--nn"),
        // A label that is sent to keep it counts as well.
        (json!({"context": named(&["USER_DEFINED=9"])}), "nnnn"),
        (
            json!({"context": named(&["USER_DEFINED=3", "USER_DEFINED=1"])}),
            "nnnn",
        ),
        // The same id in another category is another type.
        (json!({"context": named(&["HUBSPOT_DEFINED=1"])}), "----"),
        (json!({"context": named(&["USER_DEFINED=10"])}), "----"),
        (
            json!({"errors": [{"context": named(&["USER_DEFINED=1"])}]}),
            "nn--",
        ),
        (
            json!({"errors": [{"message": "m", "errors": [{"context": named(&["USER_DEFINED=3"])}]}]}),
            "--nn",
        ),
        (
            json!({"subCategory": "crm.associations.INVALID_ASSOCIATION_TYPE",
                "context": {"associationSpec": ["USER_DEFINED=1"]}}),
            "nn--",
        ),
        // An error that mentions a type, and does not call it invalid, may be about one pair.
        (
            json!({"message": "limit", "context": {"associationSpec": ["USER_DEFINED=1"]}}),
            "----",
        ),
        // An id is more precise than a type.
        (json!({"context": with_id}), "-n--"),
    ] {
        let refused = attribute(&answer(400, &error.to_string()), &rows());
        assert_eq!(letters(&refused), expected, "{error}");
        let inside = json!({"status": "COMPLETE", "results": [], "errors": [error]}).to_string();
        let inside = attribute(&answer(207, &inside), &rows());
        assert_eq!(letters(&inside), expected, "207 {error}");
    }
}

#[test]
fn a_pair_is_described_by_its_own_types() {
    let body = json!({"status": "error", "message": "One or more associations are invalid",
    "category": "VALIDATION_ERROR", "context": {
    "associationSpec": ["USER_DEFINED=1", "USER_DEFINED=3"],
    "INVALID_ASSOCIATION_TYPE_ID": [
        "USER_DEFINED=1 is not a valid association definition id",
        "USER_DEFINED=3 is not a valid association definition id",
    ]}});
    let verdict = attribute(&answer(400, &body.to_string()), &rows());
    let BatchVerdict::PerPair { results, refused } = verdict else {
        panic!("{verdict:?}");
    };
    assert!(refused);
    for (result, own, other) in [
        (&results[0], "USER_DEFINED=1", "USER_DEFINED=3"),
        (&results[3], "USER_DEFINED=3", "USER_DEFINED=1"),
    ] {
        let PairResult::Named(details) = result else {
            panic!("{result:?}");
        };
        let text = format!("{own} is not a valid association definition id");
        assert!(details.message.contains(&text), "{}", details.message);
        assert!(!details.message.contains(other), "{}", details.message);
        assert_eq!(details.categories, ["VALIDATION_ERROR"]);
        assert_eq!(details.num_errors, 1);
    }
}

#[test]
fn thousands_of_errors_about_types_are_read_in_proportion_to_their_number() {
    let rows: Vec<LabelledPair> = (1..=2000)
        .map(|id| {
            let pair = pair(
                &format!("contacts {id}"),
                &format!("companies {}", 5000 + id),
            );
            LabelledPair::new(pair, DECISION_MAKER, BILLING)
        })
        .collect();
    let texts: Vec<String> = (0..3000)
        .map(|index| format!("USER_DEFINED={} is not valid {index}", index % 4))
        .collect();
    let errors: Vec<Value> = (0..10)
        .map(|_| json!({"context": {"INVALID_ASSOCIATION_TYPE_ID": texts}}))
        .collect();
    let body = json!({"status": "COMPLETE", "errors": errors}).to_string();
    let verdict = attribute(&answer(207, &body), &rows);
    assert_eq!(letters(&verdict), "n".repeat(2000));
}
