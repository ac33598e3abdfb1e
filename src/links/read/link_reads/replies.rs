//! What follows from the replies to requests for links. Pure.

use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::domain::category::Category;
use crate::domain::outcome::Details;
use crate::links::after_reply::AfterReply;
use crate::links::read::found::Found;
use crate::links::read::link_read::{LinkRead, PlacedRecord, Side};
use crate::links::read::link_reads::LinkReads;
use crate::links::read::link_reads::record_reply::{RecordReply, of_record};
use crate::links::read::link_reads::settle::Rest;
use crate::links::read::reply::asked::Asked;
use crate::links::read::reply::read_reply::read_reply;
use crate::verdict::backoff::exponential;

/// How often records are asked again whose error may pass.
const MAX_PASSING_ERRORS: u32 = 4;

/// How long such records wait: the first and the longest delay.
const PASSING_DELAY: [Duration; 2] = [Duration::from_secs(1), Duration::from_secs(8)];

/// After this number of requests in a row whose attempts were used up, such requests are not divided any more.
const MAX_EXHAUSTED: u32 = 8;

/// The records of a request that are to be asked again.
#[derive(Default)]
struct Again {
    open: Vec<PlacedRecord>,
    may_pass: Vec<PlacedRecord>,
}

impl<R> LinkReads<R> {
    /// Reads the reply to a request.
    pub(crate) fn reply(
        &mut self,
        request: LinkRead,
        status: u16,
        body: &[u8],
        now: Instant,
    ) -> AfterReply<LinkRead> {
        if !(200..=299).contains(&status) {
            return AfterReply::ByStatus(request);
        }
        let mut asked = self.asked(&request);
        if let Err(why) = read_reply(&mut asked, &mut self.shared, status, body) {
            return AfterReply::Unreadable { request, why };
        }
        self.in_flight -= 1;
        self.exhausted = 0;
        self.store(request, &asked, status, now);
        AfterReply::Stored
    }

    /// The links that the rows of a request ask for.
    fn asked(&self, request: &LinkRead) -> Asked {
        let mut asked = Asked::default();
        let other = request.side.other();
        for &record in &request.records {
            let rows = self.rows.of_record(record);
            let wanted = rows.map(|row| (self.rows.get(row).number(other), row));
            asked.add(record.number(), wanted, self.limits.is_detailed);
        }
        asked
    }

    fn store(&mut self, request: LinkRead, asked: &Asked, status: u16, now: Instant) {
        let (types, side, count) = (request.types, request.side, request.records());
        let (is_repeated, passing_errors) = (request.is_repeated, request.passing_errors);
        let mut again = Again::default();
        for (place, (record, position)) in request.into_records().into_iter().enumerate() {
            let rest = self.settle_found(asked, place, side);
            let pages = position.as_ref().map_or(0, |position| position.pages) + 1;
            let reply = if rest.is_empty() {
                RecordReply::Done(Rest::NotLinked)
            } else {
                of_record(asked, place, position.as_deref(), status)
            };
            let state = self.types.get_mut(types).side_mut(side);
            if is_repeated && !matches!(reply, RecordReply::Open(_)) {
                state.count_repeated();
            }
            match reply {
                RecordReply::Done(end) => self.finish_record(types, side, pages, rest, &end),
                RecordReply::MayPass(details) if passing_errors >= MAX_PASSING_ERRORS => {
                    self.finish_record(types, side, pages, rest, &Rest::unread(&details));
                }
                RecordReply::Open(details) if !state.repeats_after_open(count) => {
                    self.finish_record(types, side, pages, rest, &Rest::unread(&details));
                }
                RecordReply::Continued(position) => {
                    state.push_continued(self.rows.record(record.number(), &rest), position);
                    self.queued += 1;
                }
                RecordReply::MayPass(_) => {
                    let record = self.rows.record(record.number(), &rest);
                    again.may_pass.push((record, position));
                }
                RecordReply::Open(_) => {
                    let record = self.rows.record(record.number(), &rest);
                    again.open.push((record, position));
                }
            }
        }
        self.ask_again(types, side, count, again.open);
        self.ask_later(types, side, passing_errors, again.may_pass, now);
        self.ask_if_drained(types);
    }

    /// Settles the rows of a record whose links are listed, and returns the others.
    fn settle_found(&mut self, asked: &Asked, place: usize, side: Side) -> Vec<u32> {
        let has_links = asked.record(place).links > 0;
        let mut rest = Vec::new();
        for link in asked.wanted_of(place) {
            if let Some(found) = &link.found {
                self.settle_listed(link.row, side, found);
                continue;
            }
            let seen = &mut self.rows.get_mut(link.row).seen;
            seen[side.place()] |= has_links;
            seen[side.other()] |= asked.was_seen(link.other);
            rest.push(link.row);
        }
        rest
    }

    /// Ends the reading of a record on this side.
    fn finish_record(&mut self, types: u32, side: Side, pages: u32, rows: Vec<u32>, rest: &Rest) {
        for row in rows {
            self.settle_unlisted(row, side, rest);
        }
        self.types.get_mut(types).side_mut(side).finish(pages);
    }

    /// Asks again for records that a reply left open, with fewer others.
    fn ask_again(&mut self, types: u32, side: Side, count: usize, open: Vec<PlacedRecord>) {
        if open.is_empty() {
            return;
        }
        let is_all = open.len() == count;
        let request = LinkRead {
            is_repeated: true,
            ..LinkRead::new(types, side, open)
        };
        if is_all {
            self.push_halves(request);
        } else {
            self.requests.push_back(request);
        }
    }

    /// Asks again, after a delay, for records whose error may pass.
    fn ask_later(
        &mut self,
        types: u32,
        side: Side,
        earlier: u32,
        records: Vec<PlacedRecord>,
        now: Instant,
    ) {
        if records.is_empty() {
            return;
        }
        let [first, longest] = PASSING_DELAY;
        let request = LinkRead {
            passing_errors: earlier + 1,
            ..LinkRead::new(types, side, records)
        };
        self.delay(request, now + exponential(first, longest, earlier));
    }

    /// Asks what seems missing from the inverse side, once that side has been read.
    fn ask_if_drained(&mut self, types: u32) {
        let pair = self.types.get(types);
        if pair.side(Side::Inverse).is_drained() && !pair.to_ask.is_empty() {
            self.ask(types);
        }
    }

    /// Divides a request whose reply was longer than a reply may be, and makes later ones of these types smaller.
    pub(crate) fn too_large(&mut self, request: LinkRead) {
        let state = self.types.get_mut(request.types).side_mut(request.side);
        state.limit(request.records());
        let message = format!(
            "the associations of one record are longer than {} bytes",
            self.limits.reply_bytes
        );
        let details = Details {
            num_errors: 1,
            categories: vec![Category::UnreadableReply.as_str().to_owned()],
            message,
            ..Details::default()
        };
        self.refused(request, &Arc::new(details));
    }

    /// Divides a request that the API refuses, to find the record that it refuses; a single record fails.
    pub(crate) fn refused(&mut self, request: LinkRead, details: &Arc<Details>) {
        self.in_flight -= 1;
        if request.records() > 1 {
            self.push_halves(request);
        } else {
            self.finish(&request, &Rest::unread(details));
        }
    }

    /// Gives up a request whose attempts are used up. It is divided, because one record may be the cause, unless many in a
    /// row were given up: then all records share the cause.
    pub(crate) fn exhausted(&mut self, request: LinkRead, details: &Arc<Details>) {
        self.exhausted += 1;
        if request.records() == 1 || self.exhausted > MAX_EXHAUSTED {
            self.fail(&request, details);
        } else {
            self.refused(request, details);
        }
    }

    /// Queues the halves of a request before all others: so a record that cannot be read is found in few calls, and how that
    /// ends is known before others are halved.
    fn push_halves(&mut self, request: LinkRead) {
        for half in request.halves().into_iter().rev() {
            self.requests.push_front(half);
        }
    }

    /// Gives up a request: the links of its records are unknown.
    pub(crate) fn fail(&mut self, request: &LinkRead, details: &Arc<Details>) {
        self.in_flight -= 1;
        let found = Arc::new(Found::Unknown(Arc::clone(details)));
        self.finish(request, &Rest::Failed(found));
    }

    /// Finishes all records of a request.
    fn finish(&mut self, request: &LinkRead, rest: &Rest) {
        for &record in &request.records {
            let rows: Vec<u32> = self.rows.of_record(record).collect();
            self.finish_record(request.types, request.side, 1, rows, rest);
        }
        self.ask_if_drained(request.types);
    }
}
