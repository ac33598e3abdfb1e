//! Replies to lookups and what they say about each key.

use proptest::prelude::*;
use serde_json::json;

use crate::api::lookup_call::Route;
use crate::domain::pair::ObjectType;
use crate::lookup::property::LookupProperty;
use crate::lookup::reply::lookup_reply::LookupReply;
use crate::lookup::reply::refusal::Common;
use crate::lookup::reply::{batch_read, search};
use crate::lookup::result::KeyResult;

fn property(object_type: &str, name: &str, route: Route) -> LookupProperty {
    LookupProperty::new(ObjectType::new(object_type).unwrap(), name.into(), route)
}

fn emails() -> LookupProperty {
    property("contacts", "email", Route::BatchRead)
}

const KEYS: [&str; 3] = ["ann@x.de", "bob@x.de", "cy@x.de"];

/// The results of the keys in few words: an id with the kind of match, several ids, `-` not found, `?` open, `!` refused.
fn words(reply: &LookupReply) -> String {
    let word = |result: &KeyResult| match result {
        KeyResult::Found { id, kind } => format!("{id} {}", kind.as_str()),
        KeyResult::NotFound => "-".to_owned(),
        KeyResult::Ambiguous(ids) => format!("{ids:?}"),
        KeyResult::Refused(details) => format!("!{}", details.categories.join(",")),
        KeyResult::Open => "?".to_owned(),
    };
    match reply {
        LookupReply::Keys(results) => results.iter().map(word).collect::<Vec<_>>().join("; "),
        LookupReply::Page(page) => {
            let next = page.next.as_deref().unwrap_or("end");
            format!("{:?} of {}, {next}", page.matches, page.total)
        }
        LookupReply::Refused(common, details) => format!("{common:?}: {}", details.message),
        LookupReply::Unreadable(why) => format!("unreadable: {why}"),
        LookupReply::ByStatus => "by status".to_owned(),
    }
}

fn contact(id: u64, email: &str, others: Option<&str>) -> serde_json::Value {
    json!({
        "id": id.to_string(),
        "properties": {"createdate": "2026-01-01T00:00:00Z", "email": email, "hs_additional_emails": others},
        "createdAt": "2026-01-01T00:00:00Z", "updatedAt": "2026-01-01T00:00:00Z", "archived": false,
    })
}

fn missing(ids: &[&str]) -> serde_json::Value {
    json!({"status": "error", "category": "OBJECT_NOT_FOUND", "message": "Could not get some CONTACT objects, they may be deleted or not exist.", "context": {"ids": ids}})
}

#[test]
fn results_belong_to_keys_by_their_property_in_any_order() {
    let (ann, bob, cy) = (
        contact(1, "ann@x.de", None),
        contact(2, "Bob@X.de", Some("")),
        contact(3, "main@x.de", Some("cyril@x.de;CY@x.de")),
    );
    for (results, expected) in [
        (vec![&ann, &bob, &cy], "1 exact; 2 folded; 3 secondary"),
        (vec![&cy, &ann, &bob], "1 exact; 2 folded; 3 secondary"),
        (vec![&ann, &ann, &ann], "1 exact; -; -"),
        (vec![&cy], "-; -; 3 secondary"),
        (
            vec![&contact(9, "other@x.de", None), &bob],
            "-; 2 folded; -",
        ),
        (
            vec![&ann, &contact(7, "z@x.de", Some("ann@x.de"))],
            "[1, 7]; -; -",
        ),
        (
            vec![&contact(5, "ann@x.de", Some("bob@x.de;ann@x.de"))],
            "5 exact; 5 secondary; -",
        ),
    ] {
        let body = json!({"status": "COMPLETE", "results": results}).to_string();
        for status in [200, 207] {
            let reply = batch_read::read(&emails(), &KEYS, status, body.as_bytes());
            assert_eq!(words(&reply), expected, "{body}");
        }
    }
}

#[test]
fn keys_without_a_result_are_not_found_only_where_the_reply_proves_it() {
    let ann = contact(1, "ann@x.de", None);
    let other_error =
        json!({"category": "VALIDATION_ERROR", "message": "bad", "context": {"ids": ["bob@x.de"]}});
    for (status, body, expected) in [
        // One error names many keys; their case may differ.
        (
            207,
            json!({"results": [&ann], "numErrors": 1, "errors": [missing(&["BOB@x.de", "cy@x.de"])]}),
            "1 exact; -; -",
        ),
        (
            207,
            json!({"results": [], "errors": [missing(&["ann@x.de", "bob@x.de", "cy@x.de"])]}),
            "-; -; -",
        ),
        (
            207,
            json!({"results": [], "errors": [missing(&["bob@x.de"])]}),
            "?; -; ?",
        ),
        (
            207,
            json!({"results": [], "numErrors": 1, "errors": [missing(&[])]}),
            "?; ?; ?",
        ),
        (207, json!({"results": [], "errors": []}), "?; ?; ?"),
        (200, json!({"status": "COMPLETE", "results": []}), "?; ?; ?"),
        (
            200,
            json!({"status": "COMPLETE", "results": [&ann]}),
            "1 exact; -; -",
        ),
        // An error of another kind is no proof of absence.
        (
            207,
            json!({"results": [&ann], "errors": [&other_error]}),
            "1 exact; !VALIDATION_ERROR; -",
        ),
        (
            207,
            json!({"results": [], "errors": [&other_error]}),
            "?; !VALIDATION_ERROR; ?",
        ),
        (207, json!({"errors": [missing(&["cy@x.de"])]}), "?; ?; -"),
        // A result outweighs an error about the same key.
        (
            207,
            json!({"results": [&ann], "errors": [missing(&["ann@x.de"])]}),
            "1 exact; -; -",
        ),
        (
            404,
            missing(&["ann@x.de", "bob@x.de", "cy@x.de"]),
            "-; -; -",
        ),
        (404, missing(&["ann@x.de"]), "-; ?; ?"),
        (404, missing(&[]), "?; ?; ?"),
        (
            404,
            json!({"message": "m", "errors": [missing(&["ann@x.de"])]}),
            "-; ?; ?",
        ),
        (404, json!({"message": "resource not found"}), "by status"),
        (
            400,
            json!({"category": "VALIDATION_ERROR", "message": "Invalid input"}),
            "?; ?; ?",
        ),
        (
            400,
            json!({"category": "VALIDATION_ERROR", "message": "Invalid", "context": {"id": ["cy@x.de"]}}),
            "?; ?; !VALIDATION_ERROR",
        ),
        (413, json!({"message": "too large"}), "?; ?; ?"),
    ] {
        let reply = batch_read::read(&emails(), &KEYS, status, body.to_string().as_bytes());
        assert_eq!(words(&reply), expected, "{status} {body}");
    }
    for (status, body) in [
        (400, "<html>"),
        (404, ""),
        (401, "{}"),
        (403, "{}"),
        (429, "{}"),
        (502, "<html>"),
        (301, ""),
    ] {
        let reply = batch_read::read(&emails(), &KEYS, status, body.as_bytes());
        assert_eq!(reply, LookupReply::ByStatus, "{status} {body}");
    }
}

#[test]
fn a_single_key_gets_what_an_error_without_names_says() {
    for (status, body, expected) in [
        (404, missing(&[]), "?"),
        (207, json!({"results": [], "errors": [missing(&[])]}), "?"),
        (
            207,
            json!({"results": [], "errors": [{"category": "INTERNAL_ERROR"}]}),
            "!INTERNAL_ERROR",
        ),
        (400, json!({"message": "Invalid input"}), "!HTTP_400"),
        (
            400,
            json!({"category": "VALIDATION_ERROR", "message": "Invalid input"}),
            "!VALIDATION_ERROR",
        ),
        (413, json!({}), "!HTTP_413"),
    ] {
        let reply = batch_read::read(&emails(), &KEYS[..1], status, body.to_string().as_bytes());
        assert_eq!(words(&reply), expected, "{status} {body}");
    }
}

#[test]
fn a_2xx_that_proves_nothing_is_unreadable() {
    let without_email = json!({"id": "1", "properties": {"createdate": "x", "email": null}});
    let bad_id = json!({"id": "99999999999999999999", "properties": {"email": "ann@x.de"}});
    for body in [
        String::new(),
        "<html>".to_owned(),
        "{\"results\":[".to_owned(),
        "{}".to_owned(),
        json!({"status": "PROCESSING", "results": []}).to_string(),
        json!({"results": [&without_email]}).to_string(),
        json!({"results": [&bad_id]}).to_string(),
        json!({"results": [{"properties": {"email": "ann@x.de"}}]}).to_string(),
    ] {
        let reply = batch_read::read(&emails(), &KEYS, 200, body.as_bytes());
        assert!(
            matches!(reply, LookupReply::Unreadable(_)),
            "{body}: {reply:?}"
        );
        let domains = property("companies", "email", Route::Search);
        let reply = search::read(&domains, &KEYS, 200, body.as_bytes());
        assert!(
            matches!(reply, LookupReply::Unreadable(_)),
            "{body}: {reply:?}"
        );
    }
}

#[test]
fn ids_are_read_as_numbers_too_and_deleted_records_are_ignored() {
    let deleted = json!({"id": "1", "properties": {"email": "ann@x.de"}, "archived": true});
    let number = json!({"id": 2, "properties": {"email": "bob@x.de"}});
    let body = json!({"results": [deleted, number]}).to_string();
    let reply = batch_read::read(&emails(), &KEYS, 200, body.as_bytes());
    assert_eq!(words(&reply), "-; 2 exact; -");
}

#[test]
fn texts_are_compared_exactly_and_only_with_their_own_property() {
    let own = property("2-7", "Key", Route::BatchRead);
    let record = |id: u64, key: &str| json!({"id": id.to_string(), "properties": {"Key": key, "email": "B"}});
    let body = json!({"results": [record(1, "A"), record(2, "b"), record(3, "c;d")]}).to_string();
    let reply = batch_read::read(&own, &["A", "B", "c", "c;d"], 200, body.as_bytes());
    assert_eq!(words(&reply), "1 exact; -; -; 3 exact");
}

#[test]
fn a_refused_property_or_type_is_recognised() {
    let error = |message: &str| json!({"status": "error", "category": "VALIDATION_ERROR", "message": message});
    for (body, common) in [
        (error("Property domain is not unique"), Common::NotUnique),
        (
            error("Unable to perform read by non-unique 0-2 property domain in portal ID 7"),
            Common::NotUnique,
        ),
        (
            error("Cannot use the non-unique property 'domain' as idProperty"),
            Common::NotUnique,
        ),
        (
            error("Property \"domain\" does not exist"),
            Common::UnknownProperty,
        ),
        (
            json!({"message": "m", "errors": [{"message": "domain", "code": "PROPERTY_DOESNT_EXIST"}]}),
            Common::UnknownProperty,
        ),
        (
            error("Unable to infer object type from: widgets"),
            Common::Type,
        ),
    ] {
        for route in Route::BOTH {
            let domains = property("companies", "domain", route);
            let reply = match route {
                Route::BatchRead => {
                    batch_read::read(&domains, &KEYS, 400, body.to_string().as_bytes())
                }
                Route::Search => search::read(&domains, &KEYS, 400, body.to_string().as_bytes()),
            };
            let LookupReply::Refused(found, details) = reply else {
                panic!("{body}: {reply:?}");
            };
            assert_eq!(found, common, "{body}");
            assert_eq!(details.http_status, Some(400));
        }
    }
    // Where records cannot be read by the property, the status is not always 400.
    let domains = property("companies", "domain", Route::BatchRead);
    let body = error("non-unique property domain").to_string();
    let reply = batch_read::read(&domains, &KEYS, 404, body.as_bytes());
    assert!(
        matches!(reply, LookupReply::Refused(Common::NotUnique, _)),
        "{reply:?}"
    );
    // What concerns one value is no refusal of the property.
    for body in [
        error("Email address ann@x.de is invalid"),
        error("A contact with email ann@x.de does not exist"),
        json!({"category": "VALIDATION_ERROR", "message": "not unique", "context": {"ids": ["ann@x.de"]}}),
    ] {
        let reply = batch_read::read(&emails(), &KEYS, 400, body.to_string().as_bytes());
        assert!(matches!(reply, LookupReply::Keys(_)), "{body}: {reply:?}");
    }
}

#[test]
fn a_page_of_the_search_lists_the_matches_of_each_key() {
    let domains = property("companies", "domain", Route::Search);
    let company =
        |id: u64, domain: &str| json!({"id": id.to_string(), "properties": {"domain": domain}});
    let many: Vec<_> = (1..=12).map(|id| company(id, "c.com")).collect();
    for (body, expected) in [
        (
            json!({"total": 2, "results": [company(7, "B.com"), company(5, "a.com")]}),
            "[[5], [7], []] of 2, end",
        ),
        (
            json!({"total": 900, "results": [company(7, "b.com"), company(8, "b.com")], "paging": {"next": {"after": "200", "link": "x"}}}),
            "[[], [7, 8], []] of 900, 200",
        ),
        (
            json!({"total": 900, "results": [{"id": 7, "properties": {"domain": "b.com"}}], "paging": {"next": {"after": 200}}}),
            "[[], [7], []] of 900, 200",
        ),
        (
            json!({"total": 12, "results": many}),
            "[[], [], [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]] of 12, end",
        ),
        (json!({"total": 0, "results": []}), "[[], [], []] of 0, end"),
    ] {
        let reply = search::read(
            &domains,
            &["a.com", "b.com", "c.com"],
            200,
            body.to_string().as_bytes(),
        );
        assert_eq!(words(&reply), expected, "{body}");
    }
}

#[test]
fn a_search_that_is_refused_as_a_whole_is_asked_in_halves() {
    let domains = property("companies", "domain", Route::Search);
    let body =
        json!({"category": "VALIDATION_ERROR", "message": "There was a problem with the request."})
            .to_string();
    for (keys, expected) in [(3, "?; ?; ?"), (1, "!VALIDATION_ERROR")] {
        let reply = search::read(&domains, &KEYS[..keys], 400, body.as_bytes());
        assert_eq!(words(&reply), expected);
    }
    assert_eq!(
        words(&search::read(&domains, &KEYS, 413, b"<html>")),
        "?; ?; ?"
    );
    for status in [400, 401, 403, 404, 429, 500] {
        let reply = search::read(&domains, &KEYS, status, b"<html>");
        assert_eq!(reply, LookupReply::ByStatus, "{status}");
    }
}

proptest! {
    #[test]
    fn arbitrary_bodies_never_panic_and_never_find_what_was_not_sent(
        status in prop::sample::select(vec![200_u16, 207, 400, 404, 413, 500]),
        body in "\\{\"(errors|context|results|total|paging)\":[\\[\\]{}:,\"0-9a-z@.]{0,60}\\}",
    ) {
        for route in Route::BOTH {
            let emails = property("contacts", "email", route);
            let reply = match route {
                Route::BatchRead => batch_read::read(&emails, &KEYS, status, body.as_bytes()),
                Route::Search => search::read(&emails, &KEYS, status, body.as_bytes()),
            };
            if let LookupReply::Keys(results) = &reply {
                prop_assert_eq!(results.len(), KEYS.len());
            }
            prop_assert!(!words(&reply).contains("exact"), "{}", body);
        }
    }
}
