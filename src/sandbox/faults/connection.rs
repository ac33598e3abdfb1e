//! The faults of the connection itself, as sequences of bytes, waits and ends.
//!
//! An HTTP server would never produce them, so they specify every byte that is sent.

use std::time::Duration;

use bytes::Bytes;

use crate::sandbox::api::bodies::Directions;
use crate::sandbox::faults::effect::{Action, Effect, FaultContext};
use crate::sandbox::faults::fault::Fault;
use crate::sandbox::http::raw_response;
use crate::sandbox::http::raw_response::{End, Framing, RawResponse, Step};
use crate::sandbox::http::reply::Reply;

/// The endless body: spaces, which JSON allows without limit.
const ENDLESS_CHUNK: usize = 64 * 1024;
const ENDLESS_CHUNKS: u64 = 1024;
/// Delays a reset until the bytes before it have arrived; otherwise the reset would overtake them.
const BEFORE_RESET: Duration = Duration::from_millis(20);

/// Builds the faults of the connection: all faults without a complete reply.
pub(crate) fn connection_fault(fault: Fault, context: &FaultContext<'_>) -> (Effect, Action) {
    let reply = Reply::json(
        200,
        &crate::sandbox::faults::effect::success(context, Directions::Usual),
    );
    let body = reply.body.clone();
    let half = body.slice(..body.len() / 2);
    let begun = |framing: Framing, part: &[u8]| {
        let mut bytes = raw_response::head(&reply, framing);
        bytes.extend_from_slice(part);
        Step::Send(Bytes::from(bytes))
    };
    let whole_length = Framing::Length(body.len());
    let stall = Step::Wait(context.settings.stall);
    let take_over = |steps, end| Action::TakeOver(RawResponse { steps, end });
    match fault {
        Fault::Reset => (Effect::Nothing, take_over(vec![], End::Reset)),
        Fault::ResetAfter => (Effect::Associate, take_over(vec![], End::Reset)),
        Fault::Stall => (Effect::Nothing, take_over(vec![stall], End::Close)),
        Fault::Garbage => {
            let noise = Bytes::from_static(b"\x16\x03\x01 this is not HTTP \x00\xff\r\n\r\n");
            let steps = vec![Step::Send(noise)];
            (Effect::Nothing, take_over(steps, End::Close))
        }
        Fault::Cut => {
            let steps = vec![begun(whole_length, &half)];
            (Effect::Associate, take_over(steps, End::Close))
        }
        Fault::CutChunked => {
            let steps = vec![begun(Framing::Chunked, &raw_response::chunk(&half))];
            (Effect::Associate, take_over(steps, End::Close))
        }
        Fault::StallInside => {
            let steps = vec![begun(whole_length, &half), stall];
            (Effect::Associate, take_over(steps, End::Close))
        }
        Fault::ResetInside => {
            let steps = vec![begun(whole_length, &half), Step::Wait(BEFORE_RESET)];
            (Effect::Associate, take_over(steps, End::Reset))
        }
        Fault::Endless => {
            let blanks = Bytes::from(raw_response::chunk(&vec![b' '; ENDLESS_CHUNK]));
            let steps = vec![
                begun(Framing::Chunked, b""),
                Step::SendOver(blanks, ENDLESS_CHUNKS),
            ];
            (Effect::Associate, take_over(steps, End::Close))
        }
        Fault::Slow => (
            Effect::Associate,
            Action::AnswerLate(reply, context.settings.slow),
        ),
        _ => (Effect::Nothing, take_over(vec![], End::Close)),
    }
}
