//! What a reply says about one record. Pure.

use std::sync::Arc;

use crate::domain::category::Category;
use crate::domain::outcome::Details;
use crate::links::read::link_read::Position;
use crate::links::read::link_reads::settle::Rest;
use crate::links::read::reply::asked::{Asked, AskedRecord, Named, Problem};
use crate::links::read::reply::errors::{problem, unnamed};

/// Maximum number of pages of a record's links that are read: two million links.
const MAX_PAGES: u32 = 4_000;

/// What a reply says about one record.
pub(super) enum RecordReply {
    /// All wanted links are found, or the reply says what the others are.
    Done(Rest),
    /// More pages follow.
    Continued(Box<Position>),
    /// It has an error that may pass.
    MayPass(Arc<Details>),
    /// The reply says nothing about it.
    Open(Arc<Details>),
}

/// What a reply says about a record with rows whose links it does not list.
pub(super) fn of_record(
    asked: &Asked,
    place: usize,
    position: Option<&Position>,
    status: u16,
) -> RecordReply {
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
    if problem.may_pass {
        RecordReply::MayPass(Arc::clone(&problem.details))
    } else {
        RecordReply::Done(Rest::unread(&problem.details))
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
