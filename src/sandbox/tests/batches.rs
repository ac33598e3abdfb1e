//! Many pairs per call.

use crate::sandbox::faults::table::fault_id;
use crate::sandbox::settings::{BatchErrors, SandboxSettings};
use crate::sandbox::tests::support::{BATCH, batch_body, body, reply, unlimited, world};

#[test]
fn a_batch_with_a_missing_record_gets_the_configured_reply() {
    let missing = fault_id("missing", 0, 1).unwrap();
    let sent = batch_body(&[("1", "2"), ("3", &missing), ("5", "6")]);
    for (way, status, results, errors, associated) in [
        (BatchErrors::Listed, 207, Some(4), Some(1), 2),
        (BatchErrors::ListedWithOk, 200, Some(4), Some(1), 2),
        (BatchErrors::ListedUnnamed, 207, Some(4), Some(1), 2),
        (BatchErrors::Named, 400, None, None, 0),
        (BatchErrors::NamedFirst, 400, None, None, 0),
        (BatchErrors::Unnamed, 400, None, None, 0),
        (BatchErrors::LeftOut, 200, Some(4), None, 2),
    ] {
        let mut world = world(SandboxSettings {
            batch_errors: way,
            ..unlimited()
        });
        let reply = reply(&mut world, "POST", BATCH, &sent);
        let said = body(&reply);
        let length = |field: &str| said[field].as_array().map(Vec::len);
        assert_eq!(reply.status, status, "{way:?}");
        assert_eq!(
            (length("results"), length("errors")),
            (results, errors),
            "{way:?}"
        );
        assert_eq!(
            said.to_string().contains(&missing),
            !matches!(
                way,
                BatchErrors::ListedUnnamed | BatchErrors::Unnamed | BatchErrors::LeftOut
            ),
            "{way:?}"
        );
        assert_eq!(world.seen().pairs_associated, associated, "{way:?}");
    }
}

#[test]
fn only_the_first_of_several_invalid_ids_is_named() {
    let [one, two] = [1, 2].map(|serial| fault_id("missing", 0, serial).unwrap());
    let sent = batch_body(&[("1", &one), ("3", &two)]);
    for (way, both) in [(BatchErrors::Named, true), (BatchErrors::NamedFirst, false)] {
        let mut world = world(SandboxSettings {
            batch_errors: way,
            ..unlimited()
        });
        let said = body(&reply(&mut world, "POST", BATCH, &sent)).to_string();
        assert!(said.contains(&one));
        assert_eq!(said.contains(&two), both, "{way:?}");
    }
}

#[test]
fn a_batch_that_is_too_long_or_malformed_is_refused() {
    let mut world = world(SandboxSettings {
        batch_limit: 1,
        ..unlimited()
    });
    let long = batch_body(&[("1", "2"), ("3", "4")]);
    for sent in [long.as_str(), "", "{}", "{\"inputs\":[]}", "nonsense"] {
        let reply = reply(&mut world, "POST", BATCH, sent);
        assert_eq!(reply.status, 400, "{sent}");
        assert_eq!(body(&reply)["category"], "VALIDATION_ERROR");
    }
    assert_eq!(world.seen().pairs_associated, 0);
}

#[test]
fn other_faults_apply_to_a_batch_as_a_whole() {
    let mut world = world(unlimited());
    let once = fault_id("status:504", 1, 1).unwrap();
    let sent = batch_body(&[("1", "2"), ("3", &once)]);
    assert_eq!(reply(&mut world, "POST", BATCH, &sent).status, 504);
    assert_eq!(reply(&mut world, "POST", BATCH, &sent).status, 200);
    assert_eq!(world.seen().pairs_associated, 2);
}
