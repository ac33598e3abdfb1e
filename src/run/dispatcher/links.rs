//! Links that are read or removed: rows pass through the stage, and its replies decide how they continue.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use crate::api::response::headers::Reply;
use crate::domain::cause::refuses_type;
use crate::domain::outcome::{Details, OutcomeKind};
use crate::rate_limit::permit::Permit;
use crate::run::context::LinkPurpose;
use crate::run::dispatcher::call_replies::{CallReply, LimitOf};
use crate::run::dispatcher::{Dispatcher, Phase};
use crate::run::event::RunEvent;
use crate::run::limited_calls::CallEvent;
use crate::run::links::job::{LinkJob, LinkLimit, LinkRequest};
use crate::run::links::replies::OpenRequest;
use crate::run::links::stage::{Left, LinkEvent};
use crate::run::reading::Reading;
use crate::run::reply_handler::Action;
use crate::run::request::RequestKind;
use crate::run::stop_reason::StopReason;
use crate::run::worker_pool::Answered;
use crate::verdict::batch::input_limit::max_inputs;

impl Dispatcher<'_> {
    /// The number of rows whose links are read or removed.
    pub(super) fn rows_in_links(&self) -> usize {
        self.links.as_ref().map_or(0, |stage| stage.len())
    }

    /// Whether one more row can enter the stage.
    pub(super) fn links_have_room(&self) -> bool {
        self.phase == Phase::Running
            && self.commit_queue.has_room()
            && self.links.as_ref().is_some_and(|stage| stage.has_room())
    }

    /// Whether a row can be taken out of the stage. Rows that are not sent afterwards also end while the run stops.
    pub(super) fn can_take_from_links(&self) -> bool {
        match self.links.as_ref().map(|stage| stage.purpose()) {
            Some(LinkPurpose::Verify { .. } | LinkPurpose::Undo) => {
                self.phase != Phase::Abandoned && self.commit_queue.has_room()
            }
            Some(LinkPurpose::Import { .. }) | None => self.can_take_row(),
        }
    }

    /// Moves rows into the stage, and sends every request that does not have to wait for anything.
    pub(super) fn advance_links(&mut self) {
        if self.links.is_none() {
            return;
        }
        self.fill_links();
        if let Some(stage) = &mut self.links {
            stage.advance(Instant::now().into_std());
        }
        for limit in LinkLimit::BOTH {
            while self.wants_permit_for_links(limit) {
                let Some(stage) = &mut self.links else {
                    return;
                };
                let Ok(permit) = stage.calls.limiter(limit).try_acquire() else {
                    break;
                };
                self.send_link_call(limit, permit);
            }
        }
    }

    fn fill_links(&mut self) {
        while self.links_have_room() && self.take_from_input() {}
        let is_last = self.input_over && self.input_buffer.is_empty() && self.rows_looked_up() == 0;
        if let Some(stage) = &mut self.links
            && is_last
        {
            stage.end_input();
        }
    }

    /// Takes a row out of the stage. Returns whether there was one.
    pub(super) fn take_from_links(&mut self) -> bool {
        let now = (self.context.now)();
        let left = self.links.as_mut().and_then(|stage| stage.pop_row(now));
        match left {
            Some(Left::ToSend(row)) => self.enqueue_to_send(row),
            Some(Left::Ended(outcome)) => {
                if outcome.kind.is_good() && outcome.proof.is_some() {
                    // A link that was removed or kept shows that the calls work.
                    self.failure_tracker.note_good();
                }
                self.finish_with(outcome);
            }
            None => {
                self.advance_links();
                return false;
            }
        }
        self.fill_links();
        true
    }

    /// For which calls a permit is wanted, in the order of [`LinkLimit::BOTH`].
    pub(super) fn wanted_link_calls(&mut self) -> [bool; 2] {
        if self.links.is_none() {
            return [false; 2];
        }
        LinkLimit::BOTH.map(|limit| self.wants_permit_for_links(limit))
    }

    fn wants_permit_for_links(&mut self, limit: LinkLimit) -> bool {
        let only_read_backs = self.phase == Phase::Stopping;
        let is_allowed = (self.phase == Phase::Running || self.may_read_back())
            && self.replies.may_send_besides(self.requests_in_flight())
            && !self.needs_token();
        is_allowed
            && self
                .links
                .as_mut()
                .is_some_and(|stage| stage.wants_permit(limit, only_read_backs))
    }

    /// Whether links that were removed are still read back although the run stops.
    fn may_read_back(&self) -> bool {
        let is_on_purpose = matches!(
            self.reason,
            Some(StopReason::Signal(_) | StopReason::TimeIsUp(_) | StopReason::FailureLimit(_))
        );
        self.phase == Phase::Stopping && is_on_purpose
    }

    /// Whether a run that stops waits for the stage: for removals, which change something, and for what was removed to be
    /// read back. A read changes nothing, so its reply need not be awaited.
    pub(super) fn awaits_links(&self) -> bool {
        let Some(stage) = &self.links else {
            return false;
        };
        let reads_back = self.may_read_back() && !self.needs_token() && stage.is_reading_back();
        stage.is_removing() || reads_back
    }

    pub(super) fn handle_link_event(&mut self, event: LinkEvent) {
        match event {
            CallEvent::Permit(limit, permit) => self.send_link_call(limit, permit),
            CallEvent::Reply(done) => self.handle_link_reply(*done),
            CallEvent::Panic(error) => {
                self.counts.requests += 1;
                self.stop(StopReason::of_panic(error));
            }
        }
    }

    fn send_link_call(&mut self, limit: LinkLimit, permit: Permit) {
        let only_read_backs = self.phase == Phase::Stopping;
        let Some(stage) = &mut self.links else {
            return;
        };
        let Some(mut job) = stage.next_job(limit, only_read_backs) else {
            return;
        };
        self.replies.stamp(&mut job.state);
        stage.send(job, permit, &mut self.counts.links);
    }

    fn handle_link_reply(&mut self, (job, permit, reply): Answered<LinkJob>) {
        let Some(stage) = &mut self.links else {
            return;
        };
        let LinkJob {
            request, mut state, ..
        } = job;
        stage.reply_received(&request);
        let (kind, limit) = (request.kind(), LimitOf::Links(request.limit()));
        let now = Instant::now();
        let Reading {
            reply,
            class,
            details,
            open,
        } = stage.read(request, reply, now.into_std());
        let is_import = matches!(stage.purpose(), LinkPurpose::Import { .. });
        if !is_import && !matches!(open, Some(OpenRequest::Unread(_))) {
            self.uniform_failures.note_own();
        }
        let judged = CallReply {
            kind,
            limit,
            permit,
            class,
            reply: &reply,
            details: &details,
            now,
        };
        let (action, after) = self.handle_call_reply(&judged, &mut state);
        match open {
            Some(OpenRequest::Unread(mut request)) => {
                request.keep_state(&state);
                self.follow_up_link_call(request, &action, &reply, &details);
            }
            Some(OpenRequest::TooLarge(request)) => {
                if let Some(stage) = &mut self.links {
                    stage.too_large(request);
                }
            }
            None => {}
        }
        self.apply(after, limit);
    }

    /// Applies the action to a request whose reply has no results.
    fn follow_up_link_call(
        &mut self,
        request: LinkRequest,
        action: &Action,
        reply: &Reply,
        details: &Details,
    ) {
        let after = match *action {
            Action::Finish(kind) => return self.end_link_call(request, kind, reply, details),
            Action::Retry { after } => {
                self.emit(RunEvent::LinkCallFailed {
                    items: request.items(),
                    removes: request.kind() == RequestKind::LinkRemoval,
                    attempts: request.state().attempt_counts.sent,
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
        if let Some(stage) = &mut self.links {
            stage.retry(request, after, Instant::now().into_std());
        }
    }

    /// A request is given up, or divided if that may help.
    fn end_link_call(
        &mut self,
        request: LinkRequest,
        kind: OutcomeKind,
        reply: &Reply,
        details: &Details,
    ) {
        let Some(stage) = &mut self.links else {
            return;
        };
        let has_too_many = || {
            let answer = reply.answer();
            answer.and_then(|answer| max_inputs(answer, request.items()))
        };
        let details = Arc::new(details.clone());
        // Neither a type that does not exist nor a path is there for a part of the records.
        let is_for_all = details.http_status == Some(404) || refuses_type(&details.message);
        match request {
            LinkRequest::Read(_) | LinkRequest::ReadBack(_) if has_too_many().is_some() => {
                stage.too_large(request);
            }
            request if kind == OutcomeKind::Rejected && !is_for_all => {
                stage.refused(request, &details);
            }
            request if kind == OutcomeKind::Failed => stage.exhausted(request, &details),
            request => stage.fail(&request, &details),
        }
    }
}
