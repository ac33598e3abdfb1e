//! A loop that only sends requests: for each row the program's own PUT, with the same headers, by reqwest as its
//! documentation shows it. Nothing is read from a file, parsed, classified or written, so this is the upper bound for a
//! program on this client.
//!
//! `benches/compare` builds it, and runs it beside the program: `bare_reqwest http://127.0.0.1:PORT ROWS IN_FLIGHT`.

#![expect(
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a bench prints, and fails by panicking"
)]

use std::cell::Cell;
use std::rc::Rc;

use reqwest::header::{ACCEPT, ACCEPT_ENCODING, CONTENT_LENGTH, HeaderMap, HeaderValue};
use reqwest::{Client, redirect, retry};
use tokio::task::LocalSet;

const TOKEN: &str = "pat-na1-00000000-0000-0000-0000-000000000000";

fn main() {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    let [base_url, rows, in_flight] = arguments.as_slice() else {
        println!(
            "bare_reqwest: needs a base URL, rows and requests in flight; see benches/compare"
        );
        return;
    };
    let (rows, in_flight) = (rows.parse().unwrap(), in_flight.parse().unwrap());
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(send_all(base_url, rows, in_flight));
}

/// Sends `rows` requests, each for another pair, from as many tasks as there may be requests in flight.
async fn send_all(base_url: &str, rows: u64, in_flight: usize) {
    let headers = HeaderMap::from_iter([
        (ACCEPT, HeaderValue::from_static("application/json")),
        (ACCEPT_ENCODING, HeaderValue::from_static("identity")),
        (CONTENT_LENGTH, HeaderValue::from_static("0")),
    ]);
    let client = Client::builder()
        .default_headers(headers)
        .user_agent("bare_reqwest")
        .redirect(redirect::Policy::none())
        .retry(retry::never())
        .no_proxy()
        .pool_max_idle_per_host(in_flight)
        .build()
        .unwrap();
    let next = Rc::new(Cell::new(1));
    let tasks = LocalSet::new();
    for _ in 0..in_flight {
        let (client, base_url, next) = (client.clone(), base_url.to_owned(), next.clone());
        tasks.spawn_local(async move {
            while next.get() <= rows {
                let row = next.replace(next.get() + 1);
                send(&client, &base_url, row).await;
            }
        });
    }
    tasks.await;
}

async fn send(client: &Client, base_url: &str, row: u64) {
    let (from, to) = (100_000_000_000 + row, 200_000_000_000 + row);
    let url =
        format!("{base_url}/crm/v4/objects/contacts/{from}/associations/default/companies/{to}");
    let response = client.put(url).bearer_auth(TOKEN).send().await.unwrap();
    assert!(response.status().is_success());
    assert!(!response.bytes().await.unwrap().is_empty());
}
