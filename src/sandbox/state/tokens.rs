//! Which bearer tokens are valid, and for how long.

use std::collections::HashMap;
use std::time::Duration;

use crate::sandbox::settings::SandboxSettings;

/// The status of a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TokenStatus {
    /// A token that was not issued here, such as a service key.
    Static,
    /// One from the OAuth call.
    OAuth,
    /// One from the OAuth call that expired at this time.
    Expired {
        since: Duration,
    },
    Unknown,
}

struct Issued {
    expires: Duration,
    uses: u32,
}

/// The issued tokens, and the rules for all others.
pub(crate) struct Tokens {
    only: Option<String>,
    uses: Option<u32>,
    lifetime: Duration,
    issued: HashMap<String, Issued>,
    refresh: Option<String>,
    refuse: bool,
    rotate: bool,
}

impl Tokens {
    pub(crate) fn new(settings: &SandboxSettings) -> Self {
        Self {
            only: settings.token.clone(),
            uses: settings.token_uses,
            lifetime: settings.token_lifetime,
            issued: HashMap::new(),
            refresh: settings.refresh_token.clone(),
            refuse: settings.refuse_refresh,
            rotate: settings.rotate_refresh,
        }
    }

    /// Validates an `Authorization` header and counts one use of its token.
    pub(crate) fn use_once(&mut self, authorization: Option<&str>, now: Duration) -> TokenStatus {
        let token = authorization.and_then(bearer).unwrap_or_default();
        if let Some(issued) = self.issued.get_mut(token) {
            if issued.expires <= now {
                return TokenStatus::Expired {
                    since: issued.expires,
                };
            }
            if self.uses.is_some_and(|uses| issued.uses >= uses) {
                issued.expires = now;
                return TokenStatus::Expired { since: now };
            }
            issued.uses += 1;
            return TokenStatus::OAuth;
        }
        let good = self.only.as_deref().is_none_or(|only| only == token);
        if good && !token.is_empty() {
            TokenStatus::Static
        } else {
            TokenStatus::Unknown
        }
    }

    /// Issues an access token and the next refresh token, if `refresh` is valid.
    pub(crate) fn refresh(&mut self, refresh: &str, now: Duration) -> Option<(String, String)> {
        let good = self.refresh.as_deref().is_none_or(|only| only == refresh);
        if self.refuse || !good || refresh.is_empty() {
            return None;
        }
        let number = self.issued.len() + 1;
        let access = format!("sandbox-access-{number}");
        let issued = Issued {
            expires: now + self.lifetime,
            uses: 0,
        };
        self.issued.insert(access.clone(), issued);
        let next = if self.rotate {
            format!("sandbox-refresh-{number}")
        } else {
            refresh.to_owned()
        };
        if self.rotate {
            self.refresh = Some(next.clone());
        }
        Some((access, next))
    }

    /// The remaining lifetime of an issued token; `None` if it was not issued here or has expired.
    pub(crate) fn remaining(&self, token: &str, now: Duration) -> Option<Duration> {
        let issued = self.issued.get(token)?;
        issued
            .expires
            .checked_sub(now)
            .filter(|left| !left.is_zero())
    }

    pub(crate) fn lifetime(&self) -> Duration {
        self.lifetime
    }

    pub(crate) fn issued(&self) -> usize {
        self.issued.len()
    }
}

fn bearer(authorization: &str) -> Option<&str> {
    let (scheme, token) = authorization.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: Duration = Duration::ZERO;

    #[test]
    fn any_bearer_token_is_valid_unless_one_is_configured() {
        let mut any = Tokens::new(&SandboxSettings::default());
        assert_eq!(any.use_once(Some("Bearer x"), START), TokenStatus::Static);
        for bad in [None, Some(""), Some("Bearer "), Some("x"), Some("Basic x")] {
            assert_eq!(any.use_once(bad, START), TokenStatus::Unknown, "{bad:?}");
        }
        let mut one = Tokens::new(&SandboxSettings {
            token: Some("pat-1".into()),
            ..SandboxSettings::default()
        });
        assert_eq!(
            one.use_once(Some("bearer pat-1"), START),
            TokenStatus::Static
        );
        assert_eq!(
            one.use_once(Some("Bearer pat-2"), START),
            TokenStatus::Unknown
        );
    }

    #[test]
    fn an_issued_token_expires_by_age_or_by_use() {
        let mut tokens = Tokens::new(&SandboxSettings {
            token_uses: Some(2),
            token_lifetime: Duration::from_secs(30),
            ..SandboxSettings::default()
        });
        let (token, same) = tokens.refresh("r", START).unwrap();
        assert_eq!(same, "r");
        let header = format!("Bearer {token}");
        let mut after = |seconds| tokens.use_once(Some(&header), Duration::from_secs(seconds));
        assert_eq!(after(0), TokenStatus::OAuth);
        assert_eq!(after(1), TokenStatus::OAuth);
        let since = Duration::from_secs(2);
        assert_eq!(after(2), TokenStatus::Expired { since });
        assert_eq!(after(5), TokenStatus::Expired { since });
        let (young, _) = tokens.refresh("r", START).unwrap();
        let since = Duration::from_secs(30);
        let old = tokens.use_once(Some(&format!("Bearer {young}")), since);
        assert_eq!(old, TokenStatus::Expired { since });
    }

    #[test]
    fn a_rotated_refresh_token_replaces_the_old_one() {
        let mut tokens = Tokens::new(&SandboxSettings {
            rotate_refresh: true,
            ..SandboxSettings::default()
        });
        let (_, next) = tokens.refresh("r", START).unwrap();
        assert_eq!(tokens.refresh("r", START), None);
        assert!(tokens.refresh(&next, START).is_some());
    }
}
