//! One line of advice for each error category. Pure.

use crate::domain::cause::Cause;
use crate::domain::outcome::OutcomeKind;
use crate::domain::run_counts::CategoryCount;

/// What to do about rows that ended with this category.
#[must_use]
pub fn advice(entry: &CategoryCount) -> &'static str {
    match entry.cause {
        Cause::Limit => {
            return "a record has reached its limit of associations: raise the limit in HubSpot";
        }
        Cause::UnknownType => {
            return "HubSpot does not know the object type: check the type columns or --from-type, --to-type";
        }
        Cause::Category => {}
    }
    if let Some(advice) = own_advice(&entry.category) {
        return advice;
    }
    match entry.category.as_str() {
        "VALIDATION_ERROR" => {
            "a record does not exist or is deleted, or the token has no access to it"
        }
        "OBJECT_NOT_FOUND" => "the record does not exist or is deleted: check the id and its type",
        "CONFLICT" => "another program is changing these records: run the rows again later",
        "RATE_LIMIT" | "RATE_LIMITS" => {
            "other programs use the same quota: lower --rate, or run at another time"
        }
        "HTTP_404" => {
            "not found: check the ids; if all rows have this error, check --base-url, --api-version"
        }
        "HTTP_423" => "the record is locked by another change: run the rows again later",
        category if category.starts_with("HTTP_2") => {
            "HubSpot counted errors but did not describe them: check one pair in HubSpot"
        }
        category if category.starts_with("HTTP_3") => {
            "the request was redirected: check --base-url"
        }
        category if category.starts_with("HTTP_5") => {
            "HubSpot had a server error: run the rows again later"
        }
        _ if entry.kind == OutcomeKind::Failed => "this may be temporary: run the rows again later",
        _ => "HubSpot refused these rows: the report shows the reason",
    }
}

/// What to do about rows with a category of this program.
fn own_advice(category: &str) -> Option<&'static str> {
    Some(match category {
        "CLIENT_INVALID_ROW" => {
            "correct the rows in the input: the report shows the column and the reason"
        }
        "CLIENT_KEY_NOT_FOUND" => {
            "no record has this key: correct the key or create the record, then send the row again"
        }
        "CLIENT_KEY_AMBIGUOUS" => {
            "several records have this key: use the id of the right one; the report lists their ids"
        }
        "CLIENT_NOTHING_TO_LINK" => "nothing to do: the list of ids is empty",
        "CLIENT_DUPLICATE" => "nothing to do: an earlier row has the same pair",
        "CLIENT_ALREADY_ASSOCIATED" => "nothing to do: an earlier report shows the link",
        "CLIENT_EXISTS" => "nothing to do: HubSpot shows the link",
        "CLIENT_TIMEOUT" => {
            "no reply within the timeout: run the rows again; if this happens again, raise --timeout"
        }
        "CLIENT_CONNECTION" => {
            "the API could not be reached: check the network, the proxy and --base-url"
        }
        "CLIENT_UNREADABLE_REPLY" => {
            "the reply did not come from the API: check the proxy and --base-url"
        }
        "CLIENT_NO_RESULT" => {
            "HubSpot accepted the request but linked nothing: check one pair in HubSpot"
        }
        "CLIENT_RESULT_MISMATCH" => {
            "the reply names another record, maybe after a merge: the report shows its id"
        }
        "CLIENT_LABEL_NOT_CONFIRMED" => {
            "HubSpot linked the pair without a label: check whether it was renamed or deleted"
        }
        "CLIENT_NOT_COMPLETE" => "HubSpot did not complete the request: run the rows again later",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::category::Category;
    use crate::domain::pair::RowKey;
    use crate::domain::run_counts::Example;

    fn entry(category: &str, kind: OutcomeKind, example: &str) -> CategoryCount {
        CategoryCount {
            category: category.into(),
            cause: Cause::of(category, example),
            kind,
            rows: 1,
            examples: vec![Example {
                key: RowKey { row: 1, line: 2 },
                values: Default::default(),
                keys: Default::default(),
                http_status: None,
                message: example.into(),
                correlation_id: None,
            }],
        }
    }

    #[test]
    fn every_category_of_this_program_has_its_own_advice() {
        let fallback = advice(&entry("BRAND_NEW", OutcomeKind::Rejected, ""));
        for category in Category::ALL {
            assert_ne!(
                advice(&entry(category.as_str(), OutcomeKind::Rejected, "")),
                fallback
            );
        }
    }

    #[test]
    fn advice_depends_on_the_message_where_the_category_is_ambiguous() {
        for (category, example, start) in [
            (
                "VALIDATION_ERROR",
                "One or more associations are invalid",
                "a record does not exist",
            ),
            (
                "VALIDATION_ERROR",
                "Association Limit exceeded",
                "a record has reached",
            ),
            (
                "HTTP_400",
                "Unable to infer object type from: widgets",
                "HubSpot does not know",
            ),
            ("HTTP_400", "<html>", "HubSpot refused"),
            ("HTTP_302", "", "the request was redirected"),
            ("HTTP_502", "", "HubSpot had a server error"),
        ] {
            let advice = advice(&entry(category, OutcomeKind::Rejected, example));
            assert!(advice.starts_with(start), "{category}: {advice}");
        }
    }

    #[test]
    fn keys_without_one_record_have_their_own_advice() {
        for (category, start) in [
            ("CLIENT_KEY_NOT_FOUND", "no record has this key"),
            ("CLIENT_KEY_AMBIGUOUS", "several records have this key"),
        ] {
            let advice = advice(&entry(category, OutcomeKind::Rejected, ""));
            assert!(advice.starts_with(start) && advice.len() <= 90, "{advice}");
        }
    }

    #[test]
    fn advice_fits_the_line_of_a_summary() {
        for category in Category::ALL {
            assert!(advice(&entry(category.as_str(), OutcomeKind::Failed, "")).len() <= 90);
        }
    }
}
