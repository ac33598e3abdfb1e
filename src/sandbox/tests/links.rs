//! Reading the associations of many records, records with traits, and records that other clients delete or merge.

use std::time::Duration;

use serde_json::{Value, json};

use crate::sandbox::faults::table::read_fault_id;
use crate::sandbox::faults::traits::trait_id;
use crate::sandbox::settings::{BodyForm, SandboxSettings};
use crate::sandbox::state::world::World;
use crate::sandbox::tests::support::{
    batch_body, body, header, pair_path, plan, put, reply, text, types_of, unlimited, world,
};

const LINKS: &str = "/crm/v4/associations/contacts/companies/batch/read";
const BACK: &str = "/crm/associations/2026-03/0-2/0-1/batch/read";

fn read_at(world: &mut World, path: &str, inputs: &Value) -> (u16, Value) {
    let sent = json!({"inputs": inputs}).to_string();
    let reply = reply(world, "POST", path, &sent);
    (reply.status, body(&reply))
}

/// The ids at the other side of the first result.
fn others(said: &Value) -> Vec<&str> {
    let links = said["results"][0]["to"].as_array().unwrap();
    let ids = links
        .iter()
        .map(|link| link["toObjectId"].as_str().unwrap());
    ids.collect()
}

#[test]
fn records_without_links_are_errors_beside_the_results() {
    let mut world = world(unlimited());
    put(&mut world, &pair_path("1", "2"));
    let (status, said) = read_at(&mut world, LINKS, &json!([{"id": "1"}]));
    assert_eq!((status, said.get("errors")), (200, None));
    assert_eq!(said["results"][0]["from"]["id"], "1");
    assert_eq!(others(&said), ["2"]);
    let (status, said) = read_at(&mut world, LINKS, &json!([{"id": "1"}, {"id": "7"}]));
    assert_eq!((status, said["numErrors"].as_u64()), (207, Some(1)));
    let error = &said["errors"][0];
    let sub_category = "crm.associations.NO_ASSOCIATIONS_FOUND";
    assert_eq!(error["subCategory"]["name"], sub_category);
    assert_eq!(error["errors"][0]["subCategory"], sub_category);
    let context = json!({
        "fromObjectId": ["7"], "fromObjectType": ["contact"], "toObjectType": ["company"],
    });
    assert_eq!(error["context"], context);
    let (status, said) = read_at(&mut world, BACK, &json!([{"id": "2"}]));
    assert_eq!((status, others(&said)), (200, vec!["1"]));
}

#[test]
fn captured_forms_have_numbers_null_labels_and_plain_errors() {
    let mut world = world(SandboxSettings {
        bodies: BodyForm::Captured,
        ..unlimited()
    });
    put(&mut world, &pair_path("1", "2"));
    let (_, said) = read_at(&mut world, LINKS, &json!([{"id": "1"}, {"id": "7"}]));
    let link = &said["results"][0]["to"][0];
    assert_eq!(link["toObjectId"], 2);
    let unlabelled = json!({"category": "HUBSPOT_DEFINED", "typeId": 279, "label": null});
    assert_eq!(link["associationTypes"][0], unlabelled);
    let sub_category = "crm.associations.NO_ASSOCIATIONS_FOUND";
    assert_eq!(said["errors"][0]["subCategory"], sub_category);
}

#[test]
fn a_record_with_many_links_is_read_page_by_page() {
    let mut world = world(unlimited());
    for to in 1..=1001 {
        put(&mut world, &pair_path("1", &to.to_string()));
    }
    let mut input = json!({"id": "1"});
    let mut lengths = Vec::new();
    let mut found = Vec::new();
    loop {
        let (_, said) = read_at(&mut world, LINKS, &json!([input]));
        let page = others(&said);
        lengths.push(page.len());
        found.extend(page.iter().map(|id| id.parse::<u32>().unwrap()));
        let Some(after) = said["results"][0]["paging"]["next"]["after"].as_str() else {
            break;
        };
        input["after"] = json!(after);
    }
    assert_eq!(lengths, [500, 500, 1]);
    assert_eq!(found, (1..=1001).collect::<Vec<u32>>());
}

#[test]
fn a_request_with_too_many_or_invalid_ids_is_refused() {
    let mut world = world(unlimited());
    let many: Vec<Value> = (1..=1001).map(|id| json!({"id": id.to_string()})).collect();
    for inputs in [
        json!(many),
        json!([]),
        json!([{"id": "x"}]),
        json!([{"id": "1", "after": "x"}]),
        json!([{}]),
    ] {
        assert_eq!(read_at(&mut world, LINKS, &inputs).0, 400);
    }
}

#[test]
fn reading_many_records_is_exempt_from_the_window_unless_batches_count() {
    for (batch_exempt, second) in [(true, 207), (false, 429)] {
        let mut world = world(SandboxSettings {
            limit: Some(1),
            batch_exempt,
            ..unlimited()
        });
        let sent = json!({"inputs": [{"id": "1"}]}).to_string();
        let first = reply(&mut world, "POST", LINKS, &sent);
        assert_eq!(first.status, 207);
        let max = header(&first, "x-hubspot-ratelimit-max");
        assert_eq!(max.is_none(), batch_exempt);
        let path = "/crm/v4/associations/0-1/0-2/labels";
        let labels = reply(&mut world, "GET", path, "");
        assert_eq!(labels.status, if batch_exempt { 200 } else { 429 });
        assert_eq!(reply(&mut world, "POST", LINKS, &sent).status, second);
    }
}

#[test]
fn an_id_that_names_a_fault_of_reading_spoils_the_whole_call() {
    let mut world = world(unlimited());
    put(&mut world, &pair_path("1", "2"));
    let once = read_fault_id("status:500", 1, 1).unwrap();
    let inputs = json!([{"id": "1"}, {"id": once}]);
    assert_eq!(read_at(&mut world, LINKS, &inputs).0, 500);
    assert_eq!(read_at(&mut world, LINKS, &inputs).0, 207);
}

#[test]
fn the_first_company_of_a_record_becomes_primary_by_itself() {
    let mut world = world(unlimited());
    for to in ["20", "10"] {
        put(&mut world, &pair_path("1", to));
    }
    put(&mut world, &pair_path("2", "10"));
    let unlabelled = "HUBSPOT_DEFINED:279";
    assert_eq!(
        types_of(&world, "1", "20"),
        [unlabelled, "HUBSPOT_DEFINED:1"]
    );
    assert_eq!(types_of(&world, "1", "10"), [unlabelled]);
    assert_eq!(
        types_of(&world, "2", "10"),
        [unlabelled, "HUBSPOT_DEFINED:1"]
    );
    let seen = world.seen();
    let back = seen.types("companies", "20", "contacts", "1");
    assert_eq!(back, ["HUBSPOT_DEFINED:280", "HUBSPOT_DEFINED:2"]);
    // From the company's side it is the same.
    let path = "/crm/v4/objects/companies/30/associations/default/deals/3";
    put(&mut world, path);
    let seen = world.seen();
    let types = seen.types("deals", "3", "companies", "30");
    assert_eq!(types, ["HUBSPOT_DEFINED:341", "HUBSPOT_DEFINED:5"]);
}

#[test]
fn ids_with_traits_are_one_sided_gain_a_label_or_lose_their_links() {
    let mut world = world(unlimited());
    let [one_sided, gains, vanishing] =
        ["one-sided", "gains-label", "vanishing"].map(|name| trait_id(name, 1).unwrap());
    for from in [&one_sided, &gains, &vanishing] {
        assert_eq!(put(&mut world, &pair_path(from, "7")).0, 200);
    }
    let read = |world: &mut World, path: &str, id: &str| read_at(world, path, &json!([{"id": id}]));
    assert_eq!(others(&read(&mut world, LINKS, &one_sided).1), ["7"]);
    assert_eq!(others(&read(&mut world, BACK, "7").1), [gains.as_str()]);
    let gained = types_of(&world, &gains, "7");
    assert!(gained.contains(&"USER_DEFINED:7".to_owned()), "{gained:?}");
    assert_eq!(read(&mut world, LINKS, &vanishing).0, 207);
    assert_eq!(types_of(&world, &vanishing, "7"), [""; 0]);
}

#[test]
fn links_of_a_deleted_record_are_gone_and_those_of_a_merged_one_have_moved() {
    let mut world = world(unlimited());
    for (from, to) in [("1", "10"), ("2", "10"), ("3", "30"), ("4", "40")] {
        put(&mut world, &pair_path(from, to));
    }
    assert_eq!(world.remove_record("contacts", "1", None), Some(()));
    assert_eq!(world.remove_record("contacts", "3", Some("4")), Some(()));
    assert_eq!(world.remove_record("companies", "10", None), Some(()));
    let read = |world: &mut World, id: &str| read_at(world, LINKS, &json!([{"id": id}]));
    for gone in ["1", "2", "3"] {
        assert_eq!(read(&mut world, gone).0, 207, "{gone}");
    }
    assert_eq!(others(&read(&mut world, "4").1), ["30", "40"]);
    // The survivor keeps its own primary company.
    assert_eq!(types_of(&world, "4", "30"), ["HUBSPOT_DEFINED:279"]);
    assert_eq!(types_of(&world, "4", "40").len(), 2);
}

#[test]
fn nothing_can_be_associated_with_a_record_that_was_deleted_or_merged() {
    let mut world = world(unlimited());
    assert_eq!(world.remove_record("contacts", "1", None), Some(()));
    assert_eq!(world.remove_record("companies", "2", Some("3")), Some(()));
    let (status, said) = put(&mut world, &pair_path("1", "2"));
    let lines = json!(["CONTACT=1 is not valid", "COMPANY=2 is not valid"]);
    assert_eq!(
        (status, &said["context"]["INVALID_OBJECT_IDS"]),
        (400, &lines)
    );
    let path = "/crm/v4/associations/0-1/0-2/batch/associate/default";
    let sent = batch_body(&[("1", "7"), ("4", "7")]);
    let reply = reply(&mut world, "POST", path, &sent);
    assert_eq!(
        (reply.status, body(&reply)["numErrors"].as_u64()),
        (207, Some(1))
    );
    assert_eq!(world.seen().pairs_associated, 1);
    // An id of another type is another record.
    assert_eq!(put(&mut world, &pair_path("2", "1")).0, 200);
}

#[test]
fn calls_about_the_sandbox_need_no_token_and_are_not_counted() {
    let mut world = world(SandboxSettings {
        limit: Some(2),
        ..unlimited()
    });
    put(&mut world, &pair_path("1", "2"));
    put(&mut world, &pair_path("3", "4"));
    let links = reply(&mut world, "GET", "/sandbox/links/contacts/0-2", "");
    assert_eq!(
        text(&links),
        "from_object_id,to_object_id,association_types\n\
         1,2,HUBSPOT_DEFINED:279;HUBSPOT_DEFINED:1\n3,4,HUBSPOT_DEFINED:279;HUBSPOT_DEFINED:1\n"
    );
    let calls = reply(&mut world, "GET", "/sandbox/calls", "");
    assert_eq!(body(&calls), json!({"pair": 2}));
    for (method, path, status) in [
        ("POST", "/sandbox/records/contacts/1/delete", 204),
        ("POST", "/sandbox/records/contacts/3/merge/5", 204),
        ("PUT", "/sandbox/keys/contacts/email/a@b.test/42", 204),
        ("PUT", "/sandbox/keys/contacts/email/a@b.test/x", 400),
        ("POST", "/sandbox/records/widgets/1/delete", 400),
        ("GET", "/sandbox/elsewhere", 404),
    ] {
        assert_eq!(reply(&mut world, method, path, "").status, status, "{path}");
    }
    let seen = world.seen();
    assert_eq!(
        (seen.requests, seen.links("contacts", "companies").len()),
        (2, 1)
    );
    let planned = plan(&mut world, "GET", "/sandbox/calls", "", Duration::ZERO);
    assert_eq!(planned.after, Duration::ZERO);
}
