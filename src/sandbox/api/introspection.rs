//! Calls about the sandbox itself, below `/sandbox`: what it holds and received, and what other clients would change.
//!
//! They need no token, count against no limit and are not themselves counted.

use serde_json::json;

use crate::sandbox::http::reply::Reply;
use crate::sandbox::state::seen::links_between;
use crate::sandbox::state::world::World;

impl World {
    /// The reply to a call with these path segments behind `/sandbox`.
    pub(crate) fn introspect(&mut self, method: &str, segments: &[String]) -> Reply {
        let segments: Vec<&str> = segments.iter().map(String::as_str).collect();
        let done = |done: Option<()>| match done {
            Some(()) => Reply::empty(204),
            None => Reply::json(400, &json!({"message": "unknown type, property or id"})),
        };
        match (method, segments.as_slice()) {
            ("GET", ["calls"]) => Reply::json(200, &json!(self.calls)),
            ("GET", ["links", from_type, to_type]) => self.listed_links(from_type, to_type),
            ("POST", ["records", object_type, id, "delete"]) => {
                done(self.remove_record(object_type, id, None))
            }
            ("POST", ["records", object_type, id, "merge", into]) => {
                done(self.remove_record(object_type, id, Some(into)))
            }
            ("PUT", ["keys", object_type, property, key, ids @ ..]) => {
                done(self.assign_key(object_type, property, key, ids))
            }
            _ => Reply::json(404, &json!({"message": "no such call below /sandbox"})),
        }
    }

    /// All links from one type to another, as CSV.
    fn listed_links(&self, from_type: &str, to_type: &str) -> Reply {
        let header = "from_object_id,to_object_id,association_types\n".to_owned();
        let rows = links_between(&self.store, &self.types, from_type, to_type)
            .into_iter()
            .map(|(from, to, types)| format!("{from},{to},{}\n", types.join(";")));
        Reply::csv(std::iter::once(header).chain(rows).collect())
    }
}
