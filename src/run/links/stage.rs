//! The rows whose links are read or removed, and the requests for that, with their rate limits and workers.
//!
//! ```text
//!  rows of the run ─► reads ─┬─► sent, skipped or ended                      import
//!                            ├─► records of missing links ─► ended           verify
//!                            └─► removals ─► read-backs ─► ended             undo
//! ```

use std::collections::VecDeque;
use std::time::Instant;

use jiff::Timestamp;

use crate::api::endpoint::Endpoint;
use crate::domain::link_counts::LinkCounts;
use crate::domain::outcome::Outcome;
use crate::links::read::found::LinksFound;
use crate::links::read::limits::{Expectation, ReadLimits};
use crate::links::read::link_reads::LinkReads;
use crate::links::records::record_reads::RecordReads;
use crate::links::removal::removals::Removals;
use crate::rate_limit::burst_limit::BurstLimit;
use crate::rate_limit::permit::Permit;
use crate::run::context::{LinkLabelUse, LinkPurpose, LinkSettings};
use crate::run::limited_calls::{CallEvent, CallLimit, LimitedCalls};
use crate::run::links::decide::{Next, after_removal, missing};
use crate::run::links::job::{Call, LinkJob, LinkLimit, LinkRequest};
use crate::run::links::open_links::OpenLinks;
use crate::run::links::row::LinkRow;
use crate::run::row::SendableRow;

/// Maximum number of requests in flight that read or remove links. A read has up to 1,000 records, and its reply may take
/// megabytes.
const LINK_CALLS: usize = 4;

/// Maximum number of reads of records in flight.
const RECORD_READS: usize = 8;

/// A stage that is full takes rows again once one in this number of its rows has left, and a whole read. If each row that
/// leaves made room for another, a read would have few records.
const REFILL_SHARE: usize = 10;

/// The records of a whole read.
const REFILL: usize = 1000;

/// For rows whose links are removed. Smaller windows keep the time short in which a link can change between its read and its
/// removal.
const UNDO: ReadLimits = ReadLimits {
    is_detailed: true,
    ..ReadLimits::BATCH
};

/// Something that happened to the requests.
pub(crate) type LinkEvent = CallEvent<LinkJob, LinkLimit>;

/// A row that leaves the stage.
pub(crate) enum Left {
    /// It is sent.
    ToSend(SendableRow),
    /// It has ended.
    Ended(Outcome),
}

/// The stage.
pub(crate) struct LinkStage {
    pub(super) settings: LinkSettings,
    /// Maximum number of rows that wait behind the reads.
    max_rows: usize,
    pub(super) reads: LinkReads<LinkRow>,
    pub(super) records: RecordReads<LinkRow>,
    pub(super) removals: Removals<LinkRow>,
    pub(super) read_backs: LinkReads<LinkRow>,
    /// If labels of links are kept: the links that are being written.
    pub(super) open_links: Option<OpenLinks>,
    /// Rows that were held, and whose links are known from the row before them.
    pub(super) continued: VecDeque<(LinkRow, LinksFound)>,
    /// Rows that were held, and whose links are to be read.
    pub(super) to_read: Vec<LinkRow>,
    pub(crate) calls: LimitedCalls<LinkJob, LinkLimit>,
    reads_in_flight: usize,
    removals_in_flight: usize,
    read_backs_in_flight: usize,
    /// Whether no row is taken until many can be taken at once.
    is_full: bool,
    has_ended: bool,
}

impl LinkStage {
    /// `is_batch` says whether rows are sent in batches.
    pub(crate) fn new(settings: LinkSettings, is_batch: bool, endpoint: impl Endpoint) -> Self {
        let (mut limits, expectation) = match settings.purpose {
            LinkPurpose::Import { .. } if is_batch => (ReadLimits::BATCH, Expectation::Open),
            LinkPurpose::Import { .. } => (ReadLimits::SINGLE, Expectation::Open),
            LinkPurpose::Verify { expect_absent } => {
                let expectation = if expect_absent {
                    Expectation::Absent
                } else {
                    Expectation::Present
                };
                (ReadLimits::VERIFY, expectation)
            }
            LinkPurpose::Undo => (UNDO, Expectation::Present),
        };
        let use_of_labels = match settings.purpose {
            LinkPurpose::Import { labels, .. } => labels,
            LinkPurpose::Verify { .. } | LinkPurpose::Undo => LinkLabelUse::Ignored,
        };
        limits.asks_only |= use_of_labels != LinkLabelUse::Ignored;
        let keeps_labels = use_of_labels == LinkLabelUse::Kept;
        let limit = |limit, max_in_flight| {
            CallLimit::new(limit, settings.is_unlimited, settings.share, max_in_flight)
        };
        let kinds = [
            (LinkLimit::Links, limit(BurstLimit::LINKS, LINK_CALLS)),
            (LinkLimit::Records, limit(BurstLimit::GENERAL, RECORD_READS)),
        ];
        Self {
            settings,
            max_rows: limits.pairs,
            reads: LinkReads::new(limits, expectation),
            records: RecordReads::new(),
            removals: Removals::new(),
            read_backs: LinkReads::new(limits, Expectation::Absent),
            open_links: keeps_labels.then(OpenLinks::default),
            continued: VecDeque::new(),
            to_read: Vec::new(),
            calls: LimitedCalls::new(kinds, endpoint),
            reads_in_flight: 0,
            removals_in_flight: 0,
            read_backs_in_flight: 0,
            is_full: false,
            has_ended: false,
        }
    }

    /// What the links are read for.
    pub(crate) fn purpose(&self) -> LinkPurpose {
        self.settings.purpose
    }

    /// Whether one more row can be taken.
    pub(crate) fn has_room(&self) -> bool {
        !self.is_full && self.rows_behind_reads() < self.max_rows && self.reads_have_room()
    }

    /// Whether one more row can be read or held.
    fn reads_have_room(&self) -> bool {
        self.rows_before_reads() + self.reads.len() < self.max_rows
    }

    /// Rows that are held, or were until now.
    fn rows_before_reads(&self) -> usize {
        self.rows_held() + self.continued.len() + self.to_read.len()
    }

    /// Rows that wait behind the reads.
    fn rows_behind_reads(&self) -> usize {
        self.records.len() + self.removals.len() + self.read_backs.len()
    }

    /// The number of rows in the stage.
    pub(crate) fn len(&self) -> usize {
        self.rows_before_reads() + self.reads.len() + self.rows_behind_reads()
    }

    /// Adds a row.
    pub(crate) fn push(&mut self, row: LinkRow, now: Instant) {
        let row = match &mut self.open_links {
            Some(open_links) => open_links.open(row),
            None => Some(row),
        };
        if let Some(row) = row {
            self.read_links(row, now);
        }
        self.is_full = !self.reads_have_room();
    }

    /// Records that no more rows come.
    pub(crate) fn end_input(&mut self) {
        if !self.has_ended {
            self.has_ended = true;
            self.reads.end_input();
        }
    }

    /// Does what is due, and passes rows on within the stage.
    pub(crate) fn advance(&mut self, now: Instant) {
        for row in std::mem::take(&mut self.to_read) {
            self.read_links(row, now);
        }
        self.reads.advance(now);
        self.records.advance(now);
        self.removals.advance(now);
        while let Some((mut row, removed)) = self.removals.pop_row() {
            row.removal = removed.err();
            let pair = row.pair.clone();
            self.read_backs.push_asked(row, &pair);
        }
        self.read_backs.advance(now);
        if self.reads_in_flight == 0 && !self.reads.is_ready() {
            self.removals.flush();
        }
        if self.has_ended && self.reads.len() == 0 {
            self.records.end_input();
        } else if self.records.len() >= self.max_rows / 2 {
            self.records.flush();
        }
    }

    /// The time of the next scheduled action, for [`Self::advance`].
    pub(crate) fn next_due(&self) -> Option<Instant> {
        let due = [self.reads.next_due(), self.read_backs.next_due()];
        let behind = [self.records.next_due(), self.removals.next_due()];
        due.into_iter().chain(behind).flatten().min()
    }

    /// Takes a row that leaves the stage. `now` is the time of its outcome.
    pub(crate) fn pop_row(&mut self, now: Timestamp) -> Option<Left> {
        let left = self.find_row(now);
        let refill_at = self.max_rows - REFILL.max(self.max_rows / REFILL_SHARE);
        self.is_full = self.is_full && self.len() > refill_at;
        left
    }

    fn find_row(&mut self, now: Timestamp) -> Option<Left> {
        if let Some((row, found)) = self.read_backs.pop_row() {
            return Some(Left::Ended(after_removal(row, &found, now)));
        }
        if let Some((row, records)) = self.records.pop_row() {
            return Some(Left::Ended(missing(row, records, now)));
        }
        while let Some((row, found)) = self.next_read() {
            match self.after_read(row, found, now) {
                Next::Send(row) => return Some(Left::ToSend(row)),
                Next::Finish(outcome) => return Some(Left::Ended(outcome)),
                Next::ReadRecords(row, seen) => {
                    let pair = row.pair.clone();
                    self.records.push(row, &pair, seen);
                }
                Next::Remove(row) => {
                    let pair = row.pair.clone();
                    let labels = row.labels.clone().filter(|_| row.removes_labels);
                    self.removals.push(row, &pair, labels);
                }
            }
        }
        None
    }

    /// Whether a request with this limit could be sent now if there were a permit. `only_read_backs`: the run ends, and
    /// only what it removed is still read back.
    pub(crate) fn wants_permit(&mut self, limit: LinkLimit, only_read_backs: bool) -> bool {
        let is_ready = match (limit, only_read_backs) {
            (LinkLimit::Links, false) => {
                self.read_backs.is_ready() || self.removals.is_ready() || self.reads.is_ready()
            }
            (LinkLimit::Links, true) => self.read_backs.is_ready(),
            (LinkLimit::Records, false) => self.records.is_ready(),
            (LinkLimit::Records, true) => false,
        };
        is_ready && self.calls.has_slot(limit)
    }

    /// Takes the next request with this limit. Rows that are nearer to their end come first, so that little time passes
    /// between the read of a link and its removal.
    pub(crate) fn next_job(&mut self, limit: LinkLimit, only_read_backs: bool) -> Option<LinkJob> {
        if limit == LinkLimit::Records {
            let read = self.records.pop_request()?;
            let call = Call::Records(self.records.call(&read));
            return Some(LinkJob::new(LinkRequest::Records(read), call));
        }
        if let Some(read) = self.read_backs.pop_request() {
            let call = Call::Links(self.read_backs.call(&read));
            return Some(LinkJob::new(LinkRequest::ReadBack(read), call));
        }
        if only_read_backs {
            return None;
        }
        if let Some(removal) = self.removals.pop_request() {
            let call = Call::Links(self.removals.call(&removal));
            return Some(LinkJob::new(LinkRequest::Removal(removal), call));
        }
        let read = self.reads.pop_request()?;
        let call = Call::Links(self.reads.call(&read));
        Some(LinkJob::new(LinkRequest::Read(read), call))
    }

    /// Sends a request, and counts it.
    pub(crate) fn send(&mut self, job: LinkJob, permit: Permit, counts: &mut LinkCounts) {
        if let Some(in_flight) = self.in_flight_of(&job.request) {
            *in_flight += 1;
        }
        match job.request {
            LinkRequest::Read(_) | LinkRequest::ReadBack(_) => counts.reads += 1,
            LinkRequest::Records(_) => counts.record_reads += 1,
            LinkRequest::Removal(_) => counts.removals += 1,
        }
        self.calls.send(job.request.limit(), job, permit);
    }

    /// Records that a request has its reply.
    pub(crate) fn reply_received(&mut self, request: &LinkRequest) {
        if let Some(in_flight) = self.in_flight_of(request) {
            *in_flight -= 1;
        }
        self.calls.reply_received(request.limit());
    }

    /// The number of requests in flight, where something depends on it.
    fn in_flight_of(&mut self, request: &LinkRequest) -> Option<&mut usize> {
        match request {
            LinkRequest::Read(_) => Some(&mut self.reads_in_flight),
            LinkRequest::ReadBack(_) => Some(&mut self.read_backs_in_flight),
            LinkRequest::Removal(_) => Some(&mut self.removals_in_flight),
            LinkRequest::Records(_) => None,
        }
    }

    /// Whether a link is being removed: that reply must be awaited.
    pub(crate) fn is_removing(&self) -> bool {
        self.removals_in_flight > 0
    }

    /// Whether removed links are being read back, or can be now.
    pub(crate) fn is_reading_back(&self) -> bool {
        let is_paused = self.calls.is_paused(LinkLimit::Links);
        self.read_backs_in_flight > 0 || self.read_backs.is_ready() && !is_paused
    }
}
