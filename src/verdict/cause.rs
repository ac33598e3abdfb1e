//! What rows of one category have in common where the category does not tell it. Pure.

/// How a refusal begins that is about the types in the path, not about a record. Captured in public tests of
/// other clients; the API gives these 400s no category.
const TYPE_REFUSALS: [&str; 2] = [
    "Unable to infer object type from",
    "Invalid object or event type id",
];

/// Whether a refusal is about the types in the path, not about a record.
#[must_use]
pub fn refuses_type(message: &str) -> bool {
    TYPE_REFUSALS
        .iter()
        .any(|refusal| message.starts_with(refusal))
}

/// Why rows of one category were refused, as far as another thing is to be done about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// A record has as many associations as it may have. HubSpot shows no body of such a refusal; a
    /// `VALIDATION_ERROR` whose message speaks of a limit is taken for one.
    /// (<https://developers.hubspot.com/docs/api-reference/crm-associations-v4/guide>).
    Limit,
    /// The API does not know one of the object types.
    UnknownType,
    /// What the category says.
    Category,
}

impl Cause {
    /// Why a row with this first category and this message was refused.
    #[must_use]
    pub fn of(category: &str, message: &str) -> Self {
        match category {
            "VALIDATION_ERROR" if speaks_of_limit(message) => Self::Limit,
            "HTTP_400" | "VALIDATION_ERROR" if refuses_type(message) => Self::UnknownType,
            _ => Self::Category,
        }
    }

    /// The word for it, if it is more than the category says.
    #[must_use]
    pub fn as_str(self) -> Option<&'static str> {
        match self {
            Self::Limit => Some("limit"),
            Self::UnknownType => Some("unknown-type"),
            Self::Category => None,
        }
    }
}

/// In whatever case. A report may have millions of such messages: the rarest letter of the word is looked for first.
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
