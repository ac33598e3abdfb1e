//! The definitions of properties.

use serde_json::{Value, json};

use crate::sandbox::api::refusals;
use crate::sandbox::data::properties;
use crate::sandbox::data::properties::PropertyKind;
use crate::sandbox::faults::effect::Action;
use crate::sandbox::state::world::{Call, World};

impl World {
    /// Reads the definition of one property.
    pub(crate) fn property_call(
        &mut self,
        call: &Call<'_>,
        object_type: &str,
        name: &str,
    ) -> Action {
        let object_type = match self.readable_types(call, [object_type]) {
            Ok([object_type]) => object_type,
            Err(refusal) => return Action::Answer(refusal),
        };
        let Some(kind) = properties::kind(self.types.name(object_type), name) else {
            let message = format!("property {name} does not exist");
            let form = self.settings.bodies;
            return Action::Answer(refusals::not_found(&message, form, &call.correlation));
        };
        self.read_reply(call, [], 200, &definition(name, kind))
    }

    /// Lists the properties of a type.
    pub(crate) fn properties_call(&mut self, call: &Call<'_>, object_type: &str) -> Action {
        let object_type = match self.readable_types(call, [object_type]) {
            Ok([object_type]) => object_type,
            Err(refusal) => return Action::Answer(refusal),
        };
        let type_name = self.types.name(object_type);
        let results: Vec<Value> = properties::listed(type_name)
            .into_iter()
            .filter_map(|name| Some(definition(name, properties::kind(type_name, name)?)))
            .collect();
        self.read_reply(call, [], 200, &json!({"results": results}))
    }
}

/// HubSpot does not flag email as unique, although it identifies a contact.
fn definition(name: &str, kind: PropertyKind) -> Value {
    json!({
        "name": name,
        "label": name.replace('_', " "),
        "type": "string",
        "fieldType": "text",
        "description": "",
        "groupName": "information",
        "options": [],
        "hasUniqueValue": kind == PropertyKind::Key,
        "hidden": false,
        "formField": false,
        "hubspotDefined": properties::is_standard(name),
    })
}
