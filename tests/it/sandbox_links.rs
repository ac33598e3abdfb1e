//! What the sandbox command holds after an import, and what other clients change in it.

use serde_json::json;

use crate::support::{Rehearsal, finish, good_rows, post, request, signal};

const READ: &str = "/crm/v4/associations/contacts/companies/batch/read";

#[test]
fn what_an_import_linked_can_be_listed_read_back_and_changed() {
    let rehearsal = Rehearsal::new().rows(good_rows(3));
    let serve = ["sandbox", "--listen", "127.0.0.1:0", "--latency", "0"];
    let mut server = rehearsal.command(&serve).spawn().unwrap();
    let mut stdout = server.stdout();
    let greeting = stdout.line().unwrap();
    let url = greeting.trim().strip_prefix("listening on ").unwrap();
    let arguments = ["import", "pairs.csv", "--base-url", url];
    let import = finish(rehearsal.command(&arguments).output().unwrap());
    assert_eq!(import.code, 0, "{}", import.stderr);

    let list = || request(url, "GET", "/sandbox/links/contacts/companies", "").1;
    let types = "HUBSPOT_DEFINED:279;HUBSPOT_DEFINED:1";
    let line = |row: u32| format!("{},{},{types}\n", 41_000 + row, 52_000 + row);
    let header = "from_object_id,to_object_id,association_types\n";
    assert_eq!(list(), [header, &line(1), &line(2), &line(3)].concat());

    let delete = "/sandbox/records/contacts/41001/delete";
    assert_eq!(request(url, "POST", delete, "").0, 204);
    let merge = "/sandbox/records/companies/52002/merge/52009";
    assert_eq!(request(url, "POST", merge, "").0, 204);
    let (status, said) = post(
        url,
        READ,
        &json!({"inputs": [{"id": "41001"}, {"id": "41002"}]}),
    );
    assert_eq!(status, 207, "{said}");
    assert_eq!(said["results"][0]["to"][0]["toObjectId"], "52009");
    let moved = format!("41002,52009,{types}\n");
    assert_eq!(list(), [header, &moved, &line(3)].concat());
    let calls = request(url, "GET", "/sandbox/calls", "").1;
    assert!(
        calls.contains("\"links\":1") && calls.contains("\"pair\":3"),
        "{calls}"
    );
    signal(&server, "INT");
    assert_eq!(server.ended().code(), Some(0));
}
