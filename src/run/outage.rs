//! Whether the API is away: not for this row or that one, but for all. Pure: the time is an argument.
//!
//! A run that takes days meets an hour in which HubSpot, or the network to it, is down. At full pace it would spend the
//! attempts of hundreds of rows within minutes, and then its error budget. So once nobody was answered for a while, one
//! request at a time asks whether the API is back, with growing pauses between, and no row is charged for it.

use std::time::Duration;

use tokio::time::Instant;

use crate::api::Reply;

/// The API is away once so many rows in a row got no answer to their first request. A few rows that never get one, at the
/// end of a file, are their own trouble.
const ROWS: u32 = 16;

/// A call for many pairs stands for so many rows.
const CALL: u32 = 4;

/// The first pause; it doubles with each request in vain.
const INITIAL_PAUSE: Duration = Duration::from_secs(1);

/// The last pause.
const MAX_PAUSE: Duration = Duration::from_secs(30);

/// For so long the API is waited for.
const GIVE_UP_AFTER: Duration = Duration::from_hours(1);

/// For so long if it never answered in this run: then it is as likely that the settings are wrong.
const GIVE_UP_AFTER_NO_REPLY: Duration = Duration::from_mins(2);

/// What a reply says of the API.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Reachability {
    /// It answered.
    Reachable,
    /// Nobody answered, or somebody in front of it.
    Unreachable,
    /// Neither: something went wrong with this request.
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

/// Which request a reply came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum RequestKind {
    /// The first one of a row.
    FirstOfRow,
    /// The first one of a call for many pairs.
    FirstOfCall,
    /// One more of either.
    Again,
}

impl RequestKind {
    /// For how many rows a reply says that nobody was there. Where a call got no reply in time, or broke something
    /// behind the front, there may just have been too many pairs in it.
    fn rows(self, reply: &Reply) -> u32 {
        let status = reply.answer().map(|answer| answer.status);
        match self {
            Self::FirstOfRow => 1,
            Self::FirstOfCall => match reply {
                Reply::Disconnected { .. } => CALL,
                _ if matches!(status, Some(503 | 521..=523 | 530)) => CALL,
                _ => 0,
            },
            Self::Again => 0,
        }
    }
}

/// What becomes of the run after a reply.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum OutageAction {
    /// Nothing new.
    Nothing,
    /// Everybody waits for so long.
    Pause(Duration),
    /// The API is back, after so long.
    Back(Duration),
    /// It was waited for long enough.
    GiveUp(Duration),
}

/// Watches whether anybody is answered.
#[derive(Debug, Default)]
pub(super) struct Outage {
    /// Rows in a row whose first request was in vain.
    rows: u32,
    /// When the first request in vain got that far.
    since: Option<Instant>,
    pauses: u32,
    was_reachable: bool,
}

impl Outage {
    /// Whether the API is away: then one request at a time is sent.
    pub(super) fn is_on(&self) -> bool {
        self.rows >= ROWS
    }

    /// Whether the outage is to blame for this reply, and not the row.
    pub(super) fn exempts(&self, reply: &Reply) -> bool {
        self.is_on() && reachability(reply) == Reachability::Unreachable
    }

    /// Whether a reply says anything new: of millions hardly one does.
    pub(super) fn is_news(&self, reply: &Reply) -> bool {
        !self.was_reachable
            || self.since.is_some()
            || reachability(reply) == Reachability::Unreachable
    }

    /// Notes a reply. `is_paused` says whether everybody waits already: then the request was sent before.
    pub(super) fn note(
        &mut self,
        reply: &Reply,
        request: RequestKind,
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
                self.rows = self.rows.saturating_add(request.rows(reply));
                if !self.is_on() {
                    return OutageAction::Nothing;
                }
                let lasts = now - since;
                if lasts >= self.give_up_after() {
                    return OutageAction::GiveUp(lasts);
                }
                if is_paused {
                    return OutageAction::Nothing;
                }
                let pause = INITIAL_PAUSE * (1 << self.pauses.min(5));
                self.pauses += 1;
                OutageAction::Pause(pause.min(MAX_PAUSE))
            }
        }
    }

    /// Time passed in which no request could be sent.
    pub(super) fn stood_still(&mut self, counted: Duration) {
        self.since = self.since.map(|since| since + counted);
    }

    /// Whether anybody was ever answered in this run.
    pub(super) fn was_reachable(&self) -> bool {
        self.was_reachable
    }

    /// How long the API is waited for.
    pub(super) fn give_up_after(&self) -> Duration {
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
    use crate::api::{Answer, Body, ReplyHeaders};

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

    /// An outage that has just begun, in a run that was answered before or not.
    fn begun(was_reachable: bool, now: Instant) -> Outage {
        let mut outage = Outage::default();
        if was_reachable {
            outage.note(&answered(200), RequestKind::FirstOfRow, false, now);
        }
        for _ in 0..ROWS {
            outage.note(&disconnected(), RequestKind::FirstOfRow, false, now);
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
                assert_eq!(
                    outage.note(&silent, RequestKind::FirstOfRow, false, now),
                    OutageAction::Nothing
                );
            }
            if let Some(other) = &other {
                outage.note(other, RequestKind::FirstOfRow, false, now);
            }
            let action = outage.note(&silent, RequestKind::FirstOfRow, false, now);
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
    fn a_few_rows_that_are_sent_again_and_again_are_no_outage() {
        let mut outage = Outage::default();
        let now = Instant::now();
        for _ in 1..ROWS {
            outage.note(&disconnected(), RequestKind::FirstOfRow, false, now);
        }
        for _ in 0..10_000 {
            let action = outage.note(&disconnected(), RequestKind::Again, false, now);
            assert_eq!(action, OutageAction::Nothing);
        }
    }

    #[test]
    fn batches_indicate_an_outage_unless_they_may_hold_too_many_pairs() {
        let now = Instant::now();
        for (silent, calls) in [
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
            let begins = (1..=100).find(|_| {
                let action = outage.note(&silent, RequestKind::FirstOfCall, false, now);
                action != OutageAction::Nothing
            });
            assert_eq!(begins, calls, "{silent:?}");
        }
    }

    #[test]
    fn pauses_grow_and_replies_of_requests_sent_before_do_not_count() {
        let now = Instant::now();
        let mut outage = begun(true, now);
        for seconds in [2, 4, 8, 16, 30, 30] {
            assert_eq!(
                outage.note(&disconnected(), RequestKind::Again, true, now),
                OutageAction::Nothing
            );
            let pause = outage.note(&disconnected(), RequestKind::Again, false, now);
            assert_eq!(pause, OutageAction::Pause(Duration::from_secs(seconds)));
        }
        let later = now + Duration::from_mins(3);
        let back = outage.note(&answered(400), RequestKind::Again, false, later);
        assert_eq!(
            (back, outage.is_on()),
            (OutageAction::Back(Duration::from_mins(3)), false)
        );
        assert_eq!(
            outage.note(&disconnected(), RequestKind::FirstOfRow, false, later),
            OutageAction::Nothing
        );
    }

    #[test]
    fn time_in_which_the_process_stood_still_is_no_time_without_an_answer() {
        let now = Instant::now();
        let mut outage = begun(true, now);
        outage.stood_still(GIVE_UP_AFTER * 2);
        let action = outage.note(
            &disconnected(),
            RequestKind::Again,
            true,
            now + GIVE_UP_AFTER * 2,
        );
        assert_eq!(action, OutageAction::Nothing);
        let action = outage.note(
            &disconnected(),
            RequestKind::Again,
            true,
            now + GIVE_UP_AFTER * 3,
        );
        assert_eq!(action, OutageAction::GiveUp(GIVE_UP_AFTER));
    }

    #[test]
    fn an_api_that_never_answered_is_not_waited_for_as_long() {
        let now = Instant::now();
        for (was_reachable, give_up_after) in
            [(true, GIVE_UP_AFTER), (false, GIVE_UP_AFTER_NO_REPLY)]
        {
            let mut outage = begun(was_reachable, now);
            let just_before = now + give_up_after - Duration::from_secs(1);
            assert_eq!(
                outage.note(&disconnected(), RequestKind::Again, true, just_before),
                OutageAction::Nothing
            );
            let action = outage.note(
                &disconnected(),
                RequestKind::Again,
                true,
                now + give_up_after,
            );
            assert_eq!(action, OutageAction::GiveUp(give_up_after));
        }
    }
}
