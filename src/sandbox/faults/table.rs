//! The faults by name and by id pattern: the single table behind the fault spec, the id patterns and the table in the
//! documentation.
//!
//! An id of exactly 15 digits that begins with 99 names its own fault: `99`, three digits for the fault, two digits
//! for how often (00 is always), eight digits to make ids unique. HubSpot's ids have at most 12 digits today, so no
//! ordinary id matches, and 15 digits survive a spreadsheet. With 98 in place of 99 the fault is that of reading the
//! record.

use crate::sandbox::faults::fault::Fault;

/// The prefix of every such id.
const MARK: &str = "99";
/// The prefix of ids whose fault is that of calls that read the record.
const READ_MARK: &str = "98";
/// The length of every such id.
const LENGTH: usize = 15;
/// How many digits make ids of one fault unique.
const SERIAL_DIGITS: usize = 8;
/// The statuses that have a generic name.
const STATUSES: std::ops::RangeInclusive<u16> = 200..=599;

/// One fault of the table.
#[derive(Clone, Copy, Debug)]
pub struct KnownFault {
    /// Its name in a fault spec; `status:503` and the like name every other status.
    pub name: &'static str,
    /// Its three-digit code in an id.
    pub code: u16,
    /// A short description.
    pub effect: &'static str,
    pub(crate) fault: Fault,
}

impl KnownFault {
    /// The pattern of its ids: `N` for how often, `x` for free digits.
    #[must_use]
    pub fn id_pattern(&self) -> String {
        format!("{MARK}{:03}NNxxxxxxxx", self.code)
    }
}

/// A record id for which every request gets `fault`, the first `times` times or, with 0, always. `serial` makes such
/// ids unique.
///
/// `None` if the name is unknown, `times` is over 99 or `serial` has more than eight digits.
#[must_use]
pub fn fault_id(fault: &str, times: u32, serial: u32) -> Option<String> {
    marked_id(MARK, fault, times, serial)
}

/// [`fault_id`] for a record that exists and can be associated, while calls that read it get `fault`.
#[must_use]
pub fn read_fault_id(fault: &str, times: u32, serial: u32) -> Option<String> {
    marked_id(READ_MARK, fault, times, serial)
}

fn marked_id(mark: &str, fault: &str, times: u32, serial: u32) -> Option<String> {
    let code = code_named(fault)?;
    if times > 99 || serial > 99_999_999 {
        return None;
    }
    Some(format!("{mark}{code:03}{times:02}{serial:08}"))
}

/// The fault that a record id names for the request after `before` others, if any.
pub(crate) fn fault_of_id(id: &str, before: u32) -> Option<Fault> {
    let (fault, times) = read_id(MARK, id)?;
    (times == 0 || before < times).then_some(fault)
}

/// The fault that a record id names for the read after `before` others, if any.
pub(crate) fn fault_of_reading(id: &str, before: u32) -> Option<Fault> {
    let (fault, times) = read_id(READ_MARK, id)?;
    (times == 0 || before < times).then_some(fault)
}

/// Whether reading a record with this id may get a fault.
pub(crate) fn names_a_read_fault(id: &str) -> bool {
    read_id(READ_MARK, id).is_some()
}

/// What became of a record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum RecordFate {
    Exists,
    Deleted,
    /// Merged into the record with this id.
    MergedInto(String),
}

/// What became of the record with this id, as far as the id says so: one that is `missing` always was deleted.
pub(crate) fn fate_of_id(id: &str) -> RecordFate {
    match read_id(MARK, id) {
        Some((Fault::Missing, 0)) => RecordFate::Deleted,
        Some((Fault::Merged, 0)) => RecordFate::MergedInto(merged_into(id)),
        _ => RecordFate::Exists,
    }
}

/// The id of the record that one with this id was merged into: its first digit replaced by 8.
pub(crate) fn merged_into(id: &str) -> String {
    format!("8{}", id.get(1..).unwrap_or_default())
}

/// The id of the record that was merged into the one with this id, as far as the id says so.
pub(crate) fn merged_from(id: &str) -> Option<String> {
    let merged = format!("9{}", id.strip_prefix('8')?);
    let is_merged = matches!(read_id(MARK, &merged), Some((Fault::Merged, 0)));
    is_merged.then_some(merged)
}

/// Whether a record id names a fault, even one whose count is used up.
pub(crate) fn names_a_fault(id: &str) -> bool {
    read_id(MARK, id).is_some()
}

fn read_id(mark: &str, id: &str) -> Option<(Fault, u32)> {
    if id.len() != LENGTH || !id.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let rest = id.strip_prefix(mark)?;
    let (code, rest) = rest.split_at(3);
    let times = &rest[..rest.len() - SERIAL_DIGITS];
    let fault = fault_with_code(code.parse().ok()?)?;
    Some((fault, times.parse().ok()?))
}

fn fault_with_code(code: u16) -> Option<Fault> {
    if STATUSES.contains(&code) {
        return Some(Fault::Status(code));
    }
    let known = KNOWN_FAULTS.iter().find(|known| known.code == code)?;
    Some(known.fault)
}

fn code_named(name: &str) -> Option<u16> {
    if let Some(status) = name.strip_prefix("status:") {
        return status.parse().ok().filter(|code| STATUSES.contains(code));
    }
    let known = KNOWN_FAULTS.iter().find(|known| known.name == name)?;
    Some(known.code)
}

/// The fault with this name.
pub(crate) fn fault_named(name: &str) -> Option<Fault> {
    code_named(name).and_then(fault_with_code)
}

const fn known(name: &'static str, code: u16, fault: Fault, effect: &'static str) -> KnownFault {
    KnownFault {
        name,
        code,
        effect,
        fault,
    }
}

const fn status(name: &'static str, code: u16, effect: &'static str) -> KnownFault {
    known(name, code, Fault::Status(code), effect)
}

/// Every fault with its own description. Any other status from 200 to 599 works the same way.
#[rustfmt::skip] // One fault per line.
pub const KNOWN_FAULTS: &[KnownFault] = &[
    status("status:201", 201, "201 with the success body; associated"),
    status("status:204", 204, "204 without a body; associated"),
    status("status:207", 207, "207 with the success body; associated"),
    status("status:302", 302, "302 to another path"),
    status("status:307", 307, "307 to another path"),
    status("status:400", 400, "400 `VALIDATION_ERROR`"),
    status("status:401", 401, "401 `INVALID_AUTHENTICATION`"),
    status("status:403", 403, "403 `MISSING_SCOPES` with `requiredGranularScopes`"),
    status("status:404", 404, "404 without a category"),
    status("status:409", 409, "409 `CONFLICT`"),
    status("status:414", 414, "414 with an HTML page"),
    status("status:423", 423, "423, locked"),
    status("status:429", 429, "429 `TEN_SECONDLY_ROLLING`"),
    status("status:477", 477, "477 with `Retry-After` in seconds"),
    status("status:500", 500, "500 with message and correlation id only"),
    status("status:502", 502, "502 with an HTML page"),
    status("status:503", 503, "503 with an HTML page"),
    status("status:504", 504, "504 with an HTML page"),
    status("status:521", 521, "521 with an HTML page"),
    status("status:522", 522, "522 with an HTML page"),
    status("status:523", 523, "523 with an HTML page"),
    status("status:524", 524, "524 with an HTML page"),
    status("status:525", 525, "525 with an HTML page"),
    status("status:526", 526, "526 with an HTML page"),
    known("missing", 700, Fault::Missing, "400 `INVALID_OBJECT_IDS` for the side with this id; in a batch, a bad pair"),
    known("missing-old-form", 701, Fault::MissingOldForm, "the same without `objectId` and `objectType`"),
    known("bare-refusal", 702, Fault::BareRefusal, "400 without a category"),
    known("association-limit", 703, Fault::AssociationLimit, "400 `VALIDATION_ERROR` whose message names a limit (wording invented)"),
    known("expired-token", 710, Fault::ExpiredToken, "401 `EXPIRED_AUTHENTICATION`"),
    known("old-scopes", 711, Fault::OldScopes, "403 `MISSING_SCOPES` with `requiredScopes`"),
    known("spec-scopes", 712, Fault::SpecScopes, "403 `MISSING_SCOPES` with `missingScopes` in `context`"),
    known("blocked", 713, Fault::BlockedPage, "403 with an HTML page"),
    known("daily", 720, Fault::DailyLimit, "429 `DAILY`"),
    known("burst-retry-seconds", 721, Fault::BurstRetrySeconds, "429 `TEN_SECONDLY_ROLLING` with `Retry-After` in seconds"),
    known("burst-retry-date", 722, Fault::BurstRetryDate, "429 `TEN_SECONDLY_ROLLING` with `Retry-After` as an HTTP date"),
    known("secondly", 723, Fault::SecondlyLimit, "429 `SECONDLY`"),
    known("bare-throttle", 724, Fault::BareThrottle, "429 without a body"),
    known("unavailable-retry", 730, Fault::UnavailableRetry, "503 with `Retry-After` in seconds"),
    known("internal-page", 731, Fault::InternalPage, "500 with an HTML page"),
    known("empty-internal", 732, Fault::EmptyInternal, "500 without a body"),
    known("embedded-error", 600, Fault::EmbeddedError, "200 with `numErrors` 1 and `OBJECT_NOT_FOUND` in `errors`; not associated"),
    known("only-count", 601, Fault::OnlyCount, "200 with `numErrors` 1 and no `errors`; not associated"),
    known("only-errors", 602, Fault::OnlyErrors, "200 with `errors` and no `numErrors`; not associated"),
    known("zero-errors", 603, Fault::ZeroErrors, "success with explicit `numErrors` 0 and empty `errors`"),
    known("empty-results", 604, Fault::EmptyResults, "200 with empty `results`; not associated"),
    known("null-results", 605, Fault::NullResults, "200 with null `results`; not associated"),
    known("no-results", 606, Fault::NoResults, "200 without `results`; not associated"),
    known("merged", 607, Fault::Merged, "200 whose `results` show another id (89… for 99…); that one is associated"),
    known("forward-only", 610, Fault::ForwardOnly, "success showing only the requested direction"),
    known("inverse-only", 611, Fault::InverseOnly, "success showing only the inverse direction"),
    known("inverse-first", 612, Fault::InverseFirst, "success with the inverse direction first"),
    known("numeric-ids", 613, Fault::NumericIds, "success with ids as JSON numbers"),
    known("unknown-fields", 614, Fault::UnknownFields, "success with `warnings` and unknown fields"),
    known("pending", 620, Fault::Pending, "200 `PENDING`, empty `results`; not associated"),
    known("processing", 621, Fault::Processing, "200 `PROCESSING`, empty `results`; not associated"),
    known("canceled", 622, Fault::Canceled, "200 `CANCELED`, empty `results`; not associated"),
    known("cancelled", 623, Fault::Cancelled, "200 `CANCELLED`, empty `results`; not associated"),
    known("no-status", 624, Fault::NoStatus, "success without `status`"),
    known("invalid-json", 630, Fault::InvalidJson, "200 with a body that is not JSON; not associated"),
    known("page-with-ok", 631, Fault::PageWithOk, "200 with an HTML page; not associated"),
    known("empty-ok", 632, Fault::EmptyOk, "200 without a body; associated"),
    known("huge", 633, Fault::Huge, "success in a body of 8 MiB"),
    known("reset", 800, Fault::Reset, "connection reset before a reply; not associated"),
    known("close", 801, Fault::Close, "connection closed before a reply; not associated"),
    known("stall", 802, Fault::Stall, "no reply until the client disconnects; not associated"),
    known("cut", 803, Fault::Cut, "body shorter than its `Content-Length`; associated"),
    known("cut-chunked", 804, Fault::CutChunked, "chunked body without its end; associated"),
    known("stall-inside", 805, Fault::StallInside, "no data after half the body; associated"),
    known("slow", 806, Fault::Slow, "success after a long wait"),
    known("endless", 807, Fault::Endless, "body that continues until the client disconnects, 64 MiB at most; associated"),
    known("garbage", 808, Fault::Garbage, "bytes that are not HTTP; not associated"),
    known("reset-inside", 809, Fault::ResetInside, "connection reset after half the body; associated"),
    known("reset-after", 810, Fault::ResetAfter, "associated, then connection reset before a reply"),
];

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn every_fault_has_a_unique_name_and_code() {
        let mut names = HashSet::new();
        let mut codes = HashSet::new();
        for known in KNOWN_FAULTS {
            assert!(names.insert(known.name), "{}", known.name);
            assert!(codes.insert(known.code), "{}", known.name);
            assert_eq!(fault_named(known.name), Some(known.fault));
            let id = fault_id(known.name, 0, 7).unwrap();
            assert_eq!(fault_of_id(&id, 1000), Some(known.fault), "{id}");
        }
    }

    #[test]
    fn an_id_with_a_count_is_ordinary_once_the_count_is_used_up() {
        let id = fault_id("status:503", 2, 17).unwrap();
        assert_eq!(id, "995030200000017");
        assert_eq!(fault_of_id(&id, 0), Some(Fault::Status(503)));
        assert_eq!(fault_of_id(&id, 1), Some(Fault::Status(503)));
        assert_eq!(fault_of_id(&id, 2), None);
        assert!(names_a_fault(&id));
    }

    #[test]
    fn an_id_with_the_other_prefix_has_its_fault_only_when_it_is_read() {
        let id = read_fault_id("status:503", 1, 17).unwrap();
        assert_eq!(id, "985030100000017");
        assert_eq!(fault_of_id(&id, 0), None);
        assert_eq!(fault_of_reading(&id, 0), Some(Fault::Status(503)));
        assert_eq!(fault_of_reading(&id, 1), None);
        assert!(names_a_read_fault(&id) && !names_a_fault(&id));
    }

    #[test]
    fn an_id_says_whether_its_record_was_deleted_or_merged() {
        let missing = fault_id("missing", 0, 1).unwrap();
        assert_eq!(fate_of_id(&missing), RecordFate::Deleted);
        let for_a_time = fault_id("missing", 1, 1).unwrap();
        assert_eq!(fate_of_id(&for_a_time), RecordFate::Exists);
        let merged = fault_id("merged", 0, 1).unwrap();
        let survivor = RecordFate::MergedInto("896070000000001".to_owned());
        assert_eq!(fate_of_id(&merged), survivor);
        assert_eq!(merged_from(&merged_into(&merged)), Some(merged.clone()));
        for other in [merged.as_str(), "8", "17", ""] {
            assert_eq!(merged_from(other), None, "{other}");
        }
        assert_eq!(fate_of_id("896070000000001"), RecordFate::Exists);
    }

    #[test]
    fn ordinary_ids_and_unused_codes_do_not_name_a_fault() {
        for id in [
            "1",
            "566274304862",
            "995030000000",
            "885030000000001",
            "991990000000001",
            "999990000000001",
            "9950300000000010",
            "99503000000000x",
        ] {
            assert!(!names_a_fault(id), "{id}");
        }
    }

    #[test]
    fn values_that_do_not_fit_into_an_id_are_refused() {
        assert_eq!(fault_id("unheard-of", 0, 0), None);
        assert_eq!(fault_id("status:199", 0, 0), None);
        assert_eq!(fault_id("missing", 100, 0), None);
        assert_eq!(fault_id("missing", 0, 100_000_000), None);
    }

    #[test]
    fn the_documentation_lists_every_fault() {
        let page = include_str!("../../../docs/sandbox.md");
        for known in KNOWN_FAULTS {
            let line = format!(
                "| `{}` | `{}` | {} |",
                known.name,
                known.id_pattern(),
                known.effect
            );
            assert!(page.contains(&line), "docs/sandbox.md lacks: {line}");
        }
    }
}
