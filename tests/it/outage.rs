//! An unreachable API: no request gets a response, and this uses up no attempts.

use std::net::{SocketAddr, TcpListener};

use crate::support::{Printed, Rehearsal, Running, good_rows, instant, signal};

use hubspot_associate::sandbox::server::Sandbox;
use hubspot_associate::sandbox::settings::SandboxSettings;

/// An address without a listener. Other tests use any free port of 127.0.0.1.
pub(crate) fn unused_address() -> SocketAddr {
    let address = if cfg!(target_os = "linux") {
        "127.0.0.2:0"
    } else {
        "127.0.0.1:0"
    };
    let listener = TcpListener::bind(address).unwrap();
    listener.local_addr().unwrap()
}

/// Starts an import from `place`, and waits until it has detected that the API is unreachable.
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
    stderr.until("HubSpot is unreachable (tcp connect error");
    (child, stderr)
}

#[test]
fn a_run_waits_for_an_unreachable_api_and_loses_no_row() {
    let place = unused_address();
    let rehearsal = Rehearsal::new().rows(good_rows(60));
    let (mut child, stderr) = import_from(place, &rehearsal);
    let settings = SandboxSettings {
        listen: place,
        ..instant()
    };
    let api = Sandbox::start(settings).unwrap();
    let said = stderr.all();
    assert_eq!(child.ended().code(), Some(0), "{said}");
    assert!(said.contains("HubSpot is reachable again after "), "{said}");
    assert_eq!(rehearsal.report().len(), 60);
    assert_eq!(api.seen().requests, 60);
}

#[test]
fn a_run_that_waits_for_an_api_stops_immediately_on_a_signal() {
    let rehearsal = Rehearsal::new().rows(good_rows(60));
    let (mut child, _stderr) = import_from(unused_address(), &rehearsal);
    signal(&child, "INT");
    assert_eq!(child.ended().code(), Some(130));
    assert_eq!(rehearsal.report().len(), 0);
}
