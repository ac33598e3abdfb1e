//! The properties of an object type.

use serde_json::Value;

use crate::api::client::HttpEndpoint;
use crate::api::inspect::QueryResult;
use crate::domain::pair::ObjectType;

impl HttpEndpoint {
    /// The names of the properties of a type that HubSpot keeps unique.
    pub async fn unique_properties(&self, object_type: &ObjectType) -> QueryResult<Vec<String>> {
        let settings = self.settings();
        let url = settings.base_url.properties(settings.version, object_type);
        self.ask(url, unique_names).await
    }
}

fn unique_names(body: &[u8]) -> Option<Vec<String>> {
    let reply: Value = serde_json::from_slice(body).ok()?;
    let properties = reply.get("results")?.as_array()?.iter();
    let unique = properties.filter(|property| property["hasUniqueValue"] == true);
    let names = unique.filter_map(|property| property["name"].as_str());
    Some(names.map(str::to_owned).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_properties_with_unique_values_count() {
        let body = br#"{"results": [{"name": "email", "hasUniqueValue": false}, {"name": "key", "hasUniqueValue": true},
            {"name": "old"}, {"hasUniqueValue": true}]}"#;
        assert_eq!(unique_names(body), Some(vec!["key".to_owned()]));
        for body in [&b""[..], b"{}", b"[]", br#"{"results": null}"#] {
            assert_eq!(unique_names(body), None);
        }
    }
}
