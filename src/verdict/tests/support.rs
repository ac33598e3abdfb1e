//! Pairs and replies for the tests of verdicts.

use crate::api::response::body::{Body, Unreadable};
use crate::api::response::headers::{Answer, Reply, ReplyHeaders};
use crate::domain::pair::{ObjectType, Pair, Record, RecordId};

/// The types of most pairs.
pub(in crate::verdict) const CONTACTS: [&str; 2] = ["contacts", "companies"];

pub(in crate::verdict) fn pair_of(types: [&str; 2], ids: [&str; 2]) -> Pair {
    let record = |index: usize| Record {
        object_type: ObjectType::new(types[index]).unwrap(),
        id: RecordId::new(ids[index]).unwrap(),
    };
    Pair {
        from: record(0),
        to: record(1),
    }
}

/// The pair that [`FORWARD`] and [`INVERSE`] confirm.
pub(in crate::verdict) fn pair() -> Pair {
    pair_of(CONTACTS, ["41001", "52002"])
}

pub(in crate::verdict) fn reply(status: u16, headers: ReplyHeaders, body: Body) -> Reply {
    Reply::Answered(Answer {
        status,
        headers,
        body,
    })
}

pub(in crate::verdict) fn answer(status: u16, body: &str) -> Reply {
    let body = Body::parse(body.as_bytes());
    reply(status, ReplyHeaders::default(), body)
}

/// A reply whose headers have this correlation id.
pub(in crate::verdict) fn answer_with_id(status: u16, id: &str, body: &str) -> Reply {
    let headers = ReplyHeaders {
        correlation_id: Some(id.into()),
        ..ReplyHeaders::default()
    };
    reply(status, headers, Body::parse(body.as_bytes()))
}

pub(in crate::verdict) fn unread(status: u16, why: Unreadable) -> Reply {
    reply(status, ReplyHeaders::default(), Body::Unread(why))
}

pub(in crate::verdict) const FORWARD: &str =
    r#"{"from":{"id":"41001"},"to":{"id":"52002"},"associationSpec":{"associationTypeId":279}}"#;
pub(in crate::verdict) const INVERSE: &str =
    r#"{"from":{"id":52002},"to":{"id":41001},"associationSpec":{"associationTypeId":280}}"#;
pub(in crate::verdict) const OTHER: &str =
    r#"{"from":{"id":"41001"},"to":{"id":"7"},"associationSpec":{"associationTypeId":279}}"#;

/// A 2xx body with these results, and `rest` before its closing brace.
pub(in crate::verdict) fn body(results: &[&str], rest: &str) -> String {
    format!(
        r#"{{"status":"COMPLETE","results":[{}]{rest}}}"#,
        results.join(",")
    )
}
