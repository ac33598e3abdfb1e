//! Which records the sandbox has for a key: asked over the wire, without the program.

use serde_json::{Value, json};

use super::http::post;

/// Reads contacts by email.
pub(crate) fn by_email(url: &str, emails: &[String]) -> (u16, Value) {
    let inputs: Vec<Value> = emails.iter().map(|email| json!({"id": email})).collect();
    let properties = ["email", "hs_additional_emails"];
    let body = json!({"idProperty": "email", "inputs": inputs, "properties": properties});
    post(url, "/crm/v3/objects/contacts/batch/read", &body)
}

/// The first companies with a domain, two hundred at most, and the number of all.
pub(crate) fn with_domain(url: &str, domain: &str) -> (Vec<String>, u64) {
    let filter = json!({"propertyName": "domain", "operator": "IN", "values": [domain]});
    let groups = json!([{"filters": [filter]}]);
    let body = json!({"filterGroups": groups, "properties": ["domain"], "limit": 200});
    let (status, body) = post(url, "/crm/v3/objects/companies/search", &body);
    assert_eq!(status, 200, "{body}");
    let records = body["results"].as_array().unwrap().iter();
    let ids = records.map(|record| record["id"].as_str().unwrap().to_owned());
    (ids.collect(), body["total"].as_u64().unwrap())
}
