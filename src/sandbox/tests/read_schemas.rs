//! The bodies of calls about records, links and labels match the published descriptions.

use serde_json::{Value, json};

use crate::sandbox::faults::table::fault_id;
use crate::sandbox::tests::schemas::check;
use crate::sandbox::tests::support::{pair_path, put, reply, unlimited, world};

const RECORDS: &str = "/crm/v3/objects/contacts/batch/read";

#[test]
fn replies_about_records_and_properties_match_the_schema() {
    let mut world = world(unlimited());
    let by = |property: Value, keys: &[&str]| {
        let inputs: Vec<Value> = keys.iter().map(|key| json!({"id": key})).collect();
        json!({"idProperty": property, "inputs": inputs, "properties": ["email", "lastname"]})
            .to_string()
    };
    for (status, sent) in [
        (200, by(json!("email"), &["user1@example.com"])),
        (207, by(json!("email"), &["a@b.test", "missing1@a.test"])),
        (207, by(json!("email"), &["a@b.test", "unnamed1@a.test"])),
        (200, by(Value::Null, &["17"])),
    ] {
        check(
            "records",
            status,
            &reply(&mut world, "POST", RECORDS, &sent),
        );
    }
    for (status, sent) in [
        (404, by(json!("email"), &["notfound1@a.test"])),
        (400, by(json!("firstname"), &["a"])),
        (400, by(json!("unknown_key"), &["a"])),
        (400, by(Value::Null, &["x"])),
        (400, String::new()),
    ] {
        check("error", status, &reply(&mut world, "POST", RECORDS, &sent));
    }
    let filter = json!({"propertyName": "domain", "operator": "EQ", "value": "many3.example"});
    let search = json!({"filterGroups": [{"filters": [filter]}], "limit": 2}).to_string();
    let path = "/crm/v3/objects/companies/search";
    check("search", 200, &reply(&mut world, "POST", path, &search));
    let path = "/crm/v3/properties/contacts";
    check("properties", 200, &reply(&mut world, "GET", path, ""));
    let path = "/crm/v3/properties/contacts/email";
    check("property", 200, &reply(&mut world, "GET", path, ""));
    let path = "/crm/v3/properties/contacts/unknown_key";
    check("error", 404, &reply(&mut world, "GET", path, ""));
}

#[test]
fn replies_about_links_and_labels_match_the_schema() {
    let mut world = world(unlimited());
    for to in 1..=501 {
        put(&mut world, &pair_path("1", &to.to_string()));
    }
    let base = "/crm/v4/associations/contacts/companies";
    let dated = "/crm/associations/2026-09/contacts/companies";
    let inputs = |inputs: Value| json!({"inputs": inputs}).to_string();
    let missing = fault_id("missing", 0, 1).unwrap();
    let types = json!([{"associationCategory": "USER_DEFINED", "associationTypeId": 5}]);
    let pair = |from: &str| json!({"from": {"id": from}, "to": {"id": "7"}, "types": types});
    let whole = json!([{"from": {"id": "1"}, "to": [{"id": "7"}]}]);
    for (name, status, path, sent) in [
        ("links", 200, "batch/read", json!([{"id": "1"}])),
        (
            "links",
            207,
            "batch/read",
            json!([{"id": "1"}, {"id": "2"}]),
        ),
        ("created", 201, "batch/create", json!([pair("1")])),
        (
            "created",
            207,
            "batch/create",
            json!([pair("1"), pair(&missing)]),
        ),
    ] {
        let path = format!("{base}/{path}");
        check(
            name,
            status,
            &reply(&mut world, "POST", &path, &inputs(sent)),
        );
    }
    let labels = reply(&mut world, "GET", &format!("{base}/labels"), "");
    check("labels", 200, &labels);
    let path = "/crm/v4/objects/contacts/1/associations/companies/7";
    check(
        "labelled",
        201,
        &reply(&mut world, "PUT", path, &types.to_string()),
    );
    let path = "/crm/v4/objects/contacts/1/associations/companies";
    check("read", 200, &reply(&mut world, "GET", path, ""));
    let removed = reply(
        &mut world,
        "POST",
        &format!("{dated}/batch/archive"),
        &inputs(whole),
    );
    check("created", 200, &removed);
    let unknown = json!([{"associationCategory": "WORK", "associationTypeId": 5}]).to_string();
    let path = "/crm/v4/objects/contacts/1/associations/companies/7";
    check("error", 400, &reply(&mut world, "PUT", path, &unknown));
    let path = format!("{base}/batch/archive");
    check(
        "error",
        400,
        &reply(&mut world, "POST", &path, &inputs(json!([]))),
    );
}
