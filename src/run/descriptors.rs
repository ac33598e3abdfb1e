//! Whether the process has descriptors for as many connections as there may be requests in flight. Pure: the time is an
//! argument.
//!
//! A request for which the system has no descriptor says nothing about the API, and nothing about its row. So no row is
//! charged for it, and fewer requests are in flight from then on.

use std::time::Duration;

use tokio::time::Instant;

use crate::api::Reply;

/// How long all requests pause: the connections of others may be closed meanwhile.
pub(super) const PAUSE: Duration = Duration::from_secs(1);

/// After this time without trouble one more request may be in flight: others may have taken the descriptors.
const RECOVERY: Duration = Duration::from_mins(1);

/// How long no connection at all can be made before the run ends.
const PATIENCE: Duration = Duration::from_mins(2);

/// What is to be done after a reply.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum OutageAction {
    /// Nothing.
    Nothing,
    /// All requests pause; `is_first` says that it never happened before.
    Pause {
        /// Requests that may be in flight from now on.
        max: usize,
        /// Whether it never happened before.
        is_first: bool,
    },
    /// No connection could be made for so long.
    GiveUp(Duration),
}

/// Bounds the requests in flight by what the system has descriptors for.
#[derive(Debug, Default)]
pub(super) struct Descriptors {
    /// Requests that may be in flight; not bounded before the first trouble.
    max: Option<usize>,
    /// When there was trouble last, or one more request was allowed.
    changed: Option<Instant>,
    /// Since when no connection could be made.
    since: Option<Instant>,
}

impl Descriptors {
    /// Whether one more request may be in flight beside these.
    pub(super) fn has_room(&self, in_flight: usize) -> bool {
        self.max.is_none_or(|max| in_flight < max)
    }

    /// Whether a reply says anything: of millions hardly one does.
    pub(super) fn is_news(&self, reply: &Reply) -> bool {
        self.max.is_some() || matches!(reply, Reply::NoDescriptor { .. })
    }

    /// Notes a reply, beside which these requests are in flight still.
    pub(super) fn note(&mut self, reply: &Reply, in_flight: usize, now: Instant) -> OutageAction {
        if !matches!(reply, Reply::NoDescriptor { .. }) {
            self.recover(reply, now);
            return OutageAction::Nothing;
        }
        let is_first = self.max.is_none();
        let max = self.max.unwrap_or(usize::MAX).min(in_flight.max(1));
        self.max = Some(max);
        self.changed = Some(now);
        let lasted = now - *self.since.get_or_insert(now);
        if lasted >= PATIENCE {
            OutageAction::GiveUp(lasted)
        } else {
            OutageAction::Pause { max, is_first }
        }
    }

    fn recover(&mut self, reply: &Reply, now: Instant) {
        if reply.answer().is_some() {
            self.since = None;
        }
        if let (Some(max), Some(changed)) = (self.max, self.changed)
            && now - changed >= RECOVERY
        {
            self.max = Some(max.saturating_add(1));
            self.changed = Some(now);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::{Answer, Body, ReplyHeaders};

    fn none() -> Reply {
        Reply::NoDescriptor {
            why: "Too many open files".to_owned(),
        }
    }

    fn answered() -> Reply {
        Reply::Answered(Answer {
            status: 200,
            headers: ReplyHeaders::default(),
            body: Body::Empty,
        })
    }

    #[test]
    fn fewer_requests_are_in_flight_and_one_more_after_each_minute_without_trouble() {
        let mut descriptors = Descriptors::default();
        let start = Instant::now();
        assert!(descriptors.has_room(10_000));
        for (in_flight, max, is_first) in [(15, 15, true), (9, 9, false), (12, 9, false)] {
            let action = descriptors.note(&none(), in_flight, start);
            assert_eq!(action, OutageAction::Pause { max, is_first });
        }
        assert!(descriptors.has_room(8) && !descriptors.has_room(9));
        for (seconds, max) in [(59, 9), (60, 10), (61, 10), (120, 11)] {
            let now = start + Duration::from_secs(seconds);
            assert_eq!(descriptors.note(&answered(), 3, now), OutageAction::Nothing);
            assert!(descriptors.has_room(max - 1) && !descriptors.has_room(max));
        }
    }

    #[test]
    fn one_request_is_always_allowed_and_the_run_ends_where_none_is_connected() {
        let mut descriptors = Descriptors::default();
        let start = Instant::now();
        let at = |seconds| start + Duration::from_secs(seconds);
        descriptors.note(&none(), 0, start);
        assert!(descriptors.has_room(0) && !descriptors.has_room(1));
        let pause = OutageAction::Pause {
            max: 1,
            is_first: false,
        };
        assert_eq!(descriptors.note(&none(), 0, at(119)), pause);
        descriptors.note(&answered(), 0, at(119));
        assert_eq!(descriptors.note(&none(), 0, at(120)), pause);
        let end = OutageAction::GiveUp(Duration::from_mins(2));
        assert_eq!(descriptors.note(&none(), 0, at(240)), end);
    }
}
