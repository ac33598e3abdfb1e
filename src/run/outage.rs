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
const FIRST_PAUSE: Duration = Duration::from_secs(1);

/// The last pause.
const LAST_PAUSE: Duration = Duration::from_secs(30);

/// For so long the API is waited for.
const PATIENCE: Duration = Duration::from_hours(1);

/// For so long if it never answered in this run: then it is as likely that the settings are wrong.
const FIRST_PATIENCE: Duration = Duration::from_mins(2);

/// What a reply says of the API.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Presence {
    /// It answered.
    There,
    /// Nobody answered, or somebody in front of it.
    Away,
    /// Neither: something went wrong with this request.
    Unclear,
}

fn presence(reply: &Reply) -> Presence {
    match reply {
        Reply::TimedOut | Reply::Disconnected { .. } | Reply::Garbled { .. } => Presence::Away,
        Reply::Untrusted { .. } | Reply::NoDescriptor { .. } => Presence::Unclear,
        Reply::Answered(answer) => match answer.status {
            502..=504 | 520..=524 | 527 | 530 => Presence::Away,
            500..=599 => Presence::Unclear,
            _ => Presence::There,
        },
    }
}

/// Which request a reply came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Request {
    /// The first one of a row.
    FirstOfRow,
    /// The first one of a call for many pairs.
    FirstOfCall,
    /// One more of either.
    Again,
}

impl Request {
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
pub(super) enum Sign {
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
    answered_before: bool,
}

impl Outage {
    /// Whether the API is away: then one request at a time is sent.
    pub(super) fn is_on(&self) -> bool {
        self.rows >= ROWS
    }

    /// Whether the outage is to blame for this reply, and not the row.
    pub(super) fn excuses(&self, reply: &Reply) -> bool {
        self.is_on() && presence(reply) == Presence::Away
    }

    /// Whether a reply says anything new: of millions hardly one does.
    pub(super) fn is_news(&self, reply: &Reply) -> bool {
        !self.answered_before || self.since.is_some() || presence(reply) == Presence::Away
    }

    /// Notes a reply. `is_quiet` says whether everybody waits already: then the request was sent before.
    pub(super) fn note(
        &mut self,
        reply: &Reply,
        request: Request,
        is_quiet: bool,
        now: Instant,
    ) -> Sign {
        match presence(reply) {
            Presence::Unclear => Sign::Nothing,
            Presence::There => {
                let was_on = self.is_on();
                let since = self.since.take();
                *self = Self {
                    answered_before: true,
                    ..Self::default()
                };
                match since {
                    Some(since) if was_on => Sign::Back(now - since),
                    _ => Sign::Nothing,
                }
            }
            Presence::Away => {
                let since = *self.since.get_or_insert(now);
                self.rows = self.rows.saturating_add(request.rows(reply));
                if !self.is_on() {
                    return Sign::Nothing;
                }
                let lasts = now - since;
                if lasts >= self.patience() {
                    return Sign::GiveUp(lasts);
                }
                if is_quiet {
                    return Sign::Nothing;
                }
                let pause = FIRST_PAUSE * (1 << self.pauses.min(5));
                self.pauses += 1;
                Sign::Pause(pause.min(LAST_PAUSE))
            }
        }
    }

    /// Time passed in which no request could be sent.
    pub(super) fn stood_still(&mut self, counted: Duration) {
        self.since = self.since.map(|since| since + counted);
    }

    /// Whether anybody was ever answered in this run.
    pub(super) fn answered_before(&self) -> bool {
        self.answered_before
    }

    /// How long the API is waited for.
    pub(super) fn patience(&self) -> Duration {
        if self.answered_before {
            PATIENCE
        } else {
            FIRST_PATIENCE
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
    fn begun(answered_before: bool, now: Instant) -> Outage {
        let mut outage = Outage::default();
        if answered_before {
            outage.note(&answered(200), Request::FirstOfRow, false, now);
        }
        for _ in 0..ROWS {
            outage.note(&disconnected(), Request::FirstOfRow, false, now);
        }
        assert!(outage.is_on());
        outage
    }

    #[test]
    fn it_begins_with_rows_that_nobody_answers_one_after_the_other() {
        let garbled = Reply::Garbled { why: String::new() };
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
                    outage.note(&silent, Request::FirstOfRow, false, now),
                    Sign::Nothing
                );
            }
            if let Some(other) = &other {
                outage.note(other, Request::FirstOfRow, false, now);
            }
            let sign = outage.note(&silent, Request::FirstOfRow, false, now);
            let expected = if begins {
                Sign::Pause(FIRST_PAUSE)
            } else {
                Sign::Nothing
            };
            assert_eq!(
                (sign, outage.is_on()),
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
            outage.note(&disconnected(), Request::FirstOfRow, false, now);
        }
        for _ in 0..10_000 {
            let sign = outage.note(&disconnected(), Request::Again, false, now);
            assert_eq!(sign, Sign::Nothing);
        }
    }

    #[test]
    fn calls_tell_of_an_outage_unless_there_may_be_too_many_pairs_in_them() {
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
                let sign = outage.note(&silent, Request::FirstOfCall, false, now);
                sign != Sign::Nothing
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
                outage.note(&disconnected(), Request::Again, true, now),
                Sign::Nothing
            );
            let pause = outage.note(&disconnected(), Request::Again, false, now);
            assert_eq!(pause, Sign::Pause(Duration::from_secs(seconds)));
        }
        let later = now + Duration::from_mins(3);
        let back = outage.note(&answered(400), Request::Again, false, later);
        assert_eq!(
            (back, outage.is_on()),
            (Sign::Back(Duration::from_mins(3)), false)
        );
        assert_eq!(
            outage.note(&disconnected(), Request::FirstOfRow, false, later),
            Sign::Nothing
        );
    }

    #[test]
    fn time_in_which_the_process_stood_still_is_no_time_without_an_answer() {
        let now = Instant::now();
        let mut outage = begun(true, now);
        outage.stood_still(PATIENCE * 2);
        let sign = outage.note(&disconnected(), Request::Again, true, now + PATIENCE * 2);
        assert_eq!(sign, Sign::Nothing);
        let sign = outage.note(&disconnected(), Request::Again, true, now + PATIENCE * 3);
        assert_eq!(sign, Sign::GiveUp(PATIENCE));
    }

    #[test]
    fn an_api_that_never_answered_is_not_waited_for_as_long() {
        let now = Instant::now();
        for (answered_before, patience) in [(true, PATIENCE), (false, FIRST_PATIENCE)] {
            let mut outage = begun(answered_before, now);
            let just_before = now + patience - Duration::from_secs(1);
            assert_eq!(
                outage.note(&disconnected(), Request::Again, true, just_before),
                Sign::Nothing
            );
            let sign = outage.note(&disconnected(), Request::Again, true, now + patience);
            assert_eq!(sign, Sign::GiveUp(patience));
        }
    }
}
