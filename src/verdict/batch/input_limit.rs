//! Checks whether a rejection says that a batch had too many pairs. Pure.
//!
//! HubSpot does not document the message. A rejection that is mistaken for this one does no harm: its
//! pairs are sent again, in smaller batches.

use crate::api::response::headers::Answer;

/// The words for what is counted in such a rejection.
const COUNTED: [&str; 4] = ["input", "batch", "item", "pairs"];

/// The words that such a rejection uses for a maximum.
const BOUNDS: [&str; 9] = [
    "too many",
    "too large",
    "at most",
    "maximum",
    "exceed",
    "no more than",
    "limit",
    "must number",
    "must be between",
];

/// The maximum number of pairs per batch, if `answer` rejects a batch of `sent` pairs for their number:
/// the number that the message states, or half of `sent`.
pub(crate) fn max_inputs(answer: &Answer, sent: usize) -> Option<usize> {
    if answer.status == 413 {
        return max_inputs_of(413, "", sent);
    }
    let envelope = answer.body.envelope()?;
    let mut messages = envelope
        .entries()
        .filter_map(|entry| entry.message.as_deref());
    messages.find_map(|message| max_inputs_of(answer.status, message, sent))
}

/// The same for a single message.
pub(crate) fn max_inputs_of(status: u16, message: &str, sent: usize) -> Option<usize> {
    let half = Some((sent / 2).max(1));
    if sent < 2 {
        return None;
    }
    if status == 413 {
        return half;
    }
    let message = message.to_ascii_lowercase();
    let says = |words: &[&str]| words.iter().any(|word| message.contains(word));
    if !says(&COUNTED) || !says(&BOUNDS) {
        return None;
    }
    let numbers = message
        .replace(',', "")
        .split(|c: char| !c.is_ascii_digit())
        .filter_map(|digits| digits.parse::<usize>().ok())
        .filter(|&number| (1..sent).contains(&number))
        .max();
    numbers.or(half)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::verdict::tests::support::answer;

    fn max(status: u16, message: &str, sent: usize) -> Option<usize> {
        let body = serde_json::json!({"status": "error", "message": message}).to_string();
        max_inputs(answer(status, &body).answer().unwrap(), sent)
    }

    #[test]
    fn the_maximum_is_the_number_in_the_message_or_half() {
        for (status, message, sent, expected) in [
            (
                400,
                "inputs must number 1 to 100, but there are 2000",
                2000,
                Some(100),
            ),
            (
                400,
                "The maximum number of inputs supported in a batch request is 1,000.",
                2000,
                Some(1000),
            ),
            (400, "Batch size exceeds the limit", 2000, Some(1000)),
            (400, "too many inputs: 2000", 2000, Some(1000)),
            (413, "payload", 7, Some(3)),
            (413, "payload", 2, Some(1)),
            (413, "payload", 1, None),
            (400, "too many inputs", 1, None),
            (400, "One or more associations are invalid", 2000, None),
            (
                400,
                "The record has reached its limit of associations to this object type",
                2000,
                None,
            ),
            (400, "Invalid input", 2000, None),
        ] {
            assert_eq!(max(status, message, sent), expected, "{status} {message}");
        }
    }
}
