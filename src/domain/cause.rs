//! The causes that rows of one category can have in common, where the category does not state them.
//! Pure.

/// The beginnings of rejections that concern the types in the path, not a record. Captured in public
/// tests of other clients; the API gives these 400s no category.
const TYPE_REFUSALS: [&str; 2] = [
    "Unable to infer object type from",
    "Invalid object or event type id",
];

/// Whether a rejection concerns the types in the path, not a record.
#[must_use]
pub fn refuses_type(message: &str) -> bool {
    TYPE_REFUSALS
        .iter()
        .any(|refusal| message.starts_with(refusal))
}

/// Why rows of one category were rejected, where the causes need different actions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// A record has the maximum number of associations. HubSpot documents no body of such a rejection; a
    /// `VALIDATION_ERROR` whose message mentions a limit is treated as one
    /// (<https://developers.hubspot.com/docs/api-reference/crm-associations-v4/guide>).
    Limit,
    /// The API does not know one of the object types.
    UnknownType,
    /// What the category says.
    Category,
}

impl Cause {
    /// The cause of a rejection with this first category and this message.
    #[must_use]
    pub fn of(category: &str, message: &str) -> Self {
        match category {
            "VALIDATION_ERROR" if speaks_of_limit(message) => Self::Limit,
            "HTTP_400" | "VALIDATION_ERROR" if refuses_type(message) => Self::UnknownType,
            _ => Self::Category,
        }
    }

    /// The name of the cause, if it adds to the category.
    #[must_use]
    pub fn as_str(self) -> Option<&'static str> {
        match self {
            Self::Limit => Some("limit"),
            Self::UnknownType => Some("unknown-type"),
            Self::Category => None,
        }
    }
}

/// Case-insensitive. A report may have millions of such messages, so the rarest letter of the word is
/// searched for first.
fn speaks_of_limit(message: &str) -> bool {
    let message = message.as_bytes();
    memchr::memchr2_iter(b'm', b'M', message).any(|middle| {
        let word = middle
            .checked_sub(2)
            .and_then(|start| message.get(start..start + 5));
        word.is_some_and(|word| word.eq_ignore_ascii_case(b"limit"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_can_be_more_specific_than_its_category() {
        for (category, message, cause) in [
            (
                "VALIDATION_ERROR",
                "One or more associations are invalid",
                Cause::Category,
            ),
            (
                "VALIDATION_ERROR",
                "Association Limit exceeded",
                Cause::Limit,
            ),
            ("VALIDATION_ERROR", "LIMIT", Cause::Limit),
            ("VALIDATION_ERROR", "the mm limit", Cause::Limit),
            ("VALIDATION_ERROR", "lim", Cause::Category),
            ("VALIDATION_ERROR", "mit", Cause::Category),
            ("VALIDATION_ERROR", "", Cause::Category),
            ("RATE_LIMIT", "over the limit", Cause::Category),
            (
                "HTTP_400",
                "Unable to infer object type from: widgets",
                Cause::UnknownType,
            ),
            (
                "VALIDATION_ERROR",
                "Unable to infer object type from: widgets",
                Cause::UnknownType,
            ),
            (
                "HTTP_400",
                "Invalid object or event type id: 2-9",
                Cause::UnknownType,
            ),
            ("HTTP_400", "<html>", Cause::Category),
            (
                "HTTP_404",
                "Unable to infer object type from: widgets",
                Cause::Category,
            ),
        ] {
            assert_eq!(Cause::of(category, message), cause, "{category}: {message}");
        }
    }
}
