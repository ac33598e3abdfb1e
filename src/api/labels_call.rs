//! The association types between two object types.

use std::borrow::Cow;

use serde_json::Value;
use smol_str::SmolStr;

use crate::api::client::HttpEndpoint;
use crate::api::inspect::QueryResult;
use crate::domain::association_type::AssociationType;
use crate::domain::pair::ObjectType;

/// The kept length of a label, in characters; HubSpot's are shorter.
const MAX_LABEL_CHARS: usize = 250;

impl HttpEndpoint {
    /// The association types from one object type to another, as HubSpot lists them. Under v4 two paths are described
    /// (<https://developers.hubspot.com/docs/api-reference/latest/crm/associations/associate-records/guide>): the older one
    /// is tried if the newer one does not exist.
    pub async fn association_labels(
        &self,
        from: &ObjectType,
        to: &ObjectType,
    ) -> QueryResult<Vec<AssociationType>> {
        let settings = self.settings();
        let (newer, older) = settings.base_url.labels(settings.version, from, to);
        let result = self.ask(newer, association_types).await;
        match (&result, older) {
            (QueryResult::Refused(answer), Some(older)) if matches!(answer.status, 404 | 405) => {
                self.ask(older, association_types).await
            }
            _ => result,
        }
    }
}

/// The types in a reply. An entry that cannot be used in a request is left out.
fn association_types(body: &[u8]) -> Option<Vec<AssociationType>> {
    let reply: Value = serde_json::from_slice(body).ok()?;
    let results = reply.get("results")?.as_array()?;
    Some(results.iter().filter_map(association_type).collect())
}

fn association_type(entry: &Value) -> Option<AssociationType> {
    let category = entry.get("category")?.as_str()?;
    let is_word = |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_';
    if category.is_empty() || !category.bytes().all(is_word) {
        return None;
    }
    let type_id = match entry.get("typeId")? {
        Value::String(digits) => Cow::Borrowed(digits.as_str()),
        number => Cow::Owned(number.to_string()),
    };
    let label = entry.get("label").and_then(Value::as_str);
    let label = label.filter(|label| !label.trim().is_empty());
    Some(AssociationType {
        category: category.into(),
        type_id: type_id.parse().ok()?,
        label: label.map(|label| label.chars().take(MAX_LABEL_CHARS).collect::<SmolStr>()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_are_read_in_every_form_and_unusable_ones_left_out() {
        let body = br#"{"results": [
            {"category": "USER_DEFINED", "typeId": 37, "label": "Decision maker", "new": {}},
            {"category": "HUBSPOT_DEFINED", "typeId": "279", "label": null},
            {"category": "HUBSPOT_DEFINED", "typeId": 280},
            {"category": "USER_DEFINED", "typeId": 3, "label": " "},
            {"category": "USER DEFINED", "typeId": 4, "label": "x"},
            {"category": "USER_DEFINED", "typeId": -4, "label": "x"},
            {"category": "USER_DEFINED", "label": "x"},
            {"typeId": 4, "label": "x"}, 7, null
        ]}"#;
        let types = association_types(body).unwrap();
        let shown: Vec<String> = types.iter().map(ToString::to_string).collect();
        let expected = [
            "USER_DEFINED:37:Decision maker",
            "HUBSPOT_DEFINED:279:",
            "HUBSPOT_DEFINED:280:",
            "USER_DEFINED:3:",
        ];
        assert_eq!(shown, expected);
        for body in [&b""[..], b"<html>", b"{}", b"[]", br#"{"results": null}"#] {
            assert_eq!(association_types(body), None);
        }
    }
}
