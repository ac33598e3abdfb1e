//! The state of the token: whether it was accepted, is in doubt, or must be refreshed. Pure.
//!
//! If a token was accepted before, is refused now, and no other token is available, it is in doubt:
//! after a pause, single requests show whether it is still valid. So one 401 among good replies does not
//! end a run that takes days, and a revoked token costs at most two more requests for a few rows.

use std::num::NonZeroU32;
use std::time::Duration;

use crate::api::endpoint::RefreshOutcome;
use crate::domain::outcome::Details;
use crate::verdict::backoff::exponential;
use crate::verdict::retry::{AttemptCounts, FatalCause};

/// Delay before the next refresh after a failed one; it doubles with each failure.
const INITIAL_WAIT: Duration = Duration::from_secs(1);
const MAX_WAIT: Duration = Duration::from_mins(1);

/// How long all requests pause before a token in doubt is used again.
pub(crate) const DOUBT_PAUSE: Duration = Duration::from_secs(2);

/// What to do with a request whose token was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TokenRefused {
    /// Send it again without counting an attempt: the token was refreshed meanwhile, may be refreshed,
    /// or is already in doubt.
    SendAgain,
    /// Send it once more, after all requests paused for [`DOUBT_PAUSE`].
    OnceMore,
    /// No other token will be accepted.
    Finally,
}

/// What to do after a refresh.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Refreshed {
    /// Send with the new token.
    Renewed,
    /// Pause all requests for [`DOUBT_PAUSE`], then use the same token again.
    InDoubt {
        /// The message of the reply that refused it.
        why: String,
    },
    /// Refresh again after this time.
    TryAgain {
        /// The time.
        after: Duration,
        /// Why the refresh failed.
        why: String,
    },
    /// End the run.
    Stop(FatalCause, Details),
}

/// The state of the token.
#[derive(Debug)]
pub(crate) struct TokenState {
    /// Whether the token can be refreshed at all.
    can_refresh: bool,
    /// The generation of the token. It increases with each new token, and when a token becomes in doubt,
    /// so that each request is matched to the token state it was sent with.
    generation: u32,
    /// Whether a request with the current token got a reply that did not refuse it.
    proven: bool,
    /// Whether the current token was accepted before, then refused, and not accepted since.
    in_doubt: bool,
    /// The reply that refused the current token.
    refusal: Option<Details>,
    failures: u32,
}

impl TokenState {
    pub(crate) fn new(can_refresh: bool) -> Self {
        Self {
            can_refresh,
            generation: 0,
            proven: false,
            in_doubt: false,
            refusal: None,
            failures: 0,
        }
    }

    /// The generation of the token for requests that are sent now.
    pub(crate) fn generation(&self) -> u32 {
        self.generation
    }

    pub(crate) fn is_in_doubt(&self) -> bool {
        self.in_doubt
    }

    pub(crate) fn can_refresh(&self) -> bool {
        self.can_refresh
    }

    /// Whether a refusal leads to a new token, as far as is known.
    pub(crate) fn can_refresh_normally(&self) -> bool {
        self.can_refresh && !self.in_doubt
    }

    /// Whether the current token was refused and must be refreshed.
    pub(crate) fn is_refused(&self) -> bool {
        self.refusal.is_some()
    }

    /// Handles a reply that refused the token of this generation, for a request with these attempts.
    pub(crate) fn was_refused(
        &mut self,
        generation: u32,
        attempt_counts: AttemptCounts,
        details: &Details,
    ) -> TokenRefused {
        if generation != self.generation {
            return TokenRefused::SendAgain;
        }
        if self.can_refresh {
            // A new token that was refused at once indicates that another one would be refused as well.
            let may_succeed = self.generation == 0 || self.proven || self.in_doubt;
            if !may_succeed {
                return TokenRefused::Finally;
            }
            self.refusal.get_or_insert_with(|| details.clone());
            return TokenRefused::SendAgain;
        }
        if !self.proven || attempt_counts.was_unauthorized() {
            return TokenRefused::Finally;
        }
        self.doubt();
        TokenRefused::OnceMore
    }

    /// Records a reply that did not refuse the token of this generation.
    pub(crate) fn was_accepted(&mut self, generation: u32) {
        if generation == self.generation {
            self.proven = true;
            self.in_doubt = false;
        }
    }

    /// Lets single requests show whether the token is valid. Replies to earlier requests do not decide
    /// that.
    fn doubt(&mut self) {
        self.generation += 1;
        self.proven = false;
        self.in_doubt = true;
    }

    /// Handles the result of a refresh. `has_suspects`: jobs are held because they were refused; then
    /// another job must show whether the cause is the token or these jobs.
    pub(crate) fn refreshed(
        &mut self,
        refresh: RefreshOutcome,
        has_suspects: bool,
        max_attempts: NonZeroU32,
    ) -> Refreshed {
        match refresh {
            RefreshOutcome::New => {
                *self = Self {
                    generation: self.generation + 1,
                    ..Self::new(self.can_refresh)
                };
                Refreshed::Renewed
            }
            RefreshOutcome::Same => {
                let refusal = self.refusal.take().unwrap_or_default();
                if self.proven || has_suspects {
                    self.doubt();
                    let why = refusal.message;
                    return Refreshed::InDoubt { why };
                }
                Refreshed::Stop(FatalCause::Unauthorized, refusal)
            }
            other @ RefreshOutcome::OtherPortal { .. } => {
                Refreshed::Stop(FatalCause::OtherPortal, because(other.to_string()))
            }
            RefreshOutcome::Refused(why) => Refreshed::Stop(FatalCause::NoToken, because(why)),
            RefreshOutcome::Failed(why) => {
                self.failures += 1;
                if self.failures >= max_attempts.get() {
                    return Refreshed::Stop(FatalCause::NoToken, because(why));
                }
                let after = exponential(INITIAL_WAIT, MAX_WAIT, self.failures - 1);
                Refreshed::TryAgain { after, why }
            }
        }
    }
}

fn because(message: String) -> Details {
    Details {
        message,
        ..Details::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal() -> Details {
        because("expired".to_owned())
    }

    /// Attempts of which the last was refused for the token.
    fn refused_before() -> AttemptCounts {
        let mut counts = AttemptCounts::default();
        counts.count(crate::verdict::classify::Class::Unauthorized);
        counts
    }

    #[test]
    fn a_token_that_cannot_be_refreshed_gets_one_more_chance_if_it_was_accepted_before() {
        let first = AttemptCounts::default();
        let mut token = TokenState::new(false);
        let refused = token.was_refused(0, first, &refusal());
        assert_eq!(refused, TokenRefused::Finally, "it was never accepted");
        token.was_accepted(0);
        let refused = token.was_refused(0, refused_before(), &refusal());
        assert_eq!(refused, TokenRefused::Finally);
        let refused = token.was_refused(0, first, &refusal());
        assert_eq!(
            (refused, token.is_in_doubt()),
            (TokenRefused::OnceMore, true)
        );
        // This request was in flight when the token came into doubt.
        let refused = token.was_refused(0, first, &refusal());
        assert_eq!(refused, TokenRefused::SendAgain);
        token.was_accepted(0);
        assert!(token.is_in_doubt(), "an earlier reply does not decide");
        token.was_accepted(1);
        assert!(!token.is_in_doubt());
    }

    #[test]
    fn a_token_that_can_be_refreshed_is_refreshed_unless_the_new_one_is_refused_at_once() {
        let first = AttemptCounts::default();
        let max = NonZeroU32::MAX;
        let mut token = TokenState::new(true);
        let refused = token.was_refused(0, first, &refusal());
        assert_eq!(
            (refused, token.is_refused()),
            (TokenRefused::SendAgain, true)
        );
        let refreshed = token.refreshed(RefreshOutcome::New, false, max);
        assert_eq!((refreshed, token.is_refused()), (Refreshed::Renewed, false));
        let refused = token.was_refused(1, first, &refusal());
        assert_eq!(refused, TokenRefused::Finally);
    }

    #[test]
    fn the_same_token_is_in_doubt_if_it_was_accepted_or_if_jobs_may_be_the_cause() {
        for (accepted, has_suspects, in_doubt) in [
            (false, false, false),
            (true, false, true),
            (false, true, true),
        ] {
            let mut token = TokenState::new(true);
            if accepted {
                token.was_accepted(0);
            }
            token.was_refused(0, AttemptCounts::default(), &refusal());
            let refreshed = token.refreshed(RefreshOutcome::Same, has_suspects, NonZeroU32::MAX);
            let expected = if in_doubt {
                let why = refusal().message;
                Refreshed::InDoubt { why }
            } else {
                Refreshed::Stop(FatalCause::Unauthorized, refusal())
            };
            assert_eq!((refreshed, token.is_in_doubt()), (expected, in_doubt));
        }
    }

    #[test]
    fn a_failed_refresh_is_tried_again_after_a_growing_delay_and_then_ends_the_run() {
        let mut token = TokenState::new(true);
        let max = NonZeroU32::new(4).unwrap();
        let mut fail = || {
            let failed = RefreshOutcome::Failed("no reply".to_owned());
            token.refreshed(failed, false, max)
        };
        for seconds in [1, 2, 4] {
            let expected = Refreshed::TryAgain {
                after: Duration::from_secs(seconds),
                why: "no reply".to_owned(),
            };
            assert_eq!(fail(), expected);
        }
        let stop = Refreshed::Stop(FatalCause::NoToken, because("no reply".to_owned()));
        assert_eq!(fail(), stop);
    }
}
