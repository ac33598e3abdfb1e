//! Lookups: rows pass through them, and their replies decide how rows with keys end.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use crate::api::lookup_call::Route;
use crate::domain::keyed_pair::KeyedPair;
use crate::domain::labels::AskedLabels;
use crate::domain::outcome::{Details, Outcome, OutcomeKind};
use crate::domain::pair::RowKey;
use crate::input::row::{CheckedRow, RowContent};
use crate::lookup::lookup_request::LookupRequest;
use crate::lookup::property::LookupProperty;
use crate::lookup::reply::refusal::Common;
use crate::lookup::result::Answer;
use crate::rate_limit::permit::Permit;
use crate::run::dispatcher::call_replies::{CallReply, LimitOf};
use crate::run::dispatcher::{Dispatcher, Phase};
use crate::run::event::RunEvent;
use crate::run::limited_calls::CallEvent;
use crate::run::lookup::job::{LookupJob, kind_of};
use crate::run::lookup::reading::{OpenLookup, read};
use crate::run::lookup::resolve::{Resolved, is_about_keys, is_not_found, keys_of, resolve};
use crate::run::lookup::stage::{LookupEvent, LookupStage, NeedsSearch};
use crate::run::reading::Reading;
use crate::run::reply_handler::Action;
use crate::run::row::{SendableRow, invalid_outcome, labels_of, skipped_outcome};
use crate::run::stop_reason::{PropertyRefusal, StopReason};
use crate::run::worker_pool::Answered;

/// Until this number of keys of a property was asked, keys without a record do not count towards the failure limit. If
/// none of them has a record, the property or the account is wrong, and the run stops.
const MIN_KEYS: u64 = 1000;

impl Dispatcher<'_> {
    /// Whether one more row can be read.
    pub(super) fn wants_rows(&self) -> bool {
        match &self.lookups {
            None if self.links.is_some() => self.links_have_room(),
            None => self.can_take_row(),
            Some(stage) => self.phase == Phase::Running && stage.rows.has_capacity(),
        }
    }

    /// Moves rows from the input to the lookups, and sends every lookup that does not have to wait for anything.
    pub(super) fn advance_lookups(&mut self) {
        if self.lookups.is_none() {
            return;
        }
        self.look_up_rows();
        for route in Route::BOTH {
            while self.wants_permit_for_lookup(route) {
                let Some(stage) = &mut self.lookups else {
                    return;
                };
                let Ok(permit) = stage.calls.limiter(route).try_acquire() else {
                    break;
                };
                self.send_lookup(route, permit);
            }
        }
    }

    /// For which calls a permit is wanted, in the order of [`Route::BOTH`].
    pub(super) fn wanted_lookups(&mut self) -> [bool; 2] {
        if self.lookups.is_none() {
            return [false; 2];
        }
        Route::BOTH.map(|route| self.wants_permit_for_lookup(route))
    }

    fn wants_permit_for_lookup(&mut self, route: Route) -> bool {
        let is_allowed = self.phase == Phase::Running
            && self.replies.may_send_besides(self.requests_in_flight())
            && !self.needs_token();
        is_allowed
            && self
                .lookups
                .as_mut()
                .is_some_and(|stage| stage.wants_permit(route))
    }

    fn look_up_rows(&mut self) {
        while self.wants_rows()
            && let Some(row) = self.input_buffer.pop_front()
        {
            match (row, &mut self.lookups) {
                (Ok(row), Some(stage)) => {
                    if let Err(NeedsSearch(property)) = stage.push(row) {
                        self.counts.without_outcome += 1;
                        let message = "several records may have the same value".to_owned();
                        self.stop_for_property(&property, PropertyRefusal::NotUnique, message);
                    }
                }
                (row, _) => self.take(row),
            }
        }
        if self.input_over
            && self.input_buffer.is_empty()
            && let Some(stage) = &mut self.lookups
        {
            stage.end_input();
        }
    }

    /// Takes the next row whose keys have their answers. Returns whether there was one.
    pub(super) fn take_looked_up(&mut self) -> bool {
        let popped = match &mut self.lookups {
            Some(stage) => stage.rows.pop_row(),
            None => None,
        };
        let Some((row, answers)) = popped else {
            return false;
        };
        match row.content {
            RowContent::Keyed(pair) => self.take_keyed(row.key, *pair, row.labels, answers),
            content => self.take(Ok(CheckedRow { content, ..row })),
        }
        self.look_up_rows();
        true
    }

    fn take_keyed(
        &mut self,
        row: RowKey,
        pair: KeyedPair,
        labels: Option<AskedLabels>,
        answers: [Option<Answer>; 2],
    ) {
        let Some(stage) = &mut self.lookups else {
            return;
        };
        let counts_not_found = has_asked_enough(stage, &pair, &answers);
        let now = (self.context.now)();
        match resolve(row, pair, answers, stage.properties(), now) {
            Resolved::Pair(pair, keys) => {
                stage.has_passed_on = true;
                let mut found = CheckedRow {
                    key: row,
                    content: RowContent::Pair(pair),
                    labels,
                };
                self.context.skips.apply(&mut found);
                let labels = labels_of(found.labels);
                match found.content {
                    RowContent::Pair(pair) => self.enqueue(SendableRow {
                        keys: Some(keys),
                        labels,
                        ..SendableRow::new(row, pair)
                    }),
                    RowContent::Skipped(skipped) => self.finish_with(Outcome {
                        keys: Some(keys),
                        labels,
                        ..skipped_outcome(row, skipped, now)
                    }),
                    RowContent::Invalid(invalid) => self.finish_with(Outcome {
                        keys: Some(keys),
                        ..invalid_outcome(row, &invalid, now)
                    }),
                    // The row was made a pair above.
                    RowContent::Keyed(_) | RowContent::LabelsOf(_) => {}
                }
            }
            Resolved::Unknown(outcome) => {
                let outcome = Outcome {
                    labels: labels_of(labels),
                    ..*outcome
                };
                self.finish_unknown(outcome, counts_not_found);
            }
        }
    }

    /// Finishes a row of which a record is not known.
    fn finish_unknown(&mut self, outcome: Outcome, counts_not_found: bool) {
        if is_about_keys(&outcome) {
            // It says nothing about the requests that link.
            if counts_not_found || !is_not_found(&outcome) {
                self.count_towards_limit(&outcome);
            }
            self.commit_queue.add(outcome, self.context.report);
        } else {
            self.finish_with(outcome);
        }
    }

    pub(super) fn handle_lookup_event(&mut self, event: LookupEvent) {
        match event {
            CallEvent::Permit(route, permit) => self.send_lookup(route, permit),
            CallEvent::Reply(done) => self.handle_lookup_reply(*done),
            CallEvent::Panic(error) => {
                self.counts.requests += 1;
                self.stop(StopReason::of_panic(error));
            }
        }
    }

    fn send_lookup(&mut self, route: Route, permit: Permit) {
        let Some(stage) = &mut self.lookups else {
            return;
        };
        let Some(mut job) = stage.next_job(route) else {
            return;
        };
        self.replies.stamp(&mut job.request);
        stage.calls.send(route, job, permit);
        self.counts.lookup = stage.rows.counts();
    }

    fn handle_lookup_reply(&mut self, (job, permit, reply): Answered<LookupJob>) {
        let Some(stage) = &mut self.lookups else {
            return;
        };
        let LookupJob {
            lookup,
            mut request,
            ..
        } = job;
        let route = lookup.route;
        stage.calls.reply_received(route);
        let now = Instant::now();
        let Reading {
            reply,
            class,
            details,
            open,
        } = read(&mut stage.rows, lookup, reply, now.into_std());
        let judged = CallReply {
            kind: kind_of(route),
            limit: LimitOf::Lookups(route),
            permit,
            class,
            reply: &reply,
            details: &details,
            now,
        };
        let (action, after) = self.handle_call_reply(&judged, &mut request);
        if let Some(mut open) = open {
            open.lookup.counts = request.attempt_counts;
            open.lookup.refusals = request.refusals;
            self.follow_up(open, &action, &details);
        }
        self.apply(after, LimitOf::Lookups(route));
        self.check_matches();
        if let Some(stage) = &self.lookups {
            self.counts.lookup = stage.rows.counts();
        }
    }

    /// Applies the action to a request whose reply has no results.
    fn follow_up(&mut self, open: OpenLookup, action: &Action, details: &Details) {
        let OpenLookup { lookup, refused } = open;
        let after = match *action {
            Action::Finish(kind) => {
                let Some(stage) = &mut self.lookups else {
                    return;
                };
                return match refused {
                    Some((common, details)) => self.refuse(lookup, common, &details),
                    None if kind == OutcomeKind::Failed => {
                        stage.rows.fail(&lookup, &Arc::new(details.clone()));
                    }
                    None => stage.rows.reject(&lookup, &Arc::new(details.clone())),
                };
            }
            Action::Retry { after } => {
                self.emit(RunEvent::LookupFailed {
                    keys: lookup.keys.len(),
                    attempts: lookup.counts.sent,
                    why: &details.message,
                    correlation_id: details.correlation_id.as_deref(),
                    next_in: after,
                });
                after
            }
            Action::SendAgain | Action::Keep | Action::SendOneByOne | Action::Hold { .. } => {
                Duration::ZERO
            }
        };
        if let Some(stage) = &mut self.lookups {
            let now = Instant::now().into_std();
            stage.rows.retry(lookup, after, now);
        }
    }

    /// The API refuses what all keys of a request have in common.
    fn refuse(&mut self, lookup: LookupRequest, common: Common, details: &Arc<Details>) {
        let Some(stage) = &mut self.lookups else {
            return;
        };
        let refusal = match common {
            Common::NotUnique => PropertyRefusal::NotUnique,
            Common::UnknownProperty => PropertyRefusal::Unknown,
            Common::Type => return stage.rows.refuse(&lookup, details),
        };
        let can_search = lookup.route == Route::BatchRead && stage.allows_search();
        if common == Common::NotUnique && can_search {
            stage.rows.use_search(lookup);
        } else if stage.has_passed_on {
            // Pairs with records of another type are being linked: only the rows of this type are refused.
            stage.rows.refuse(&lookup, details);
        } else {
            let property = stage.rows.property(&lookup).clone();
            stage
                .rows
                .retry(lookup, Duration::ZERO, Instant::now().into_std());
            self.stop_for_property(&property, refusal, details.message.clone());
        }
    }

    fn stop_for_property(
        &mut self,
        property: &LookupProperty,
        refusal: PropertyRefusal,
        message: String,
    ) {
        self.stop(StopReason::PropertyRefused {
            property: property.name.to_string(),
            object_type: property.object_type.to_string(),
            refusal,
            message,
        });
    }

    /// Stops the run when no record has any of many keys.
    fn check_matches(&mut self) {
        let Some(stage) = &self.lookups else {
            return;
        };
        if let Some((property, keys)) = stage.rows.property_without_match(MIN_KEYS) {
            let reason = StopReason::NoKeyFound {
                property: property.name.to_string(),
                object_type: property.object_type.to_string(),
                keys,
            };
            self.stop(reason);
        }
    }
}

/// Whether a key of this row that no record has counts towards the failure limit.
fn has_asked_enough(
    stage: &mut LookupStage,
    pair: &KeyedPair,
    answers: &[Option<Answer>; 2],
) -> bool {
    if !answers.contains(&Some(Answer::NotFound)) {
        return false;
    }
    keys_of(pair).into_iter().enumerate().any(|(side, key)| {
        answers[side] == Some(Answer::NotFound)
            && key
                .and_then(|(object_type, _)| stage.number(side, object_type).ok().flatten())
                .is_some_and(|number| stage.rows.answered_and_matched(number).0 >= MIN_KEYS)
    })
}
