//! Reading records by id and by key, and the definitions of properties.

use std::time::Duration;

use serde_json::{Value, json};

use crate::sandbox::faults::effect::Action;
use crate::sandbox::faults::table::{fault_id, read_fault_id};
use crate::sandbox::rate_setting::RateLimit;
use crate::sandbox::read_settings::{MissingKeys, ReadSettings};
use crate::sandbox::settings::SandboxSettings;
use crate::sandbox::state::world::World;
use crate::sandbox::tests::support::{body, header, pair_path, plan, put, reply, unlimited, world};

const CONTACTS: &str = "/crm/v3/objects/contacts/batch/read";

fn with(reads: ReadSettings) -> World {
    world(SandboxSettings {
        reads,
        ..unlimited()
    })
}

fn request(property: Option<&str>, keys: &[&str]) -> String {
    let inputs: Vec<Value> = keys.iter().map(|key| json!({"id": key})).collect();
    let mut body = json!({"inputs": inputs, "properties": ["email", "hs_additional_emails"]});
    if let Some(property) = property {
        body["idProperty"] = json!(property);
    }
    body.to_string()
}

/// Status, ids and emails of the results, and the keys that errors name.
fn read(world: &mut World, keys: &[&str]) -> (u16, Vec<(String, String)>, Vec<String>) {
    let reply = reply(world, "POST", CONTACTS, &request(Some("email"), keys));
    let body = body(&reply);
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let empty = Vec::new();
    let results = body["results"].as_array().unwrap_or(&empty);
    let found = results
        .iter()
        .map(|record| (text(&record["id"]), text(&record["properties"]["email"])));
    let named = body["errors"][0]["context"]["ids"].as_array();
    let named = named.map(|ids| ids.iter().map(text).collect());
    (reply.status, found.collect(), named.unwrap_or_default())
}

fn pairs(found: &[(&str, &str)]) -> Vec<(String, String)> {
    let owned = |(id, email): &(&str, &str)| ((*id).to_owned(), (*email).to_owned());
    found.iter().map(owned).collect()
}

#[test]
fn keys_of_any_case_and_secondary_emails_find_their_contact() {
    let mut world = with(ReadSettings::unlimited());
    let keys = [
        "User17@Example.com",
        "alias18@example.com",
        "merged17@example.com",
    ];
    let (status, found, named) = read(&mut world, &keys);
    assert_eq!((status, named), (200, Vec::new()));
    let expected = [("18", "user18@example.com"), ("17", "user17@example.com")];
    assert_eq!(found, pairs(&expected));
    let sent = request(Some("email"), &["alias18@example.com"]);
    let said = body(&reply(&mut world, "POST", CONTACTS, &sent));
    let properties = &said["results"][0]["properties"];
    let additional = "alias18@example.com;merged18@example.com";
    assert_eq!(properties["hs_additional_emails"], additional);
    assert_eq!(world.seen().records_asked, 4);
}

#[test]
fn a_key_of_ones_own_has_the_same_record_every_time() {
    let mut world = with(ReadSettings::unlimited());
    let (_, first, _) = read(&mut world, &["anna@acme.test"]);
    assert_eq!(first.len(), 1);
    assert_eq!(first, read(&mut world, &["ANNA@acme.test"]).1);
    assert_ne!(first, read(&mut world, &["bert@acme.test"]).1);
}

#[test]
fn each_answer_to_missing_keys_can_be_chosen() {
    let keys = ["user1@example.com", "missing1@a.test", "missing2@a.test"];
    for (missing_keys, some, all) in [
        (MissingKeys::Listed, (207, 1, 2), (207, 0, 2)),
        (MissingKeys::Fewer, (200, 1, 0), (200, 0, 0)),
        (MissingKeys::NotFound, (207, 1, 2), (404, 0, 0)),
        (MissingKeys::Unnamed, (207, 0, 1), (207, 0, 1)),
    ] {
        let mut world = with(ReadSettings {
            missing_keys,
            ..ReadSettings::unlimited()
        });
        for (keys, expected) in [(&keys[..], some), (&keys[1..], all)] {
            let (status, found, named) = read(&mut world, keys);
            let answer = (status, found.len(), named.len());
            assert_eq!(answer, expected, "{missing_keys:?} {keys:?}");
        }
    }
}

#[test]
fn a_record_is_read_by_id_unless_it_was_deleted_and_a_merged_one_answers_with_its_survivor() {
    let mut world = with(ReadSettings::unlimited());
    let deleted = fault_id("missing", 0, 1).unwrap();
    let merged = fault_id("merged", 0, 1).unwrap();
    let sent = request(None, &["17", &deleted, &merged]);
    let said = body(&reply(&mut world, "POST", CONTACTS, &sent));
    let ids: Vec<&Value> = said["results"]
        .as_array()
        .unwrap()
        .iter()
        .map(|record| &record["id"])
        .collect();
    assert_eq!(ids, [&json!("896070000000001"), &json!("17")]);
    assert_eq!(said["errors"][0]["context"]["ids"], json!([deleted]));
    assert_eq!(
        said["results"][1]["properties"]["email"],
        "user17@example.com"
    );
    // The same by a key that spells such an id.
    let (status, _, named) = read(&mut world, &[&format!("user{deleted}@example.com")]);
    assert_eq!((status, named.len()), (207, 1));
}

#[test]
fn a_record_lists_the_ids_that_were_merged_into_it() {
    let mut world = with(ReadSettings::unlimited());
    for (id, survivor) in [
        ("1", Some("2")),
        ("2", Some("9")),
        ("3", Some("8")),
        ("3", Some("9")),
        ("4", None),
    ] {
        assert_eq!(world.remove_record("contacts", id, survivor), Some(()));
    }
    let merged = fault_id("merged", 0, 1).unwrap();
    let survivor = format!("8{}", &merged[1..]);
    let inputs: Vec<Value> = ["9", "8", "17", &survivor, "1"]
        .map(|id| json!({"id": id}))
        .into();
    let sent = json!({"inputs": inputs, "properties": ["hs_merged_object_ids"]}).to_string();
    let said = body(&reply(&mut world, "POST", CONTACTS, &sent));
    let results = said["results"].as_array().unwrap().iter();
    let listed: Vec<(&Value, &Value)> = results
        .map(|record| (&record["id"], &record["properties"]["hs_merged_object_ids"]))
        .collect();
    let expected = [
        (json!(survivor), json!(merged)),
        (json!("17"), Value::Null),
        // A record and its survivor have one result.
        (json!("9"), json!("1;2;3")),
        (json!("8"), Value::Null),
    ];
    let expected: Vec<(&Value, &Value)> = expected.iter().map(|(id, ids)| (id, ids)).collect();
    assert_eq!(listed, expected);
}

#[test]
fn only_properties_that_identify_a_record_are_accepted() {
    let mut world = with(ReadSettings::unlimited());
    let companies = "/crm/objects/2026-03/companies/batch/read";
    for (property, status, part) in [
        ("domain", 400, "non-unique 0-2 property domain"),
        ("hs_object_id", 400, "non-unique 0-2 property hs_object_id"),
        (
            "unknown_key",
            400,
            "Property \"unknown_key\" does not exist",
        ),
        ("legacy_key", 200, ""),
    ] {
        let sent = request(Some(property), &["key17"]);
        let reply = reply(&mut world, "POST", companies, &sent);
        assert_eq!(reply.status, status, "{property}");
        assert!(
            body(&reply)
                .to_string()
                .replace("\\\"", "\"")
                .contains(part)
        );
    }
    let mut world = with(ReadSettings {
        not_unique_status: 404,
        ..ReadSettings::unlimited()
    });
    let sent = request(Some("domain"), &["acme.test"]);
    assert_eq!(reply(&mut world, "POST", companies, &sent).status, 404);
}

#[test]
fn a_request_without_inputs_with_too_many_or_with_other_ids_is_refused() {
    let mut world = with(ReadSettings::unlimited());
    let many = vec!["user1@example.com"; 101];
    for sent in [
        request(Some("email"), &[]),
        request(Some("email"), &many),
        request(None, &["user1@example.com"]),
        String::new(),
        "nonsense".to_owned(),
    ] {
        let reply = reply(&mut world, "POST", CONTACTS, &sent);
        assert_eq!(reply.status, 400, "{sent}");
    }
    assert_eq!(world.seen().records_asked, 0);
}

#[test]
fn a_missing_read_scope_is_named_and_does_not_affect_writing() {
    let mut world = with(ReadSettings {
        missing_scopes: true,
        ..ReadSettings::unlimited()
    });
    for (target, method, scope) in [
        (CONTACTS, "POST", "crm.objects.contacts.read"),
        ("/crm/v3/objects/tickets/search", "POST", "tickets"),
        (
            "/crm/v3/properties/0-2",
            "GET",
            "crm.objects.companies.read",
        ),
        ("/crm/v3/properties/2-77", "GET", "crm.objects.custom.read"),
    ] {
        let reply = reply(&mut world, method, target, "");
        assert_eq!(reply.status, 403, "{target}");
        let scopes = &body(&reply)["errors"][0]["context"]["requiredGranularScopes"];
        assert_eq!(scopes, &json!([scope]));
    }
    let unknown = reply(&mut world, "POST", "/crm/v3/objects/widgets/search", "");
    assert_eq!(unknown.status, 400, "types are resolved first");
    assert_eq!(put(&mut world, &pair_path("1", "2")).0, 200);
}

#[test]
fn reads_count_against_a_window_of_their_own_which_their_headers_announce() {
    let mut world = with(ReadSettings {
        general_limit: RateLimit::per(2, Duration::from_secs(10)),
        ..ReadSettings::unlimited()
    });
    let sent = request(Some("email"), &["user1@example.com"]);
    let first = reply(&mut world, "POST", CONTACTS, &sent);
    assert_eq!(header(&first, "x-hubspot-ratelimit-max"), Some("2"));
    assert_eq!(header(&first, "x-hubspot-ratelimit-remaining"), Some("1"));
    let properties = "/crm/v3/properties/contacts";
    assert_eq!(reply(&mut world, "GET", properties, "").status, 200);
    let refused = reply(&mut world, "POST", CONTACTS, &sent);
    assert_eq!(refused.status, 429);
    assert_eq!(body(&refused)["policyName"], "TEN_SECONDLY_ROLLING");
    assert_eq!(put(&mut world, &pair_path("1", "2")).0, 200);
    let seen = world.seen();
    assert_eq!((seen.general.refused, seen.general.peak), (1, 3));
    assert_eq!((seen.over_window, seen.calls("records")), (0, 2));
}

#[test]
fn an_id_can_name_a_fault_of_reading_its_record() {
    let mut world = with(ReadSettings::unlimited());
    let id = read_fault_id("status:500", 2, 1).unwrap();
    let key = format!("user{id}@example.com");
    for status in [500, 500, 200] {
        assert_eq!(read(&mut world, &[&key]).0, status);
    }
    assert_eq!(put(&mut world, &pair_path(&id, "2")).0, 200);
    let cut = read_fault_id("cut", 0, 1).unwrap();
    let sent = request(None, &[&cut]);
    let planned = plan(&mut world, "POST", CONTACTS, &sent, Duration::ZERO);
    assert!(matches!(planned.action, Action::TakeOver(_)));
    let empty = read_fault_id("empty-results", 0, 1).unwrap();
    let sent = request(None, &[&empty, "5"]);
    let said = body(&reply(&mut world, "POST", CONTACTS, &sent));
    assert_eq!(said["results"], json!([]));
}

#[test]
fn faults_of_reads_can_be_drawn_and_do_not_affect_writes() {
    let mut world = with(ReadSettings {
        faults: "status:500=50%".parse().unwrap(),
        ..ReadSettings::unlimited()
    });
    let statuses: Vec<u16> = (0..40)
        .map(|_| read(&mut world, &["user1@example.com"]).0)
        .collect();
    assert!(statuses.contains(&200) && statuses.contains(&500));
    for to in 1..40 {
        assert_eq!(put(&mut world, &pair_path("1", &to.to_string())).0, 200);
    }
}

#[test]
fn a_test_can_assign_other_records_to_a_key() {
    let mut world = with(ReadSettings::unlimited());
    let email = "user1@example.com";
    let mut assign = |ids: &[&str]| world.assign_key("contacts", "email", email, ids);
    assert_eq!(assign(&["42"]), Some(()));
    assert_eq!(assign(&["x"]), None);
    let found = read(&mut world, &["USER1@example.com"]).1;
    assert_eq!(found, pairs(&[("42", email)]));
    let none = world.assign_key("contacts", "email", email, &[]);
    assert_eq!(none, Some(()));
    assert_eq!(read(&mut world, &[email]).0, 207);
}

#[test]
fn a_deleted_record_is_not_found_and_a_merged_one_answers_with_its_survivor() {
    let mut world = with(ReadSettings::unlimited());
    for (id, into) in [("1", None), ("2", Some("3")), ("3", Some("4"))] {
        assert_eq!(world.remove_record("0-1", id, into), Some(()));
    }
    assert_eq!(world.remove_record("contacts", "x", None), None);
    let keys = [1, 2, 5].map(|id| format!("user{id}@example.com"));
    let keys: Vec<&str> = keys.iter().map(String::as_str).collect();
    let (status, found, named) = read(&mut world, &keys);
    assert_eq!((status, named), (207, vec![keys[0].to_owned()]));
    let ids: Vec<&str> = found.iter().map(|(id, _)| id.as_str()).collect();
    assert_eq!(ids, ["5", "4"]);
    // A circle of merges has no survivor.
    assert_eq!(world.remove_record("contacts", "4", Some("2")), Some(()));
    assert_eq!(read(&mut world, &["user2@example.com"]).0, 207);
}

#[test]
fn definitions_say_which_properties_are_unique() {
    let mut world = with(ReadSettings::unlimited());
    let mut unique = |path: &str| {
        let reply = reply(&mut world, "GET", path, "");
        (reply.status, body(&reply)["hasUniqueValue"].as_bool())
    };
    for (path, expected) in [
        ("/crm/v3/properties/contacts/email", (200, Some(false))),
        ("/crm/v3/properties/deals/legacy_key", (200, Some(true))),
        ("/crm/properties/2026-03/0-2/domain", (200, Some(false))),
        ("/crm/v3/properties/deals/unknown_key", (404, None)),
    ] {
        assert_eq!(unique(path), expected, "{path}");
    }
    let list = body(&reply(&mut world, "GET", "/crm/v3/properties/products", ""));
    let unique: Vec<&Value> = list["results"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|definition| definition["hasUniqueValue"] == true)
        .map(|definition| &definition["name"])
        .collect();
    assert_eq!(unique, ["external_key", "hs_sku"]);
}
