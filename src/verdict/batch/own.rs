//! Checks whether a rejection names a record of its row: then it concerns the row, not the settings.
//! Pure.

use crate::api::response::envelope::{Entry, Envelope};
use crate::api::response::headers::Reply;
use crate::domain::pair::Pair;
use crate::verdict::batch::sides::IdKey;

/// Whether `reply` names a record of `pair`: by an id in the context of an error, or by a word of the
/// message of an error that has a category, as errors of the API have. A path in a message does not
/// count, because any server may repeat it.
#[must_use]
pub fn names_record(reply: &Reply, pair: &Pair) -> bool {
    let envelope = reply.answer().and_then(|answer| answer.body.envelope());
    let has_category =
        |envelope: &Envelope| envelope.entries().any(|entry| entry.category.is_some());
    envelope.is_some_and(|envelope| {
        envelope.entries().any(|entry| context_names(entry, pair))
            || has_category(envelope) && envelope.entries().any(|entry| message_names(entry, pair))
    })
}

fn is_own(id: &str, pair: &Pair) -> bool {
    pair.from.id.is_same_as(id) || pair.to.id.is_same_as(id)
}

fn context_names(entry: &Entry, pair: &Pair) -> bool {
    entry.context.iter().any(|(key, values)| {
        IdKey::of(key).is_some_and(|kind| {
            let mut ids = values.iter().filter_map(|value| kind.read(value));
            ids.any(|(id, _)| is_own(id.as_str(), pair))
        })
    })
}

fn message_names(entry: &Entry, pair: &Pair) -> bool {
    let message = entry.message.as_deref().unwrap_or_default();
    message
        .split(|c: char| c.is_whitespace() || "=:,;()[]{}'\"`<>#".contains(c))
        .map(|word| word.trim_end_matches(['.', '!', '?']))
        .any(|word| !word.is_empty() && is_own(word, pair))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::verdict::tests::support::{answer, pair};

    #[test]
    fn a_refusal_names_its_row_by_an_id_in_its_context_or_in_the_words_of_the_api() {
        let pair = pair();
        for (body, expected) in [
            (r#"{"context":{"id":["41001"]}}"#, true),
            (
                r#"{"errors":[{"context":{"toObjectId":["052002"]}}]}"#,
                true,
            ),
            (
                r#"{"errors":[{"errors":[{"context":{"ids":["1","41001"]}}]}]}"#,
                true,
            ),
            (
                r#"{"context":{"INVALID_OBJECT_IDS":["CONTACT=41001 is not valid"]}}"#,
                true,
            ),
            (
                r#"{"category":"OBJECT_NOT_FOUND","message":"contact 41001 not found"}"#,
                true,
            ),
            // The id of an association type.
            (
                r#"{"category":"VALIDATION_ERROR","context":{"associationSpec":["USER_DEFINED=41001"],"INVALID_ASSOCIATION_TYPE_ID":["USER_DEFINED=41001 is not valid"]}}"#,
                false,
            ),
            (
                r#"{"category":"OBJECT_NOT_FOUND","message":"No record with id='52002'."}"#,
                true,
            ),
            // An id of another record.
            (r#"{"context":{"id":["410010"]}}"#, false),
            (
                r#"{"category":"X","message":"contact 410010 not found"}"#,
                false,
            ),
            (r#"{"context":{"limit":["41001"]}}"#, false),
            // The path, as any server repeats it.
            (r#"{"message":"41001 not found"}"#, false),
            (
                r#"{"category":"X","message":"no route for /crm/v4/objects/contacts/41001/associations/default/companies/52002"}"#,
                false,
            ),
            (
                r#"{"status":"error","category":"NOT_FOUND","message":"resource not found"}"#,
                false,
            ),
            ("<html>41001</html>", false),
            ("", false),
        ] {
            assert_eq!(names_record(&answer(404, body), &pair), expected, "{body}");
        }
        assert!(!names_record(&Reply::TimedOut, &pair));
    }
}
