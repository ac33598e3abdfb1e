//! Detects an outage: the API is unreachable for all rows, not just for some. Pure: the time is an
//! argument.
//!
//! During a run that takes days, HubSpot or the network to it may be down for an hour. At the full rate,
//! the run would use up the attempts of hundreds of rows within minutes, and then reach its failure
//! limit. So after a series of requests without a usable reply, single requests probe whether the API is
//! back, with growing pauses in between. They do not count as attempts of their rows.

use std::time::Duration;

use tokio::time::Instant;

use crate::api::response::headers::Reply;
use crate::run::request::RequestKind;
use crate::verdict::backoff::exponential;

/// An outage begins once this number of consecutive rows got no usable reply to their first request.
/// Retries do not count: a few rows at the end of a file that never get a reply are no outage.
const ROWS: u32 = 16;

/// The first request of a batch counts as this number of rows.
const ROWS_PER_BATCH: u32 = 4;

/// The first request of a lookup, or of a call about links, counts as this number of rows: it has many keys or records, and
/// few are in flight.
const ROWS_PER_CALL: u32 = 8;

/// The first pause; it doubles with each request without a usable reply.
const INITIAL_PAUSE: Duration = Duration::from_secs(1);

/// The longest pause.
const MAX_PAUSE: Duration = Duration::from_secs(30);

/// How long the run probes before it gives up.
const GIVE_UP_AFTER: Duration = Duration::from_hours(1);

/// The same if the API was never reachable in this run: then wrong settings are as likely as an outage.
const GIVE_UP_AFTER_NO_REPLY: Duration = Duration::from_mins(2);

/// What a reply shows about the API.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Reachability {
    /// The API replied.
    Reachable,
    /// There was no reply, or a gateway in front of the API replied.
    Unreachable,
    /// Neither: something went wrong with this request alone.
    Unknown,
}

fn reachability(reply: &Reply) -> Reachability {
    match reply {
        Reply::TimedOut | Reply::Disconnected { .. } | Reply::InvalidHttp { .. } => {
            Reachability::Unreachable
        }
        Reply::Untrusted { .. } | Reply::NoDescriptor { .. } => Reachability::Unknown,
        Reply::Answered(answer) => match answer.status {
            502..=504 | 520..=524 | 527 | 530 => Reachability::Unreachable,
            500..=599 => Reachability::Unknown,
            _ => Reachability::Reachable,
        },
    }
}

/// The number of rows that a missing reply to the first attempt counts for. If a batch timed out, or
/// caused an error behind the gateway, the batch may simply have been too large.
pub(crate) fn rows_without_reply(kind: RequestKind, reply: &Reply) -> u32 {
    let status = reply.answer().map(|answer| answer.status);
    match kind {
        RequestKind::Row => 1,
        RequestKind::Lookup
        | RequestKind::Search
        | RequestKind::LinkRead
        | RequestKind::RecordRead
        | RequestKind::LinkRemoval => ROWS_PER_CALL,
        RequestKind::Batch | RequestKind::BisectedBatch => match reply {
            Reply::Disconnected { .. } => ROWS_PER_BATCH,
            _ if matches!(status, Some(503 | 521..=523 | 530)) => ROWS_PER_BATCH,
            _ => 0,
        },
    }
}

/// What to do after a reply.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum OutageAction {
    /// Nothing.
    Nothing,
    /// Pause all requests for this time.
    Pause(Duration),
    /// The API is reachable again after this time.
    Back(Duration),
    /// End the run: the API was unreachable for this time.
    GiveUp(Duration),
}

/// Tracks whether requests get usable replies.
#[derive(Debug, Default)]
pub(crate) struct Outage {
    /// Consecutive rows whose first request got no usable reply.
    rows: u32,
    /// When the first of these failures happened.
    since: Option<Instant>,
    pauses: u32,
    was_reachable: bool,
}

impl Outage {
    /// Whether there is an outage: then requests are sent one at a time.
    pub(crate) fn is_on(&self) -> bool {
        self.rows >= ROWS
    }

    /// Whether this reply is due to the outage and not to the row.
    pub(crate) fn exempts(&self, reply: &Reply) -> bool {
        self.is_on() && reachability(reply) == Reachability::Unreachable
    }

    /// Whether a reply changes the state; almost none does, so this check keeps `note` off the hot path.
    pub(crate) fn is_news(&self, reply: &Reply) -> bool {
        !self.was_reachable
            || self.since.is_some()
            || reachability(reply) == Reachability::Unreachable
    }

    /// Records a reply. `rows` is the number of rows that a missing reply counts for: none for a retry.
    /// `is_paused` says whether all requests are already paused: then this request was sent before the
    /// pause.
    pub(crate) fn note(
        &mut self,
        reply: &Reply,
        rows: u32,
        is_paused: bool,
        now: Instant,
    ) -> OutageAction {
        match reachability(reply) {
            Reachability::Unknown => OutageAction::Nothing,
            Reachability::Reachable => {
                let was_on = self.is_on();
                let since = self.since.take();
                *self = Self {
                    was_reachable: true,
                    ..Self::default()
                };
                match since {
                    Some(since) if was_on => OutageAction::Back(now - since),
                    _ => OutageAction::Nothing,
                }
            }
            Reachability::Unreachable => {
                let since = *self.since.get_or_insert(now);
                self.rows = self.rows.saturating_add(rows);
                if !self.is_on() {
                    return OutageAction::Nothing;
                }
                let lasted = now - since;
                if lasted >= self.give_up_after() {
                    return OutageAction::GiveUp(lasted);
                }
                if is_paused {
                    return OutageAction::Nothing;
                }
                let pause = exponential(INITIAL_PAUSE, MAX_PAUSE, self.pauses);
                self.pauses += 1;
                OutageAction::Pause(pause)
            }
        }
    }

    /// Excludes time during which no request could be sent.
    pub(crate) fn stood_still(&mut self, counted: Duration) {
        self.since = self.since.map(|since| since + counted);
    }

    /// Whether the API was reachable at any time in this run.
    pub(crate) fn was_reachable(&self) -> bool {
        self.was_reachable
    }

    /// How long the run probes before it gives up.
    pub(crate) fn give_up_after(&self) -> Duration {
        if self.was_reachable {
            GIVE_UP_AFTER
        } else {
            GIVE_UP_AFTER_NO_REPLY
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::response::body::Body;
    use crate::api::response::headers::{Answer, ReplyHeaders};

    fn answered(status: u16) -> Reply {
        Reply::Answered(Answer {
            status,
            headers: ReplyHeaders::default(),
            body: Body::Empty,
        })
    }

    fn disconnected() -> Reply {
        Reply::Disconnected {
            why: "refused".into(),
        }
    }

    /// An outage that has just begun, in a run in which the API was or was not reachable before.
    fn begun(was_reachable: bool, now: Instant) -> Outage {
        let mut outage = Outage::default();
        if was_reachable {
            outage.note(&answered(200), 1, false, now);
        }
        for _ in 0..ROWS {
            outage.note(&disconnected(), 1, false, now);
        }
        assert!(outage.is_on());
        outage
    }

    #[test]
    fn it_begins_with_consecutive_rows_without_a_reply() {
        let garbled = Reply::InvalidHttp { why: String::new() };
        let now = Instant::now();
        for (silent, other, begins) in [
            (disconnected(), None, true),
            (Reply::TimedOut, None, true),
            (garbled, None, true),
            (answered(502), None, true),
            (answered(503), None, true),
            (answered(504), None, true),
            (answered(520), None, true),
            (answered(521), None, true),
            (answered(522), None, true),
            (answered(523), None, true),
            (answered(524), None, true),
            (answered(527), None, true),
            (answered(530), None, true),
            (answered(500), None, false),
            (answered(525), None, false),
            (answered(526), None, false),
            (answered(429), None, false),
            (answered(400), None, false),
            (disconnected(), Some(answered(200)), false),
            (disconnected(), Some(answered(404)), false),
            (disconnected(), Some(answered(429)), false),
            (disconnected(), Some(answered(500)), true),
        ] {
            let mut outage = Outage::default();
            for _ in 1..ROWS {
                assert_eq!(outage.note(&silent, 1, false, now), OutageAction::Nothing);
            }
            if let Some(other) = &other {
                outage.note(other, 1, false, now);
            }
            let action = outage.note(&silent, 1, false, now);
            let expected = if begins {
                OutageAction::Pause(INITIAL_PAUSE)
            } else {
                OutageAction::Nothing
            };
            assert_eq!(
                (action, outage.is_on()),
                (expected, begins),
                "{silent:?} {other:?}"
            );
        }
    }

    #[test]
    fn retries_of_a_few_rows_are_no_outage() {
        let mut outage = Outage::default();
        let now = Instant::now();
        for _ in 1..ROWS {
            outage.note(&disconnected(), 1, false, now);
        }
        for _ in 0..10_000 {
            let action = outage.note(&disconnected(), 0, false, now);
            assert_eq!(action, OutageAction::Nothing);
        }
    }

    #[test]
    fn batches_indicate_an_outage_unless_they_may_hold_too_many_pairs() {
        let now = Instant::now();
        for (silent, batches) in [
            (disconnected(), Some(4)),
            (answered(503), Some(4)),
            (answered(522), Some(4)),
            (answered(530), Some(4)),
            (answered(502), None),
            (answered(520), None),
            (answered(527), None),
            (answered(504), None),
            (Reply::TimedOut, None),
        ] {
            let mut outage = Outage::default();
            let rows = rows_without_reply(RequestKind::Batch, &silent);
            let begins = (1..=100).find(|_| {
                let action = outage.note(&silent, rows, false, now);
                action != OutageAction::Nothing
            });
            assert_eq!(begins, batches, "{silent:?}");
        }
    }

    #[test]
    fn pauses_grow_and_replies_of_requests_sent_before_do_not_count() {
        let now = Instant::now();
        let mut outage = begun(true, now);
        for seconds in [2, 4, 8, 16, 30, 30] {
            assert_eq!(
                outage.note(&disconnected(), 0, true, now),
                OutageAction::Nothing
            );
            let pause = outage.note(&disconnected(), 0, false, now);
            assert_eq!(pause, OutageAction::Pause(Duration::from_secs(seconds)));
        }
        let later = now + Duration::from_mins(3);
        let back = outage.note(&answered(400), 0, false, later);
        assert_eq!(
            (back, outage.is_on()),
            (OutageAction::Back(Duration::from_mins(3)), false)
        );
        assert_eq!(
            outage.note(&disconnected(), 1, false, later),
            OutageAction::Nothing
        );
    }

    #[test]
    fn time_in_which_the_process_stood_still_does_not_count_as_outage() {
        let now = Instant::now();
        let mut outage = begun(true, now);
        outage.stood_still(GIVE_UP_AFTER * 2);
        let action = outage.note(&disconnected(), 0, true, now + GIVE_UP_AFTER * 2);
        assert_eq!(action, OutageAction::Nothing);
        let action = outage.note(&disconnected(), 0, true, now + GIVE_UP_AFTER * 3);
        assert_eq!(action, OutageAction::GiveUp(GIVE_UP_AFTER));
    }

    #[test]
    fn the_run_gives_up_sooner_on_an_api_that_was_never_reachable() {
        let now = Instant::now();
        for (was_reachable, give_up_after) in
            [(true, GIVE_UP_AFTER), (false, GIVE_UP_AFTER_NO_REPLY)]
        {
            let mut outage = begun(was_reachable, now);
            let just_before = now + give_up_after - Duration::from_secs(1);
            assert_eq!(
                outage.note(&disconnected(), 0, true, just_before),
                OutageAction::Nothing
            );
            let action = outage.note(&disconnected(), 0, true, now + give_up_after);
            assert_eq!(action, OutageAction::GiveUp(give_up_after));
        }
    }
}
