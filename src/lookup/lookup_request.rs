//! One request of a lookup: its keys, and how far its pages are read. Pure.

use crate::api::lookup_call::Route;
use crate::domain::row_keys::MatchKind;
use crate::lookup::key_table::KeyNumber;
use crate::lookup::reply::lookup_reply::Page;
use crate::lookup::request::{MAX_RESULTS, PAGE_SIZE};
use crate::lookup::result::{KeyResult, MAX_CANDIDATES};
use crate::verdict::retry::AttemptCounts;

/// Maximum number of pages of a search.
const MAX_PAGES: u64 = MAX_RESULTS / PAGE_SIZE as u64;

/// The number of a property among those that are looked up.
pub(crate) type PropertyNumber = u32;

/// A request for distinct keys of one property.
#[derive(Debug)]
pub(crate) struct LookupRequest {
    pub(crate) property: PropertyNumber,
    pub(crate) route: Route,
    /// The attempts for it so far. The page of a search is a request of its own.
    pub(crate) counts: AttemptCounts,
    /// How often it was refused for the credentials.
    pub(crate) refusals: u32,
    pub(crate) keys: Vec<KeyNumber>,
    /// The page to ask for; none for the first.
    pub(crate) after: Option<Box<str>>,
    pages: u64,
    /// For each key, the matches on the pages so far.
    matches: Vec<Vec<u64>>,
}

/// What follows from a page.
#[derive(Debug)]
pub(crate) enum AfterPage {
    /// The results of all keys.
    Results(Vec<KeyResult>),
    /// The next page is to be read.
    Next,
    /// There are more results than the search returns: ask for fewer keys at once.
    TooMany,
    /// There are more pages than there can be.
    Endless,
}

impl LookupRequest {
    pub(crate) fn new(property: PropertyNumber, route: Route, keys: Vec<KeyNumber>) -> Self {
        Self {
            property,
            route,
            counts: AttemptCounts::default(),
            refusals: 0,
            matches: Vec::new(),
            keys,
            after: None,
            pages: 0,
        }
    }

    /// Two requests of half as many keys.
    pub(crate) fn halves(self) -> [Self; 2] {
        let mut first = self.keys;
        let second = first.split_off(first.len().div_ceil(2));
        [first, second].map(|keys| Self::new(self.property, self.route, keys))
    }

    /// Adds a page of the search.
    pub(crate) fn add_page(&mut self, page: Page) -> AfterPage {
        self.pages += 1;
        self.matches.resize(self.keys.len(), Vec::new());
        for (known, new) in self.matches.iter_mut().zip(page.matches) {
            for id in new {
                if known.len() < MAX_CANDIDATES && !known.contains(&id) {
                    known.push(id);
                }
            }
        }
        let is_decided = self.matches.iter().all(|ids| ids.len() >= MAX_CANDIDATES);
        let is_single = self.keys.len() == 1;
        let is_ambiguous = is_single && self.matches.iter().all(|ids| ids.len() > 1);
        let has_next = page.next.is_some();
        let is_over = has_next && self.pages >= MAX_PAGES;
        match is_single {
            _ if is_decided => self.results(),
            false if page.total > MAX_RESULTS || is_over => AfterPage::TooMany,
            true if is_over && !is_ambiguous => AfterPage::Endless,
            _ if has_next && !is_over => {
                self.after = page.next;
                self.counts = AttemptCounts::default();
                AfterPage::Next
            }
            _ => self.results(),
        }
    }

    /// Starts again with the first page.
    pub(crate) fn restart(&mut self) {
        self.after = None;
        self.pages = 0;
        self.matches.clear();
    }

    fn results(&mut self) -> AfterPage {
        let matches = std::mem::take(&mut self.matches).into_iter();
        let kind = MatchKind::Search;
        let result = |ids: Vec<u64>| match ids.as_slice() {
            [] => KeyResult::NotFound,
            [id] => KeyResult::Found { id: *id, kind },
            _ => KeyResult::Ambiguous(ids),
        };
        AfterPage::Results(matches.map(result).collect())
    }
}
