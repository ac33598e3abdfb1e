//! Test fixture: a stop reason for each message.

use std::io;
use std::num::NonZeroU64;
use std::time::Duration;

use jiff::Timestamp;

use crate::domain::cause::Cause;
use crate::domain::outcome::OutcomeKind;
use crate::domain::pair::RowKey;
use crate::domain::run_counts::{CategoryCount, Example};
use crate::input::error::InputError;
use crate::report::lost_report::LostReport;
use crate::run::guards::failure_limit::{FailureLimitReached, ReachedLimit};
use crate::run::guards::time_limit::TimeLimit;
use crate::run::stop_reason::{PropertyRefusal, Signal, StopReason, UniformFailure};
use crate::verdict::retry::FatalCause;

pub(crate) fn fatal(cause: FatalCause, scopes: &[&str]) -> StopReason {
    StopReason::Fatal {
        cause,
        message: "the message of the reply".into(),
        scopes: scopes.iter().map(ToString::to_string).collect(),
        correlation_id: Some("8f6e".into()),
    }
}

fn uniform(what: UniformFailure, rows: u32) -> StopReason {
    StopReason::UniformFailures {
        what,
        rows,
        message: "the message of the rows".into(),
    }
}

fn unreachable(was_reachable: bool) -> StopReason {
    StopReason::ApiUnreachable {
        lasted: Duration::from_hours(1),
        was_reachable,
        message: "no route to host".into(),
    }
}

fn property_refused(refusal: PropertyRefusal) -> StopReason {
    StopReason::PropertyRefused {
        property: "email".into(),
        object_type: "2-7".into(),
        refusal,
        message: "Property email cannot be used".into(),
    }
}

fn over_budget(limit: ReachedLimit, transient: bool) -> StopReason {
    let example = Example {
        key: RowKey { row: 7, line: 8 },
        values: Default::default(),
        keys: Default::default(),
        http_status: Some(404),
        message: "resource not found".into(),
        correlation_id: None,
    };
    StopReason::FailureLimit(FailureLimitReached {
        limit,
        bad: 1200,
        of: 2345,
        common: Some(CategoryCount {
            category: "HTTP_404".into(),
            cause: Cause::Category,
            kind: OutcomeKind::Rejected,
            rows: 1100,
            examples: vec![example],
        }),
        transient,
    })
}

/// Every message has a reason here, and a name.
pub(crate) fn every_stop() -> Vec<(&'static str, StopReason)> {
    let rows = ReachedLimit::Rows(NonZeroU64::new(1200).unwrap());
    let lost = |lost: LostReport| StopReason::Report(lost.into());
    let io = |kind: io::ErrorKind| StopReason::Report(kind.into());
    let wait = Duration::from_mins(40);
    vec![
        ("interrupt", StopReason::Signal(Signal::Interrupt)),
        ("termination", StopReason::Signal(Signal::Terminate)),
        ("daily limit", fatal(FatalCause::DailyLimit, &[])),
        ("long wait", fatal(FatalCause::LongWait(wait), &[])),
        ("refused token", fatal(FatalCause::Unauthorized, &[])),
        ("no new token", fatal(FatalCause::NoToken, &[])),
        ("another account", fatal(FatalCause::OtherPortal, &[])),
        ("unnamed scope", fatal(FatalCause::MissingScopes, &[])),
        (
            "named scopes",
            fatal(
                FatalCause::MissingScopes,
                &["crm.objects.contacts.write", "b"],
            ),
        ),
        (
            "one scope, to look keys up",
            fatal(FatalCause::MissingScopes, &["crm.objects.contacts.read"]),
        ),
        ("forbidden", fatal(FatalCause::Forbidden, &[])),
        ("untrusted certificate", fatal(FatalCause::Untrusted, &[])),
        ("unknown type", uniform(UniformFailure::TypeError, 3)),
        ("wrong path", uniform(UniformFailure::NotFound, 25)),
        (
            "TLS behind the gateway",
            uniform(UniformFailure::TlsFailure, 5),
        ),
        (
            "input",
            StopReason::Input(InputError::Missing {
                input: "pairs.csv".into(),
            }),
        ),
        ("failure limit in rows", over_budget(rows, false)),
        (
            "failure limit in percent",
            over_budget(ReachedLimit::Percent(50), false),
        ),
        ("failing API", over_budget(rows, true)),
        ("API no longer reachable", unreachable(true)),
        ("API never reachable", unreachable(false)),
        (
            "no file descriptor",
            StopReason::NoDescriptor {
                lasted: Duration::from_mins(10),
                message: "too many open files".into(),
            },
        ),
        (
            "property that is not unique",
            property_refused(PropertyRefusal::NotUnique),
        ),
        (
            "unknown property",
            property_refused(PropertyRefusal::Unknown),
        ),
        (
            "no key found",
            StopReason::NoKeyFound {
                property: "email".into(),
                object_type: "contacts".into(),
                keys: 1000,
            },
        ),
        (
            "maximum duration",
            StopReason::TimeIsUp(TimeLimit::MaxDuration(Duration::from_hours(8))),
        ),
        (
            "time of day",
            StopReason::TimeIsUp(TimeLimit::Until(Timestamp::UNIX_EPOCH)),
        ),
        ("bug", StopReason::Bug("index out of bounds".into())),
        ("deleted report", lost(LostReport::Deleted)),
        ("replaced report", lost(LostReport::Replaced)),
        (
            "shortened report",
            lost(LostReport::Cut {
                found: 0,
                written: 9,
            }),
        ),
        (
            "extended report",
            lost(LostReport::Extended {
                found: 10,
                written: 9,
            }),
        ),
        ("full disk", io(io::ErrorKind::StorageFull)),
        ("exhausted quota", io(io::ErrorKind::QuotaExceeded)),
        ("limit of file sizes", io(io::ErrorKind::FileTooLarge)),
        ("failing disk", io(io::ErrorKind::Other)),
    ]
}
