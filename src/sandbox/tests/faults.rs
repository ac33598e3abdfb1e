//! Faults by id and at random.

use std::time::Duration;

use serde_json::json;

use crate::sandbox::faults::effect::Action;
use crate::sandbox::faults::table::{KNOWN_FAULTS, fault_id};
use crate::sandbox::settings::SandboxSettings;
use crate::sandbox::tests::support::{pair_path, plan, put, reply, unlimited, world};

#[test]
fn an_id_names_its_fault_on_either_side_and_how_often_it_occurs() {
    let mut world = world(unlimited());
    let twice = fault_id("status:503", 2, 1).unwrap();
    let path = pair_path("17", &twice);
    for status in [503, 503, 200, 200] {
        assert_eq!(reply(&mut world, "PUT", &path, "").status, status);
    }
    let missing = fault_id("missing", 0, 1).unwrap();
    let (status, said) = put(&mut world, &pair_path(&missing, "17"));
    let line = format!("CONTACT={missing} is not valid");
    assert_eq!(
        (status, &said["context"]["INVALID_OBJECT_IDS"][0]),
        (400, &json!(line))
    );
    let (_, said) = put(&mut world, &pair_path("17", &missing));
    let line = format!("COMPANY={missing} is not valid");
    assert_eq!(said["context"]["INVALID_OBJECT_IDS"], json!([line]));
}

#[test]
fn every_known_fault_affects_the_pair_as_its_description_says() {
    for known in KNOWN_FAULTS {
        let mut world = world(unlimited());
        let id = fault_id(known.name, 0, 1).unwrap();
        let planned = plan(&mut world, "PUT", &pair_path("17", &id), "", Duration::ZERO);
        let associated = world
            .seen()
            .pair("contacts", "17", "companies", &id)
            .associated;
        let effect = known.effect;
        let said = effect.contains("not associated");
        if said || effect.starts_with(['3', '4', '5']) {
            assert!(!associated, "{}", known.name);
        }
        if !said && (effect.starts_with("success") || effect.contains("; associated")) {
            assert!(associated, "{}", known.name);
        }
        if let Action::Answer(reply) = planned.action {
            let status = reply.status.to_string();
            let success = effect.starts_with("success") || effect.starts_with("the same");
            assert!(
                success || effect.starts_with(&status),
                "{}: {status}",
                known.name
            );
        }
    }
}

#[test]
fn a_merged_record_is_returned_and_associated_under_its_other_id() {
    let mut world = world(unlimited());
    let id = fault_id("merged", 0, 1).unwrap();
    let other = format!("8{}", &id[1..]);
    let (_, said) = put(&mut world, &pair_path(&id, "17"));
    assert_eq!(said["results"][0]["from"]["id"], json!(other));
    let seen = world.seen();
    assert!(!seen.pair("contacts", &id, "companies", "17").associated);
    assert!(seen.pair("contacts", &other, "companies", "17").associated);
}

#[test]
fn drawn_faults_do_not_depend_on_the_order_of_requests() {
    let statuses = |order: &mut dyn Iterator<Item = u32>| {
        let mut world = world(SandboxSettings {
            faults: "status:502=30%,missing=10%".parse().unwrap(),
            seed: 7,
            ..unlimited()
        });
        let mut met: Vec<(u32, u16)> = order
            .map(|id| {
                let path = pair_path(&(id + 1).to_string(), "17");
                (id, reply(&mut world, "PUT", &path, "").status)
            })
            .collect();
        met.sort_unstable();
        met
    };
    let forward = statuses(&mut (0..200));
    assert_eq!(forward, statuses(&mut (0..200).rev()));
    let failed = forward.iter().filter(|(_, status)| *status == 502).count();
    assert!((40..80).contains(&failed), "{failed} of 200 at 30 %");
}

#[test]
fn a_second_attempt_gets_a_new_draw() {
    let mut world = world(SandboxSettings {
        faults: "status:502=50%".parse().unwrap(),
        ..unlimited()
    });
    let path = pair_path("1", "2");
    let statuses: Vec<u16> = (0..40)
        .map(|_| reply(&mut world, "PUT", &path, "").status)
        .collect();
    assert!(statuses.contains(&200) && statuses.contains(&502));
}
