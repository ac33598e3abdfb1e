//! Benchmarks of the pure parts of processing a row, each on its own: `cargo bench --bench parts`.

#![expect(clippy::unwrap_used, reason = "a bench fails by panicking")]

use std::hint::black_box;
use std::io::Write as _;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};

use hubspot_associate::bench::{
    Batch, RateLimit, ReportLines, SingleReply, read_report, read_rows, summarize,
};

const ROWS: u64 = 10_000;

const CONFIRMED: &[u8] = br#"{"status":"COMPLETE","results":[{"from":{"id":"100000000001"},"to":{"id":"200000000001"},"associationSpec":{"associationCategory":"HUBSPOT_DEFINED","associationTypeId":279}},{"from":{"id":"200000000001"},"to":{"id":"100000000001"},"associationSpec":{"associationCategory":"HUBSPOT_DEFINED","associationTypeId":280}}],"startedAt":"2026-05-04T09:15:22.031Z","completedAt":"2026-05-04T09:15:22.118Z"}"#;

const REFUSED: &[u8] = br#"{"status":"error","message":"One or more associations are invalid","correlationId":"8f6e0a52-1f0b-4f3a-9d8a-0c6c5b0f9d11","context":{"ids":["100000000001"]},"category":"VALIDATION_ERROR"}"#;

const IDS: (&str, &str) = ("100000000001", "200000000001");

fn reply(status: u16, body: &[u8]) -> SingleReply {
    SingleReply::new(IDS.0, IDS.1, status, body)
}

fn check(criterion: &mut Criterion) {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    writeln!(file, "from_type,from_id,to_type,to_id").unwrap();
    for row in 0..ROWS {
        let (from, to) = (100_000_000_000 + row, 200_000_000_000_u64 + row);
        writeln!(file, "contacts,{from},companies,{to}").unwrap();
    }
    let mut group = criterion.benchmark_group("input");
    group.throughput(Throughput::Elements(ROWS));
    group.bench_function("read and check rows", |bench| {
        bench.iter(|| assert_eq!(read_rows(file.path()), ROWS));
    });
    group.finish();
}

fn replies(criterion: &mut Criterion) {
    for (name, status, body) in [("confirmed", 200, CONFIRMED), ("refused", 400, REFUSED)] {
        criterion.bench_function(&format!("reply/parse/{name}"), |bench| {
            bench.iter(|| SingleReply::parse(black_box(body)));
        });
        let reply = reply(status, body);
        criterion.bench_function(&format!("reply/judge/{name}"), |bench| {
            bench.iter(|| reply.judge());
        });
        criterion.bench_function(&format!("reply/describe/{name}"), |bench| {
            bench.iter(|| reply.describe());
        });
    }
}

/// Returns a list of as many items as fit in `bytes` bytes.
fn filled(bytes: usize, item: impl Fn(usize) -> String) -> String {
    let mut list = String::new();
    for index in 0.. {
        let item = item(index);
        if list.len() + item.len() >= bytes {
            break;
        }
        if index > 0 {
            list.push(',');
        }
        list.push_str(&item);
    }
    list
}

/// The largest replies, in the forms that are most expensive to process: the cost that a server can
/// cause per row.
fn worst_single(criterion: &mut Criterion) {
    const BYTES: usize = 255 * 1024;
    let errors =
        |item: &dyn Fn(usize) -> String| format!(r#"{{"errors":[{}]}}"#, filled(BYTES, item));
    let cases = [
        ("texts", 400, errors(&|index| format!("\"{index:x}\""))),
        (
            "categories",
            400,
            errors(&|index| format!(r#"{{"category":"{index:x}"}}"#)),
        ),
        ("nothing", 400, errors(&|_| "{}".to_owned())),
        (
            "one text",
            400,
            format!(r#"{{"message":"{}"}}"#, " x".repeat(BYTES / 2)),
        ),
        (
            "scopes",
            403,
            format!(
                r#"{{"context":{{"requiredScopes":[{}]}}}}"#,
                filled(BYTES, |index| format!("\"{index:x}\""))
            ),
        ),
        (
            "types",
            200,
            format!(
                r#"{{"status":"COMPLETE","results":[{}]}}"#,
                filled(BYTES, |index| format!(
                    r#"{{"from":{{"id":"100000000001"}},"to":{{"id":"200000000001"}},"associationSpec":{{"associationTypeId":{index}}}}}"#
                ))
            ),
        ),
    ];
    let reply = reply(200, CONFIRMED);
    for (name, status, body) in cases {
        criterion.bench_function(&format!("worst reply/one pair/{name}"), |bench| {
            bench.iter(|| reply.process(status, black_box(body.as_bytes())));
        });
    }
}

/// 2,000 pairs, with one contact or with 2,000 different contacts.
fn batch(has_one_contact: bool) -> Batch {
    let ids = |index: usize| {
        let contact = if has_one_contact { 1 } else { 10_000 + index };
        (contact, 20_000 + index)
    };
    Batch::new((0..2000).map(ids))
}

/// The largest replies to a batch of 2,000 pairs, and whether the pairs share one contact.
fn worst_bodies() -> Vec<(&'static str, bool, String)> {
    const BYTES: usize = 2000 * 1024;
    let errors = |most: usize, item: &dyn Fn(usize) -> String| {
        let items: Vec<String> = (0..most).map(item).collect();
        let mut list = items.join(",");
        if list.len() >= BYTES {
            list = filled(BYTES, item);
        }
        format!(r#"{{"status":"COMPLETE","results":[],"errors":[{list}]}}"#)
    };
    let shared = |index: usize| {
        let company = 20_000 + index % 2000;
        format!(
            r#"{{"category":"OBJECT_NOT_FOUND","message":"No contact 1 for company {company} {index}","context":{{"id":["1"]}}}}"#
        )
    };
    let long = "x ".repeat(1000);
    vec![
        ("2000 of one record", true, errors(2000, &shared)),
        ("15000 of one record", true, errors(15_000, &shared)),
        (
            "one record, long",
            true,
            errors(900, &|index| {
                format!(
                    r#"{{"category":"{index} NOT_FOUND {long}","context":{{"id":["1"],"x":[1,2,3,4,5,6,7,8,9]}}}}"#
                )
            }),
        ),
        (
            "each pair",
            true,
            errors(10_000, &|index| {
                let company = 20_000 + index % 2000;
                format!(
                    r#"{{"message":"{index}","context":{{"fromObjectId":["1"],"toObjectId":["{company}"]}}}}"#
                )
            }),
        ),
        (
            "many with many",
            false,
            errors(400, &|index| {
                let ids = |base: usize| -> String {
                    let ids: Vec<_> = (0..40)
                        .map(|id| (base + (index * 40 + id * 7) % 2000).to_string())
                        .collect();
                    ids.join(",")
                };
                format!(
                    r#"{{"context":{{"fromObjectId":[{}],"toObjectId":[{}]}}}}"#,
                    ids(10_000),
                    ids(20_000)
                )
            }),
        ),
        (
            "all in one",
            true,
            format!(
                r#"{{"category":"NOT_FOUND","context":{{"objectType":[{}],"id":[{}]}},"errors":[{}]}}"#,
                filled(200_000, |_| "\"CONTACT\"".to_owned()),
                filled(400_000, |index| (index % 25_000).to_string()),
                filled(1_200_000, |index| format!(
                    r#"{{"message":"{index}","context":{{"ids":[1]}}}}"#
                ))
            ),
        ),
        (
            "nothing",
            true,
            errors(usize::from(u16::MAX) * 10, &|_| "{}".to_owned()),
        ),
        (
            "texts",
            true,
            errors(400_000, &|index| format!("\"{index:x}\"")),
        ),
        (
            "results",
            false,
            format!(
                r#"{{"status":"COMPLETE","results":[{}]}}"#,
                filled(BYTES, |index| format!(
                    r#"{{"from":{{"id":{index}}},"to":{{"id":{index}}}}}"#
                ))
            ),
        ),
    ]
}

/// The same for a batch of 2,000 pairs.
fn worst_batch(criterion: &mut Criterion) {
    for (name, has_one_contact, body) in worst_bodies() {
        let batch = batch(has_one_contact);
        criterion.bench_function(&format!("worst reply/2000 pairs/{name}"), |bench| {
            bench.iter(|| batch.process(207, black_box(body.as_bytes())));
        });
    }
}

fn rate_limit(criterion: &mut Criterion) {
    let mut rate_limit = RateLimit::default();
    criterion.bench_function("rate limit/permit and reply", |bench| {
        bench.iter(|| rate_limit.permit_and_reply());
    });
}

fn report(criterion: &mut Criterion) {
    let mut lines = ReportLines::new(&reply(200, CONFIRMED));
    criterion.bench_function("report/line", |bench| bench.iter(|| lines.add()));
    let text = lines.report(ROWS);
    let mut group = criterion.benchmark_group("report");
    group.throughput(Throughput::Elements(ROWS));
    group.bench_function("read lines back", |bench| {
        bench.iter(|| assert_eq!(read_report(&text), ROWS));
    });
    group.bench_function("sum it up", |bench| bench.iter(|| summarize(&text)));
    group.finish();
}

criterion_group!(
    parts,
    check,
    replies,
    worst_single,
    worst_batch,
    rate_limit,
    report
);
criterion_main!(parts);
