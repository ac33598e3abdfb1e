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
    /// The body of a call that reads, which has no pairs.
    pub(crate) read: Option<&'a Value>,
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
    match context.read {
        Some(body) => body.clone(),
        None => bodies::complete(&bodies::results(context.pairs, directions), context.span),
    }
}
