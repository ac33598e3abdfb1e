//! An API that is away: nobody is answered, and no row is charged for it.

use std::net::{SocketAddr, TcpListener};

use hubspot_associate::sandbox::{Sandbox, SandboxSettings};

use crate::support::{Printed, Rehearsal, Running, good_rows, instant, signal};

/// Where nobody listens. Other tests take any free port of 127.0.0.1.
fn nowhere() -> SocketAddr {
    let address = if cfg!(target_os = "linux") {
        "127.0.0.2:0"
    } else {
        "127.0.0.1:0"
    };
    let listener = TcpListener::bind(address).unwrap();
    listener.local_addr().unwrap()
}

/// An import from `place`, once it has noticed that nobody is there.
fn import_from(place: SocketAddr, rehearsal: &Rehearsal) -> (Running, Printed) {
    let url = format!("http://{place}");
    let flags = [
        "import",
        "pairs.csv",
        "--base-url",
        &url,
        "--rate",
        "unlimited",
    ];
    let mut child = rehearsal.command(&flags).spawn().unwrap();
    let mut stderr = child.stderr();
    stderr.until("HubSpot answers nobody (tcp connect error");
    (child, stderr)
}

#[test]
fn a_run_waits_for_an_unreachable_api_and_loses_no_row() {
    let place = nowhere();
    let rehearsal = Rehearsal::new().rows(good_rows(60));
    let (mut child, stderr) = import_from(place, &rehearsal);
    let settings = SandboxSettings {
        listen: place,
        ..instant()
    };
    let api = Sandbox::start(settings).unwrap();
    let said = stderr.all();
    assert_eq!(child.ended().code(), Some(0), "{said}");
    assert!(said.contains("HubSpot answers again, after "), "{said}");
    assert_eq!(rehearsal.report().len(), 60);
    assert_eq!(api.seen().requests, 60);
}

#[test]
fn a_run_that_waits_for_an_api_ends_at_once_when_asked_to() {
    let rehearsal = Rehearsal::new().rows(good_rows(60));
    let (mut child, _stderr) = import_from(nowhere(), &rehearsal);
    signal(&child, "INT");
    assert_eq!(child.ended().code(), Some(130));
    assert_eq!(rehearsal.report().len(), 0);
}
