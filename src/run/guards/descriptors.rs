//! Limits the requests in flight to the number of connections for which the process has file
//! descriptors. Pure: the time is an argument.
//!
//! A request that fails for lack of a descriptor says nothing about the API or its row. It does not
//! count as an attempt of the row, and fewer requests are in flight afterwards.

use std::time::Duration;

use tokio::time::Instant;

use crate::api::response::headers::Reply;

/// How long all requests pause: other programs may close connections meanwhile.
pub(crate) const PAUSE: Duration = Duration::from_secs(1);

/// After this time without a failure, one more request may be in flight: other programs may have
/// released descriptors.
const RECOVERY: Duration = Duration::from_mins(1);

/// The run ends if no connection can be opened for this time.
const PATIENCE: Duration = Duration::from_mins(2);

/// What to do after a reply.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum DescriptorAction {
    /// Nothing.
    Nothing,
    /// Pause all requests.
    Pause {
        /// Maximum number of requests in flight from now on.
        max: usize,
        /// Whether this is the first time in this run.
        is_first: bool,
    },
    /// No connection could be opened for this time: end the run.
    GiveUp(Duration),
}

/// Limits the requests in flight to the available descriptors.
#[derive(Debug, Default)]
pub(crate) struct Descriptors {
    /// Maximum number of requests in flight; not limited before the first failure.
    max: Option<usize>,
    /// When the last failure happened, or the limit was last raised.
    changed: Option<Instant>,
    /// Since when no connection could be opened.
    since: Option<Instant>,
}

impl Descriptors {
    /// Whether one more request may be in flight besides these.
    pub(crate) fn has_room(&self, in_flight: usize) -> bool {
        self.max.is_none_or(|max| in_flight < max)
    }

    /// Whether a reply changes the state; almost none does, so this check keeps `note` off the hot path.
    pub(crate) fn is_news(&self, reply: &Reply) -> bool {
        self.max.is_some() || matches!(reply, Reply::NoDescriptor { .. })
    }

    /// Records a reply, while this number of requests is still in flight.
    pub(crate) fn note(
        &mut self,
        reply: &Reply,
        in_flight: usize,
        now: Instant,
    ) -> DescriptorAction {
        if !matches!(reply, Reply::NoDescriptor { .. }) {
            self.recover(reply, now);
            return DescriptorAction::Nothing;
        }
        let is_first = self.max.is_none();
        let max = self.max.unwrap_or(usize::MAX).min(in_flight.max(1));
        self.max = Some(max);
        self.changed = Some(now);
        let lasted = now - *self.since.get_or_insert(now);
        if lasted >= PATIENCE {
            DescriptorAction::GiveUp(lasted)
        } else {
            DescriptorAction::Pause { max, is_first }
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
    use crate::api::response::body::Body;
    use crate::api::response::headers::{Answer, ReplyHeaders};

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
    fn fewer_requests_are_in_flight_and_one_more_after_each_minute_without_a_failure() {
        let mut descriptors = Descriptors::default();
        let start = Instant::now();
        assert!(descriptors.has_room(10_000));
        for (in_flight, max, is_first) in [(15, 15, true), (9, 9, false), (12, 9, false)] {
            let action = descriptors.note(&none(), in_flight, start);
            assert_eq!(action, DescriptorAction::Pause { max, is_first });
        }
        assert!(descriptors.has_room(8) && !descriptors.has_room(9));
        for (seconds, max) in [(59, 9), (60, 10), (61, 10), (120, 11)] {
            let now = start + Duration::from_secs(seconds);
            assert_eq!(
                descriptors.note(&answered(), 3, now),
                DescriptorAction::Nothing
            );
            assert!(descriptors.has_room(max - 1) && !descriptors.has_room(max));
        }
    }

    #[test]
    fn one_request_is_always_allowed_and_the_run_ends_if_none_connects() {
        let mut descriptors = Descriptors::default();
        let start = Instant::now();
        let at = |seconds| start + Duration::from_secs(seconds);
        descriptors.note(&none(), 0, start);
        assert!(descriptors.has_room(0) && !descriptors.has_room(1));
        let pause = DescriptorAction::Pause {
            max: 1,
            is_first: false,
        };
        assert_eq!(descriptors.note(&none(), 0, at(119)), pause);
        descriptors.note(&answered(), 0, at(119));
        assert_eq!(descriptors.note(&none(), 0, at(120)), pause);
        let end = DescriptorAction::GiveUp(Duration::from_mins(2));
        assert_eq!(descriptors.note(&none(), 0, at(240)), end);
    }
}
