//! The bodies of the requests of lookups. Pure.

use std::borrow::Cow;
use std::collections::HashSet;

use serde::Serialize;

use crate::api::lookup_call::Route;
use crate::domain::key_kind::lower_case;
use crate::lookup::property::LookupProperty;

/// Maximum number of keys per request, of both calls.
pub(crate) const MAX_KEYS: usize = 100;

/// Maximum length of the body of a search, in characters. Bytes are counted instead: there are never fewer.
pub(crate) const MAX_SEARCH_BODY: usize = 3000;

/// Maximum number of results on a page of the search.
pub(crate) const PAGE_SIZE: u32 = 200;

/// Maximum number of results of a search, over all its pages.
pub(crate) const MAX_RESULTS: u64 = 10_000;

/// The length that `after` may add to a body.
const AFTER: usize = 40;

/// The body of the call for these keys. `after` is the page to read, in a search.
#[must_use]
pub(crate) fn body(
    property: &LookupProperty,
    route: Route,
    keys: &[&str],
    after: Option<&str>,
) -> Vec<u8> {
    let name = &*property.name;
    let properties: Vec<&str> = std::iter::once(name).chain(property.secondary()).collect();
    let body = match route {
        Route::BatchRead => serde_json::to_vec(&BatchRead {
            id_property: name,
            inputs: keys.iter().map(|id| Input { id }).collect(),
            properties,
            properties_with_history: [],
        }),
        Route::Search => serde_json::to_vec(&Search {
            filter_groups: [FilterGroup {
                filters: [Filter {
                    property_name: name,
                    operator: "IN",
                    values: search_values(keys),
                }],
            }],
            properties,
            limit: PAGE_SIZE,
            after,
        }),
    };
    // Texts and numbers can always be serialized.
    body.unwrap_or_default()
}

/// The values of a search are in lower case, each once.
fn search_values<'k>(keys: &[&'k str]) -> Vec<Cow<'k, str>> {
    let mut seen = HashSet::new();
    let values = keys.iter().map(|key| lower_case(key));
    values.filter(|value| seen.insert(value.clone())).collect()
}

/// The length of a body without keys, with room for `after`.
#[must_use]
pub(crate) fn body_without_keys(property: &LookupProperty) -> usize {
    body(property, property.route, &[], None).len() + AFTER
}

/// How much a key adds to the length of a body, at most.
#[must_use]
pub(crate) fn added_by(key: &str) -> usize {
    const QUOTES_AND_COMMA: usize = 3;
    let escaped = key.bytes().filter(|byte| b"\"\\".contains(byte)).count();
    lower_case(key).len() + escaped + QUOTES_AND_COMMA
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct BatchRead<'k> {
    id_property: &'k str,
    inputs: Vec<Input<'k>>,
    properties: Vec<&'k str>,
    properties_with_history: [&'k str; 0],
}

#[derive(Serialize)]
struct Input<'k> {
    id: &'k str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Search<'k> {
    filter_groups: [FilterGroup<'k>; 1],
    properties: Vec<&'k str>,
    limit: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    after: Option<&'k str>,
}

#[derive(Serialize)]
struct FilterGroup<'k> {
    filters: [Filter<'k>; 1],
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Filter<'k> {
    property_name: &'k str,
    operator: &'static str,
    values: Vec<Cow<'k, str>>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::pair::ObjectType;
    use crate::input::validate::key::key_problem::MAX_KEY_BYTES;
    use proptest::prelude::*;
    use serde_json::{Value, json};

    fn property(object_type: &str, name: &str, route: Route) -> LookupProperty {
        LookupProperty::new(ObjectType::new(object_type).unwrap(), name.into(), route)
    }

    fn json_body(property: &LookupProperty, keys: &[&str], after: Option<&str>) -> Value {
        serde_json::from_slice(&body(property, property.route, keys, after)).unwrap()
    }

    #[test]
    fn a_batch_read_asks_for_the_property_and_the_secondary_emails() {
        let email = property("contacts", "email", Route::BatchRead);
        assert_eq!(
            json_body(&email, &["ann@acme.com", "\"b\"@acme.com"], None),
            json!({
                "idProperty": "email",
                "inputs": [{"id": "ann@acme.com"}, {"id": "\"b\"@acme.com"}],
                "properties": ["email", "hs_additional_emails"],
                "propertiesWithHistory": [],
            })
        );
        let own = property("2-7", "key", Route::BatchRead);
        assert_eq!(json_body(&own, &["A"], None)["properties"], json!(["key"]));
    }

    #[test]
    fn a_search_asks_for_values_in_lower_case_each_once() {
        let own = property("2-7", "key", Route::Search);
        let expected = json!({
            "filterGroups": [{"filters": [{"propertyName": "key", "operator": "IN", "values": ["a", "b"]}]}],
            "properties": ["key"],
            "limit": 200,
        });
        assert_eq!(json_body(&own, &["A", "a", "B"], None), expected);
        let second = json_body(&own, &["A", "a", "B"], Some("200"));
        assert_eq!(second["after"], json!("200"));
    }

    proptest! {
        #[test]
        fn the_length_of_a_body_is_known_before_it_is_made(keys in prop::collection::vec("\\PC{0,20}", 0..20)) {
            let property = property("2-7", "key", Route::Search);
            let keys: Vec<&str> = keys.iter().map(String::as_str).collect();
            let known = body_without_keys(&property) + keys.iter().map(|key| added_by(key)).sum::<usize>();
            prop_assert!(body(&property, property.route, &keys, Some("10000")).len() <= known);
        }
    }

    #[test]
    fn the_longest_key_fits_into_a_search_of_its_own() {
        let property = property("p_".repeat(64).as_str(), &"p".repeat(200), Route::Search);
        for character in ["\"", "x", "\u{130}", "漢"] {
            let key = character.repeat(MAX_KEY_BYTES / character.len());
            let length = body_without_keys(&property) + added_by(&key);
            assert!(length <= MAX_SEARCH_BODY, "{character} {length}");
        }
    }
}
