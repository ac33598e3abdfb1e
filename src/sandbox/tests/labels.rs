//! Labels: their lists, labelled writes, and what removes labels and associations.

use proptest::prelude::*;
use serde_json::{Value, json};

use crate::sandbox::faults::table::fault_id;
use crate::sandbox::faults::traits::trait_id;
use crate::sandbox::read_settings::{LabelsPaths, ReadSettings};
use crate::sandbox::settings::{BatchErrors, SandboxSettings};
use crate::sandbox::state::world::World;
use crate::sandbox::tests::support::{
    body, pair_path, put, reply, text, types_of, unlimited, world,
};

const CREATE: &str = "/crm/v4/associations/contacts/companies/batch/create";
const ARCHIVE: &str = "/crm/v4/associations/contacts/companies/batch/archive";
const ARCHIVE_LABELS: &str = "/crm/v4/associations/contacts/companies/batch/labels/archive";
const UNLABELLED: &str = "HUBSPOT_DEFINED:279";
const PRIMARY: &str = "HUBSPOT_DEFINED:1";

fn labelled_path(from: &str, to: &str) -> String {
    format!("/crm/v4/objects/contacts/{from}/associations/companies/{to}")
}

fn types(names: &[&str]) -> Value {
    let reference = |name: &&str| {
        let (category, number) = name.split_once(':').unwrap();
        json!({"associationCategory": category, "associationTypeId": number.parse::<u32>().unwrap()})
    };
    names.iter().map(reference).collect()
}

fn write(world: &mut World, from: &str, to: &str, names: &[&str]) -> (u16, Value) {
    let sent = types(names).to_string();
    let reply = reply(world, "PUT", &labelled_path(from, to), &sent);
    (reply.status, body(&reply))
}

fn pair_input(from: &str, to: &str, names: &[&str]) -> Value {
    json!({"from": {"id": from}, "to": {"id": to}, "types": types(names)})
}

fn post(world: &mut World, path: &str, inputs: &Value) -> (u16, String) {
    let sent = json!({"inputs": inputs}).to_string();
    let reply = reply(world, "POST", path, &sent);
    (reply.status, text(&reply))
}

#[test]
fn the_list_names_each_type_with_its_category_at_every_path() {
    let mut world = world(unlimited());
    let mut list = |path: &str| body(&reply(&mut world, "GET", path, ""))["results"].clone();
    let forward = list("/crm/v4/associations/contacts/companies/labels");
    assert_eq!(forward, list("/crm/associations/v4/0-1/0-2/labels"));
    assert_eq!(
        forward,
        list("/crm/associations/2026-03/contact/company/labels")
    );
    let has = |list: &Value, category: &str, number: u32, label: Value| {
        let entry = json!({"category": category, "typeId": number, "label": label});
        list.as_array().unwrap().contains(&entry)
    };
    assert!(has(&forward, "HUBSPOT_DEFINED", 279, Value::Null));
    assert!(has(&forward, "HUBSPOT_DEFINED", 1, json!("Primary")));
    assert!(has(&forward, "USER_DEFINED", 1, json!("Decision maker")));
    assert!(has(&forward, "USER_DEFINED", 5, json!("Manager")));
    let back = list("/crm/v4/associations/companies/contacts/labels");
    assert!(has(&back, "USER_DEFINED", 6, json!("Employee")));
    assert!(!back.to_string().contains("Manager"));
}

#[test]
fn under_v4_the_list_can_be_at_one_of_its_two_paths_only() {
    for (labels_path, old, new) in [
        (LabelsPaths::Both, 200, 200),
        (LabelsPaths::Old, 200, 404),
        (LabelsPaths::New, 404, 200),
    ] {
        let mut world = world(SandboxSettings {
            reads: ReadSettings {
                labels_path,
                ..ReadSettings::unlimited()
            },
            ..unlimited()
        });
        for (path, status) in [
            ("/crm/v4/associations/0-1/0-2/labels", old),
            ("/crm/associations/v4/0-1/0-2/labels", new),
            ("/crm/associations/2026-03/0-1/0-2/labels", 200),
        ] {
            assert_eq!(reply(&mut world, "GET", path, "").status, status, "{path}");
        }
    }
}

#[test]
fn a_labelled_write_replaces_other_labels_and_keeps_the_types_without_a_label() {
    for (keep_labels, both) in [(false, false), (true, true)] {
        let mut world = world(SandboxSettings {
            keep_labels,
            ..unlimited()
        });
        let (status, said) = write(&mut world, "1", "2", &["USER_DEFINED:5"]);
        let expected = json!({
            "fromObjectTypeId": "0-1", "fromObjectId": "1", "toObjectTypeId": "0-2",
            "toObjectId": "2", "labels": ["Manager"],
        });
        assert_eq!((status, said), (201, expected));
        assert_eq!(
            types_of(&world, "1", "2"),
            [UNLABELLED, PRIMARY, "USER_DEFINED:5"]
        );
        let back = world.seen().types("companies", "2", "contacts", "1");
        assert_eq!(back[2], "USER_DEFINED:6");
        let (_, said) = write(&mut world, "1", "2", &["USER_DEFINED:1", "USER_DEFINED:3"]);
        assert_eq!(said["labels"], json!(["Decision maker", "Billing contact"]));
        let kept = types_of(&world, "1", "2");
        assert_eq!(kept[..2], [UNLABELLED, PRIMARY]);
        assert_eq!(kept.contains(&"USER_DEFINED:5".to_owned()), both);
        assert_eq!(kept.len(), if both { 5 } else { 4 });
        // The default write leaves labels alone.
        put(&mut world, &pair_path("1", "2"));
        assert_eq!(types_of(&world, "1", "2"), kept);
    }
}

#[test]
fn a_write_without_types_does_nothing_although_it_is_a_success() {
    let mut world = world(unlimited());
    let (status, said) = write(&mut world, "1", "2", &[]);
    assert_eq!((status, &said["labels"]), (201, &json!([])));
    let (status, said) = post(&mut world, CREATE, &json!([pair_input("1", "2", &[])]));
    let said: Value = serde_json::from_str(&said).unwrap();
    assert_eq!((status, &said["results"]), (201, &json!([])));
    assert_eq!(world.seen().pairs_associated, 0);
}

#[test]
fn unknown_types_unconfirmed_labels_and_full_ones_are_answered_as_documented() {
    let mut world = world(unlimited());
    for refused in ["USER_DEFINED:6", "HUBSPOT_DEFINED:3", "WORK:1"] {
        let (status, said) = write(&mut world, "1", "2", &["USER_DEFINED:1", refused]);
        assert_eq!(status, 400, "{refused}");
        let name = refused.replace(':', "=");
        let line = format!("{name} is not a valid association definition id");
        let context = json!({"associationSpec": [name], "INVALID_ASSOCIATION_TYPE_ID": [line]});
        assert_eq!(said["context"], context);
    }
    let (status, said) = write(&mut world, "1", "2", &["USER_DEFINED:15"]);
    assert!(status == 400 && said["message"].as_str().unwrap().contains("limit"));
    assert_eq!(world.seen().pairs_associated, 0);
    let (status, said) = write(&mut world, "1", "2", &["USER_DEFINED:1", "USER_DEFINED:13"]);
    assert_eq!((status, &said["labels"]), (201, &json!(["Decision maker"])));
    assert!(!types_of(&world, "1", "2").contains(&"USER_DEFINED:13".to_owned()));
}

#[test]
fn a_written_primary_company_takes_the_place_of_the_earlier_one() {
    let mut world = world(unlimited());
    put(&mut world, &pair_path("1", "10"));
    write(&mut world, "1", "20", &[PRIMARY]);
    assert_eq!(types_of(&world, "1", "10"), [UNLABELLED]);
    assert_eq!(types_of(&world, "1", "20"), [UNLABELLED, PRIMARY]);
}

#[test]
fn a_batch_of_labelled_pairs_lists_each_by_its_labels_and_missing_records_as_errors() {
    let missing = fault_id("missing", 0, 1).unwrap();
    let inputs = json!([
        pair_input("1", "2", &["USER_DEFINED:1"]),
        pair_input("3", &missing, &["USER_DEFINED:1"]),
    ]);
    let mut labelled = world(unlimited());
    let (status, said) = post(&mut labelled, CREATE, &inputs);
    let said: Value = serde_json::from_str(&said).unwrap();
    assert_eq!((status, said["numErrors"].as_u64()), (207, Some(1)));
    assert_eq!(said["results"].as_array().map(Vec::len), Some(1));
    assert_eq!(said["results"][0]["labels"], json!(["Decision maker"]));
    assert_eq!(labelled.seen().pairs_associated, 1);
    let mut refusing = world(SandboxSettings {
        batch_errors: BatchErrors::Named,
        ..unlimited()
    });
    assert_eq!(post(&mut refusing, CREATE, &inputs).0, 400);
    assert_eq!(refusing.seen().pairs_associated, 0);
    let good = json!([pair_input("1", "2", &["USER_DEFINED:1"])]);
    assert_eq!(post(&mut refusing, CREATE, &good).0, 201);
    let unknown = json!([pair_input("1", "2", &["USER_DEFINED:99"])]);
    assert_eq!(post(&mut refusing, CREATE, &unknown).0, 400);
}

#[test]
fn ids_name_the_faults_of_labelled_writes_too() {
    let mut world = world(unlimited());
    let twice = fault_id("status:500", 2, 1).unwrap();
    for status in [500, 500, 201] {
        assert_eq!(
            write(&mut world, &twice, "2", &["USER_DEFINED:1"]).0,
            status
        );
    }
    let seen = world.seen();
    assert_eq!(seen.pair("contacts", &twice, "companies", "2").puts, 3);
    for name in ["missing", "empty-results", "embedded-error", "pending"] {
        let id = fault_id(name, 0, 1).unwrap();
        let (_, said) = write(&mut world, &id, "2", &["USER_DEFINED:1"]);
        assert!(!said.to_string().contains("Decision maker"), "{name}");
        assert_eq!(types_of(&world, &id, "2"), [""; 0], "{name}");
    }
}

#[test]
fn archiving_removes_all_types_in_both_directions() {
    let mut world = world(unlimited());
    let staying = trait_id("staying", 1).unwrap();
    write(&mut world, "1", "2", &["USER_DEFINED:1"]);
    put(&mut world, &pair_path("1", "3"));
    put(&mut world, &pair_path("1", "4"));
    put(&mut world, &pair_path(&staying, "2"));
    let inputs = json!([
        {"from": {"id": "1"}, "to": [{"id": "2"}, {"id": "3"}, {"id": "99"}]},
        {"from": {"id": staying}, "to": [{"id": "2"}]},
    ]);
    assert_eq!(post(&mut world, ARCHIVE, &inputs), (204, String::new()));
    let links = world.seen().links("companies", "contacts");
    let left: Vec<&str> = links.iter().map(|(from, ..)| from.as_str()).collect();
    assert_eq!(left, ["2", "4"]);
    let dated = ARCHIVE.replace("crm/v4/associations", "crm/associations/2026-03");
    let inputs = json!([{"from": {"id": "1"}, "to": [{"id": "4"}]}]);
    let (status, said) = post(&mut world, &dated, &inputs);
    assert!(status == 200 && said.contains("COMPLETE"), "{said}");
    assert_eq!(world.seen().pairs_associated, 1);
    put(&mut world, &pair_path("5", "6"));
    let path = labelled_path("5", "6");
    assert_eq!(reply(&mut world, "DELETE", &path, "").status, 204);
    assert_eq!(world.seen().pairs_associated, 1);
}

#[test]
fn archiving_labels_keeps_the_rest_unless_the_unlabelled_type_is_among_them() {
    let mut world = world(unlimited());
    write(&mut world, "1", "2", &["USER_DEFINED:1", "USER_DEFINED:5"]);
    let inputs = json!([pair_input("1", "2", &["USER_DEFINED:1"])]);
    assert_eq!(post(&mut world, ARCHIVE_LABELS, &inputs).0, 204);
    assert_eq!(
        types_of(&world, "1", "2"),
        [UNLABELLED, PRIMARY, "USER_DEFINED:5"]
    );
    let inputs = json!([pair_input("1", "2", &["USER_DEFINED:6"])]);
    assert_eq!(post(&mut world, ARCHIVE_LABELS, &inputs).0, 400);
    let inputs = json!([pair_input("1", "2", &[UNLABELLED])]);
    assert_eq!(post(&mut world, ARCHIVE_LABELS, &inputs).0, 204);
    assert_eq!(types_of(&world, "1", "2"), [""; 0]);
}

#[test]
fn archive_calls_have_a_limit_of_pairs_a_scope_and_faults() {
    let inputs = json!([{"from": {"id": "1"}, "to": [{"id": "2"}, {"id": "3"}]}]);
    for (settings, status) in [
        (
            SandboxSettings {
                archive_limit: 1,
                ..unlimited()
            },
            400,
        ),
        (
            SandboxSettings {
                missing_scopes: true,
                ..unlimited()
            },
            403,
        ),
    ] {
        let mut world = world(settings);
        assert_eq!(post(&mut world, ARCHIVE, &inputs).0, status);
    }
    let mut world = world(unlimited());
    put(&mut world, &pair_path("1", "2"));
    world.settings.faults = "status:500=100%".parse().unwrap();
    assert_eq!(post(&mut world, ARCHIVE, &inputs).0, 500);
    assert_eq!(world.seen().pairs_associated, 1);
    for sent in [
        json!([]),
        json!([{"from": {"id": "x"}, "to": [{"id": "2"}]}]),
    ] {
        assert_eq!(post(&mut world, ARCHIVE, &sent).0, 400);
    }
}

proptest! {
    /// Whatever is written and removed: both sides agree, and a contact has one primary company at most.
    #[test]
    fn both_sides_agree_after_any_sequence_of_writes(
        steps in prop::collection::vec((0u8..5, 1u8..4, 1u8..4, 0usize..5), 1..40),
    ) {
        let names = ["USER_DEFINED:1", "USER_DEFINED:5", "USER_DEFINED:7", PRIMARY, UNLABELLED];
        let mut world = world(unlimited());
        for (step, from, to, name) in steps {
            let (from, to) = (from.to_string(), to.to_string());
            let inputs = match step {
                0 => {
                    put(&mut world, &pair_path(&from, &to));
                    continue;
                }
                1 | 2 => {
                    write(&mut world, &from, &to, &[names[name]]);
                    continue;
                }
                3 => json!([{"from": {"id": from}, "to": [{"id": to}]}]),
                _ => json!([pair_input(&from, &to, &[names[name]])]),
            };
            let path = if step == 3 { ARCHIVE } else { ARCHIVE_LABELS };
            prop_assert_eq!(post(&mut world, path, &inputs).0, 204);
        }
        let seen = world.seen();
        for (from, to, types) in seen.links("contacts", "companies") {
            let back = seen.types("companies", &to, "contacts", &from);
            let same = |kind: &String| match kind.as_str() {
                UNLABELLED => "HUBSPOT_DEFINED:280".to_owned(),
                other => {
                    let (category, number) = other.split_once(':').unwrap();
                    format!("{category}:{}", number.parse::<u32>().unwrap() + 1)
                }
            };
            prop_assert_eq!(back, types.iter().map(same).collect::<Vec<_>>());
        }
        for from in ["1", "2", "3"] {
            let links = seen.links("contacts", "companies");
            let primary = links.iter().filter(|(id, _, types)| {
                id == from && types.contains(&PRIMARY.to_owned())
            });
            prop_assert!(primary.count() <= 1);
        }
        let forward = seen.links("contacts", "companies").len();
        prop_assert_eq!(forward, seen.links("companies", "contacts").len());
    }
}
