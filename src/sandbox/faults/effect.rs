//! What a fault does: whether pairs are associated, and what is sent.

use serde_json::Value;
use std::time::Duration;
use std::time::SystemTime;

use crate::sandbox::api::bodies;
use crate::sandbox::api::bodies::{Directions, Pair, Side, Span};
use crate::sandbox::http::raw_response::RawResponse;
use crate::sandbox::http::reply::Reply;
use crate::sandbox::settings::SandboxSettings;

/// The request, and the data that a fault's reply may contain.
pub(crate) struct FaultContext<'a> {
    pub(crate) pairs: &'a [Pair<'a>],
    /// The records that the fault is about.
    pub(crate) culprits: &'a [(usize, Side)],
    pub(crate) span: &'a Span,
    pub(crate) correlation: &'a str,
    pub(crate) settings: &'a SandboxSettings,
    pub(crate) wall: SystemTime,
    /// The body of a call that does not confirm pairs as the default associations do.
    pub(crate) own: Option<OwnBody<'a>>,
}

/// The bodies of a call of another kind.
#[derive(Clone, Copy)]
pub(crate) struct OwnBody<'a> {
    pub(crate) success: &'a Value,
    /// The body if nothing was done; its `results`, if any, are emptied in any case.
    pub(crate) nothing: &'a Value,
}

impl<'a> OwnBody<'a> {
    pub(crate) fn of(body: &'a Value) -> Self {
        Self {
            success: body,
            nothing: body,
        }
    }
}

/// What a fault sends.
#[derive(Clone, Debug)]
pub(crate) enum Action {
    Answer(Reply),
    /// Replies after this additional delay.
    AnswerLate(Reply, Duration),
    TakeOver(RawResponse),
}

/// What happens to the pairs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Effect {
    Nothing,
    Associate,
    /// Associates them with this id in place of the first culprit's.
    AssociateOther(String),
}

/// The body of an ordinary success.
pub(crate) fn success(context: &FaultContext<'_>, directions: Directions) -> Value {
    match context.own {
        Some(own) => own.success.clone(),
        None => bodies::complete(&bodies::results(context.pairs, directions), context.span),
    }
}
