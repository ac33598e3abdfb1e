//! What follows from the replies to requests for links. Pure.

use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::domain::category::Category;
use crate::domain::outcome::Details;
use crate::links::after_reply::AfterReply;
use crate::links::read::found::Found;
use crate::links::read::link_read::{LinkRead, Position, ReadRecord, Side};
use crate::links::read::link_reads::LinkReads;
use crate::links::read::link_reads::settle::Rest;
use crate::links::read::reply::asked::{Asked, AskedRecord, Named, Problem};
use crate::links::read::reply::errors::{problem, unnamed};
use crate::links::read::reply::read_reply::read_reply;
use crate::verdict::backoff::exponential;

/// Maximum number of pages of a record's links that are read: two million links.
const MAX_PAGES: u32 = 4_000;

/// How often records are asked again whose error may pass.
const MAX_PASSING_ERRORS: u32 = 4;

/// How long such records wait: the first and the longest delay.
const PASSING_DELAY: [Duration; 2] = [Duration::from_secs(1), Duration::from_secs(8)];

/// What a reply says about one record.
enum RecordReply {
    /// All wanted links are found, or the reply says what the others are.
    Done(Rest),
    /// More pages follow.
    Continued(Box<Position>),
    /// It has an error that may pass.
    MayPass(Arc<Details>),
    /// The reply says nothing about it.
    Open(Arc<Details>),
}

/// The records of a request that are to be asked again.
#[derive(Default)]
struct Again {
    open: Vec<(ReadRecord, Option<Box<Position>>)>,
    may_pass: Vec<(ReadRecord, Option<Box<Position>>)>,
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
        let LinkRead {
            types,
            side,
            is_repeated,
            passing_errors,
            ..
        } = request;
        let count = request.records();
        let mut again = Again::default();
        for (place, (record, position)) in request.into_records().into_iter().enumerate() {
            let rest = self.settle_found(asked, place, side);
            let reply = match rest.is_empty() {
                true => RecordReply::Done(Rest::NotLinked),
                false => of_record(asked, place, position.as_deref(), status),
            };
            let pages = position.as_ref().map_or(0, |position| position.pages) + 1;
            let reply = match reply {
                RecordReply::MayPass(details) if passing_errors >= MAX_PASSING_ERRORS => {
                    RecordReply::Done(Rest::unread(&details))
                }
                RecordReply::Open(details) => self.after_open(types, side, count, &details),
                reply => {
                    if is_repeated {
                        self.types
                            .get_mut(types)
                            .side_mut(side)
                            .count_repeated(true);
                    }
                    reply
                }
            };
            if let RecordReply::Done(end) = &reply {
                for row in rest {
                    self.settle_unlisted(row, side, end);
                }
                self.types.get_mut(types).side_mut(side).finish(pages);
                continue;
            }
            let record = self.rows.record(record.number(), &rest);
            match reply {
                RecordReply::Continued(position) => {
                    self.queued += 1;
                    let state = self.types.get_mut(types).side_mut(side);
                    state.push_continued(record, position);
                }
                RecordReply::MayPass(_) => again.may_pass.push((record, position)),
                _ => again.open.push((record, position)),
            }
        }
        self.ask_again(types, side, count, again.open);
        if !again.may_pass.is_empty() {
            let [first, longest] = PASSING_DELAY;
            let delay = exponential(first, longest, passing_errors);
            let request = LinkRead {
                passing_errors: passing_errors + 1,
                ..LinkRead::new(types, side, again.may_pass)
            };
            self.delay(request, now + delay);
        }
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

    /// Whether a record that stays open is asked again.
    fn after_open(
        &mut self,
        types: u32,
        side: Side,
        count: usize,
        details: &Arc<Details>,
    ) -> RecordReply {
        let state = self.types.get_mut(types).side_mut(side);
        if count == 1 {
            state.count_repeated(false);
        }
        match count > 1 && state.repeats() {
            true => RecordReply::Open(Arc::clone(details)),
            false => RecordReply::Done(Rest::unread(details)),
        }
    }

    /// Asks again for records that a reply left open, with fewer others.
    fn ask_again(
        &mut self,
        types: u32,
        side: Side,
        count: usize,
        open: Vec<(ReadRecord, Option<Box<Position>>)>,
    ) {
        if open.is_empty() {
            return;
        }
        let is_all = open.len() == count;
        let request = LinkRead {
            is_repeated: true,
            ..LinkRead::new(types, side, open)
        };
        match is_all {
            true => self.requests.extend(request.halves()),
            false => self.requests.push_back(request),
        }
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
            self.requests.extend(request.halves());
        } else {
            self.finish(&request, &Rest::unread(details));
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
            for row in rows {
                self.settle_unlisted(row, request.side, rest);
            }
            let state = self.types.get_mut(request.types).side_mut(request.side);
            state.finish(1);
        }
        self.ask_if_drained(request.types);
    }
}

/// What a reply says about a record with rows whose links it does not list.
fn of_record(asked: &Asked, place: usize, position: Option<&Position>, status: u16) -> RecordReply {
    let record = asked.record(place);
    match &record.named {
        Named::Problem(problem) => return of_problem(problem),
        Named::WithoutLinks if !record.is_listed => return RecordReply::Done(Rest::NotLinked),
        Named::WithoutLinks | Named::Not => {}
    }
    if let Some(stray) = &asked.stray {
        // It may be about this record.
        return match asked.len() {
            1 => of_problem(stray),
            _ => RecordReply::Open(Arc::clone(&stray.details)),
        };
    }
    match (record.is_listed, &record.next) {
        (true, None) => RecordReply::Done(Rest::NotLinked),
        (true, Some(next)) => next_page(record, next, position, status),
        (false, _) => RecordReply::Open(unnamed(status)),
    }
}

fn of_problem(problem: &Problem) -> RecordReply {
    match problem.may_pass {
        true => RecordReply::MayPass(Arc::clone(&problem.details)),
        false => RecordReply::Done(Rest::unread(&problem.details)),
    }
}

fn next_page(
    record: &AskedRecord,
    next: &str,
    position: Option<&Position>,
    status: u16,
) -> RecordReply {
    let pages = position.map_or(0, |position| position.pages) + 1;
    let is_barren = record.links == 0;
    let stays = position.is_some_and(|position| *position.after == *next);
    let was_barren = position.is_some_and(|position| position.is_barren);
    if stays || is_barren && was_barren || pages >= MAX_PAGES {
        let message = "the pages of the record's associations do not end";
        let details = problem(status, Category::UnreadableReply, message);
        return RecordReply::Done(Rest::unread(&details));
    }
    RecordReply::Continued(Box::new(Position {
        after: next.into(),
        pages,
        is_barren,
    }))
}
