//! The rate limits by kind of call: each kind has a window of its own, and all share the day.

use std::time::Duration;

use crate::sandbox::http::route::Route;
use crate::sandbox::rate_setting::RateLimit;
use crate::sandbox::settings::SandboxSettings;
use crate::sandbox::state::limits::{Peak, RollingWindow};

/// Which window a call counts against.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Bucket {
    /// Associations one by one, and calls about the account.
    Associations,
    /// Records and properties.
    General,
    /// Searches: their replies have no rate-limit headers.
    Search,
    /// Batch calls of associations and lists of labels, which no window limits.
    Exempt,
}

impl Bucket {
    pub(crate) fn of(route: &Route, settings: &SandboxSettings) -> Self {
        match route {
            Route::Batch { .. }
            | Route::Create { .. }
            | Route::Links { .. }
            | Route::Archive { .. }
            | Route::ArchiveLabels { .. }
            | Route::Labels { .. }
                if settings.batch_exempt =>
            {
                Self::Exempt
            }
            Route::Records { .. } | Route::Properties { .. } | Route::Property { .. } => {
                Self::General
            }
            Route::Search { .. } => Self::Search,
            _ => Self::Associations,
        }
    }
}

/// The window of one kind of calls, and what happened at it.
struct Limited {
    window: RollingWindow,
    peak: Peak,
    refused: u64,
    /// The limit that the headers announce.
    announced: Option<u32>,
}

impl Limited {
    fn new(limit: Option<u32>, window: RollingWindow, length: Duration) -> Self {
        Self {
            window,
            peak: Peak::new(length),
            refused: 0,
            announced: limit,
        }
    }
}

/// All windows.
pub(crate) struct Buckets {
    associations: Limited,
    general: Limited,
    search: Limited,
}

/// What one window saw: requests refused because it was full, and the most that arrived in any window.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct WindowSeen {
    /// Requests refused because the window was full.
    pub refused: u64,
    /// The most requests that arrived in any rolling window, including refused ones.
    pub peak: usize,
}

impl Buckets {
    pub(crate) fn new(settings: &SandboxSettings) -> Self {
        let own = |limit: RateLimit| {
            let window = RollingWindow::new(limit.requests, limit.window, None);
            Limited::new(limit.requests, window, limit.window)
        };
        let shared = RollingWindow::new(settings.limit, settings.window, settings.others);
        let announced = settings.announced_limit.or(settings.limit);
        Self {
            associations: Limited::new(announced, shared, settings.window),
            general: own(settings.reads.general_limit),
            search: own(settings.reads.search_limit),
        }
    }

    fn limited(&mut self, bucket: Bucket) -> Option<&mut Limited> {
        match bucket {
            Bucket::Associations => Some(&mut self.associations),
            Bucket::General => Some(&mut self.general),
            Bucket::Search => Some(&mut self.search),
            Bucket::Exempt => None,
        }
    }

    /// Notes an arrival; whether the window has room for it.
    pub(crate) fn arrive(&mut self, bucket: Bucket, now: Duration) -> bool {
        let Some(limited) = self.limited(bucket) else {
            return true;
        };
        limited.peak.note(now);
        let has_room = limited.window.has_room(now);
        limited.refused += u64::from(!has_room);
        has_room
    }

    /// Counts a request that was accepted.
    pub(crate) fn take(&mut self, bucket: Bucket, now: Duration) {
        if let Some(limited) = self.limited(bucket) {
            limited.window.take(now);
        }
    }

    /// The headers that announce the window's limit.
    pub(crate) fn headers(&mut self, bucket: Bucket, now: Duration) -> Vec<(&'static str, String)> {
        let limited = self
            .limited(bucket)
            .filter(|_| bucket != Bucket::Search)
            .and_then(|limited| Some((limited.announced?, limited)));
        match limited {
            Some((max, limited)) => limited.window.headers(max, now).to_vec(),
            None => Vec::new(),
        }
    }

    /// What a window saw so far.
    pub(crate) fn seen(&self, bucket: Bucket) -> WindowSeen {
        let limited = match bucket {
            Bucket::Associations => &self.associations,
            Bucket::General => &self.general,
            Bucket::Search => &self.search,
            Bucket::Exempt => return WindowSeen::default(),
        };
        WindowSeen {
            refused: limited.refused,
            peak: limited.peak.value(),
        }
    }
}
