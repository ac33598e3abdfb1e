//! The reads of one pair of types: the records to read on each side, and what is known about these sides. Pure.

use std::collections::{HashSet, VecDeque};

use crate::domain::pair::ObjectType;
use crate::links::read::cost::{LINK_BYTES, Price};
use crate::links::read::limits::{Expectation, ReadLimits};
use crate::links::read::link_read::{
    LinkRead, PAGE_LINKS, PlacedRecord, Position, ReadRecord, Side,
};
use crate::links::read::translation::Translations;

/// How many rows, or records, an expectation weighs against what was read.
const PRIOR: f64 = 1000.0;

/// After this number of consecutive records that stayed open alone in their requests, no request is repeated.
const MAX_FRUITLESS: u32 = 8;

/// The records to read on one side.
#[derive(Debug)]
pub(crate) struct SideState {
    fresh: VecDeque<ReadRecord>,
    continued: VecDeque<(ReadRecord, Box<Position>)>,
    /// Maximum number of records per request because of the length of replies: half of one whose reply was too long.
    records_per_call: usize,
    /// Records that are queued, in flight or delayed.
    unfinished: usize,
    /// Records that were read, and their pages.
    finished: u64,
    pages: u64,
    /// Consecutive records that stayed open although they were read alone.
    fruitless: u32,
}

impl SideState {
    fn new() -> Self {
        Self {
            fresh: VecDeque::new(),
            continued: VecDeque::new(),
            records_per_call: usize::MAX,
            unfinished: 0,
            finished: 0,
            pages: 0,
            fruitless: 0,
        }
    }

    /// Queues a new record.
    pub(crate) fn push(&mut self, record: ReadRecord) {
        self.unfinished += 1;
        self.fresh.push_back(record);
    }

    /// Queues a record whose next page is to be read.
    pub(crate) fn push_continued(&mut self, record: ReadRecord, position: Box<Position>) {
        self.continued.push_back((record, position));
    }

    /// The number of records that are queued.
    pub(crate) fn queued(&self) -> usize {
        self.fresh.len() + self.continued.len()
    }

    /// Whether no record is queued, in flight or delayed.
    pub(crate) fn is_drained(&self) -> bool {
        self.unfinished == 0
    }

    /// Counts a record that needs no further request.
    pub(crate) fn finish(&mut self, pages: u32) {
        self.unfinished -= 1;
        self.finished += 1;
        self.pages += u64::from(pages);
    }

    /// Makes later requests at most half as large as one with this number of records.
    pub(crate) fn limit(&mut self, records: usize) {
        let half = records.div_ceil(2).max(1);
        self.records_per_call = self.records_per_call.min(half);
    }

    /// Whether a record that a reply left open is asked again, if the request had this number of records.
    pub(crate) fn repeats_after_open(&mut self, records: usize) -> bool {
        if records == 1 {
            self.fruitless += 1;
        }
        records > 1 && self.fruitless < MAX_FRUITLESS
    }

    /// Records that a repeated request had a result.
    pub(crate) fn count_repeated(&mut self) {
        self.fruitless = 0;
    }

    /// What reading this side costs.
    pub(crate) fn price(&self, limits: &ReadLimits) -> Price {
        Price {
            records_per_call: self.records_per_call.min(limits.records) as u64,
            reply_bytes: limits.reply_bytes as u64,
            pages_per_record: (self.pages as f64 + PRIOR) / (self.finished as f64 + PRIOR),
        }
    }

    /// Takes records for a request, those first whose links are read in part. No record is in a request twice.
    fn take(&mut self, limits: &ReadLimits) -> Vec<PlacedRecord> {
        let most = self.records_per_call.min(limits.records);
        let mut taken = Vec::with_capacity(most.min(self.queued()));
        let mut numbers = HashSet::with_capacity(taken.capacity());
        let mut bytes = 0;
        let mut fits = |record: &ReadRecord, links: u64| {
            bytes += links.min(PAGE_LINKS) * LINK_BYTES;
            numbers.insert(record.number())
                && (numbers.len() == 1 || bytes <= limits.reply_bytes as u64)
        };
        while taken.len() < most
            && let Some((record, position)) = self
                .continued
                .pop_front_if(|(record, _)| fits(record, PAGE_LINKS))
        {
            taken.push((record, Some(position)));
        }
        while taken.len() < most
            && let Some(record) = self
                .fresh
                .pop_front_if(|record| fits(record, record.rows.into()))
        {
            taken.push((record, None));
        }
        taken
    }
}

/// One pair of types.
#[derive(Debug)]
pub(crate) struct TypePair {
    pub(crate) types: [ObjectType; 2],
    /// Rows that are not ready to leave.
    pub(crate) rows: usize,
    /// The rows of the open window.
    pub(crate) open: Vec<u32>,
    /// Rows that are to be read from the asked side.
    pub(crate) to_ask: Vec<u32>,
    /// Whether these are asked without waiting for the reads of the inverse side.
    pub(crate) asks_at_once: bool,
    pub(crate) translations: Translations,
    sides: [SideState; 2],
    /// Rows that were read, and those of them without a link.
    read: u64,
    missing: u64,
}

impl TypePair {
    pub(crate) fn new(types: [ObjectType; 2]) -> Self {
        Self {
            types,
            rows: 0,
            open: Vec::new(),
            to_ask: Vec::new(),
            asks_at_once: false,
            translations: Translations::default(),
            sides: [SideState::new(), SideState::new()],
            read: 0,
            missing: 0,
        }
    }

    pub(crate) fn side(&self, side: Side) -> &SideState {
        &self.sides[side.place()]
    }

    pub(crate) fn side_mut(&mut self, side: Side) -> &mut SideState {
        &mut self.sides[side.place()]
    }

    /// The number of records that are queued.
    pub(crate) fn queued(&self) -> usize {
        self.sides.iter().map(SideState::queued).sum()
    }

    /// Counts a row that was read.
    pub(crate) fn count(&mut self, is_linked: bool) {
        self.read += 1;
        self.missing += u64::from(!is_linked);
    }

    /// The share of rows without a link that is to be expected.
    pub(crate) fn missing_share(&self, expectation: Expectation) -> f64 {
        (expectation.share() * PRIOR + self.missing as f64) / (PRIOR + self.read as f64)
    }

    /// The next request, if a record is queued.
    pub(crate) fn take_request(&mut self, number: u32, limits: &ReadLimits) -> Option<LinkRead> {
        let side = Side::BOTH
            .into_iter()
            .find(|&side| self.side(side).queued() > 0)?;
        let records = self.side_mut(side).take(limits);
        Some(LinkRead::new(number, side, records))
    }
}
