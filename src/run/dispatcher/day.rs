//! Handling of the account's daily request limit.

use std::time::Duration;

use tokio::time::Instant;

use crate::api::response::headers::Reply;
use crate::domain::outcome::Details;
use crate::run::dispatcher::Dispatcher;
use crate::run::event::RunEvent;
use crate::verdict::classify::Class;
use crate::verdict::retry::FatalCause;

/// A pause that ends at most this much later than the current one is not reported again.
const SAME_PAUSE: Duration = Duration::from_secs(1);

/// Whether a pause is longer than the one that was reported before.
pub(super) fn is_longer(period: Duration, before: Option<Duration>) -> bool {
    before.is_none_or(|before| period > before + SAME_PAUSE)
}

impl Dispatcher<'_> {
    /// Checks whether the reply's headers show that the daily limit is used up.
    pub(super) fn check_daily_limit(&mut self, class: Class, reply: &Reply) {
        let daily_remaining = reply
            .answer()
            .and_then(|answer| answer.headers.quota.daily_remaining);
        let message = "no requests are left for today, according to the reply";
        if class != Class::DailyLimit
            && daily_remaining == Some(0)
            && !self.pause_until_daily_reset(reply, message)
        {
            let message = message.to_owned();
            self.stop_for(
                FatalCause::DailyLimit,
                Vec::new(),
                Details {
                    message,
                    ..Details::default()
                },
            );
        }
    }

    /// Pauses all requests until the daily limit resets, if the run is set to wait for that. Returns
    /// whether it is.
    pub(super) fn pause_until_daily_reset(&mut self, reply: &Reply, why: &str) -> bool {
        let Some(reset) = &self.settings.daily_reset else {
            return false;
        };
        // The limit resets by HubSpot's clock; the clock of this machine may be wrong.
        let date = reply.answer().and_then(|answer| answer.headers.date);
        let now = date
            .and_then(|date| date.try_into().ok())
            .unwrap_or_else(self.context.now);
        let period = self.daily_wait.next(reset, now, Instant::now());
        let before = self.context.rate_limiter.pause_remaining();
        self.context.rate_limiter.pause(period);
        if is_longer(period, before) {
            self.emit(RunEvent::Paused { period, why });
        }
        true
    }
}
