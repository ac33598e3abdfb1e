//! The search for records by the values of a property.
//!
//! One filter per group, with `EQ` or `IN`: what a lookup needs. The groups are alternatives.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Value, json};

use crate::sandbox::api::refusals;
use crate::sandbox::data::ids::RecordId;
use crate::sandbox::data::properties;
use crate::sandbox::faults::effect::Action;
use crate::sandbox::http::reply::Reply;
use crate::sandbox::state::directory::{Found, Lookup};
use crate::sandbox::state::world::{Call, World};

/// The longest body, in characters.
const MAX_BODY: usize = 3_000;
/// The most values of one filter.
const MAX_VALUES: usize = 100;
/// The most groups of one search.
const MAX_GROUPS: usize = 5;
/// The most results of one page.
const MAX_PAGE: usize = 200;
/// The page if the request does not set one.
const PAGE: usize = 10;
/// The most results of all pages of one search.
const MAX_RESULTS: usize = 10_000;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct SearchRequest {
    #[serde(default)]
    filter_groups: Vec<Group>,
    #[serde(default)]
    properties: Vec<String>,
    limit: Option<usize>,
    after: Option<Value>,
}

#[derive(Deserialize)]
struct Group {
    filters: Vec<Filter>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Filter {
    property_name: String,
    operator: String,
    value: Option<String>,
    #[serde(default)]
    values: Vec<String>,
}

/// One page of a search.
#[derive(Debug, PartialEq, Eq)]
struct Page {
    start: usize,
    limit: usize,
}

impl World {
    /// Searches for records by the values of a property.
    pub(crate) fn search_call(&mut self, call: &Call<'_>, object_type: &str) -> Action {
        let object_type = match self.readable_types(call, [object_type]) {
            Ok([object_type]) => object_type,
            Err(refusal) => return Action::Answer(refusal),
        };
        let type_name = self.types.name(object_type).to_owned();
        let (request, page) = match read_request(call) {
            Ok(read) => read,
            Err(refusal) => return Action::Answer(refusal),
        };
        let lag = self.settings.reads.search_lag;
        let mut found: BTreeMap<RecordId, Value> = BTreeMap::new();
        for filter in request
            .filter_groups
            .iter()
            .flat_map(|group| &group.filters)
        {
            let property = filter.property_name.as_str();
            let Some(kind) = properties::kind(&type_name, property) else {
                let refusal = refusals::unknown_property(property, &call.correlation);
                return Action::Answer(refusal);
            };
            let lookup = Lookup {
                object_type,
                type_name: &type_name,
                property,
                kind,
            };
            for value in filter.values.iter().chain(&filter.value) {
                let records = self.directory.search(lookup, value, call.now, lag);
                found.extend(records.iter().map(|record: &Found| {
                    (record.id, self.result(record, lookup, &request.properties))
                }));
            }
        }
        let total = found.len();
        let (ids, results): (Vec<RecordId>, Vec<Value>) =
            found.into_iter().skip(page.start).take(page.limit).unzip();
        let mut body = json!({"total": total, "results": results});
        let next = page.start + results_len(&body);
        if next < total {
            body["paging"] = json!({"next": {"after": next.to_string()}});
        }
        self.read_reply(call, ids, 200, &body)
    }
}

fn results_len(body: &Value) -> usize {
    body["results"].as_array().map_or(0, Vec::len)
}

/// The request within its limits.
fn read_request(call: &Call<'_>) -> Result<(SearchRequest, Page), Reply> {
    let correlation = &call.correlation;
    let refused = |message: &str| Err(refusals::validation(message, correlation));
    let body = call.request.body;
    let length = String::from_utf8_lossy(body).chars().count();
    if length > MAX_BODY {
        let message =
            format!("The request has {length} characters, but {MAX_BODY} at most are allowed");
        return refused(&message);
    }
    let request: SearchRequest = refusals::parse_body(body, correlation)?;
    if request.filter_groups.len() > MAX_GROUPS {
        return refused(&format!("filterGroups must number {MAX_GROUPS} at most"));
    }
    for group in &request.filter_groups {
        let [filter] = group.filters.as_slice() else {
            return refused("a group must have one filter: several are not supported here");
        };
        match (filter.operator.as_str(), &filter.value, filter.values.len()) {
            ("EQ", Some(_), 0) | ("IN", None, 1..=MAX_VALUES) => {}
            ("IN", None, given) => {
                let message =
                    format!("values must number 1 to {MAX_VALUES}, but there are {given}");
                return refused(&message);
            }
            ("EQ" | "IN", ..) => return refused("EQ needs a value, and IN needs values"),
            _ => return refused("operators other than EQ and IN are not supported here"),
        }
    }
    match page_of(&request) {
        Ok(page) => Ok((request, page)),
        Err(message) => refused(&message),
    }
}

fn page_of(request: &SearchRequest) -> Result<Page, String> {
    let limit = request.limit.unwrap_or(PAGE);
    if !(1..=MAX_PAGE).contains(&limit) {
        return Err(format!("limit must be 1 to {MAX_PAGE}, but it is {limit}"));
    }
    let start = match &request.after {
        None | Some(Value::Null) => Some(0),
        Some(Value::String(text)) => text.parse().ok(),
        Some(other) => other.as_u64().and_then(|after| usize::try_from(after).ok()),
    };
    let start: usize = start.ok_or("after must be the value of an earlier page")?;
    if start.saturating_add(limit) > MAX_RESULTS {
        return Err(format!("a search has {MAX_RESULTS} results at most"));
    }
    Ok(Page { start, limit })
}
