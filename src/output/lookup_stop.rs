//! Why the lookups of a run ended it. Pure.

use crate::number::grouped;
use crate::output::stop::Stop;
use crate::run::stop_reason::PropertyRefusal;
use crate::text::excerpt;

/// The maximum length of a property or a type.
const MAX_NAME_CHARS: usize = 100;

/// HubSpot refused to look up this property.
pub(super) fn refused(
    refusal: PropertyRefusal,
    object_type: &str,
    property: &str,
    message: &str,
) -> Stop {
    match refusal {
        PropertyRefusal::NotUnique => not_unique(object_type, property, message),
        PropertyRefusal::Unknown => unknown_property(object_type, property, message),
    }
}

/// HubSpot refuses to look records up by a property whose values are not unique. The next command must have
/// `--allow-search`.
pub(super) fn not_unique(object_type: &str, property: &str, message: &str) -> Stop {
    Stop::new(format!(
        "stopped: {} is not a unique property: HubSpot finds records by it only with the search",
        of_type(object_type, property)
    ))
    .because(message)
    .to("look it up with the search, at most 5 requests per second with up to 100 keys each")
}

/// The type has no such property. The next command must have another one.
pub(super) fn unknown_property(object_type: &str, property: &str, message: &str) -> Stop {
    Stop::new(format!(
        "stopped: HubSpot does not know the property {}",
        of_type(object_type, property)
    ))
    .because(message)
    .advice("look up the internal name of the property in HubSpot's settings")
}

/// None of the first keys has a record.
pub(super) fn no_key_found(object_type: &str, property: &str, keys: u64) -> Stop {
    Stop::new(format!(
        "stopped: none of the first {} keys has a record, looked up by {}: wrong portal or property?",
        grouped(keys),
        of_type(object_type, property)
    ))
    .advice("check the portal, the property and the column of the keys, and correct what is wrong")
}

fn of_type(object_type: &str, property: &str) -> String {
    let shown = |name: &str| excerpt(name, MAX_NAME_CHARS);
    format!("`{}` of `{}`", shown(property), shown(object_type))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stop_by_a_lookup_names_the_property_the_cause_and_the_next_command() {
        let run = "run `again`";
        for (stop, what, cause, hint) in [
            (
                not_unique("companies", "domain", "domain is not unique"),
                "stopped: `domain` of `companies` is not a unique property: HubSpot finds records by it only with the search",
                Some("domain is not unique"),
                "to look it up with the search, at most 5 requests per second with up to 100 keys each, run `again`",
            ),
            (
                unknown_property("contacts", "emial", "Property \"emial\" does not exist"),
                "stopped: HubSpot does not know the property `emial` of `contacts`",
                Some("Property \"emial\" does not exist"),
                "look up the internal name of the property in HubSpot's settings; then run `again`",
            ),
            (
                no_key_found("0-1", "email", 1000),
                "stopped: none of the first 1,000 keys has a record, looked up by `email` of `0-1`: wrong portal or property?",
                None,
                "check the portal, the property and the column of the keys, and correct what is wrong; then run `again`",
            ),
        ] {
            assert_eq!(stop.what, what);
            assert_eq!(stop.causes.first().map(String::as_str), cause);
            assert_eq!(Stop::hint(stop.advice, run), hint);
        }
    }
}
