//! The header names that show a column of keys, without a flag for the column. Pure.

use crate::domain::pair::ObjectType;
use crate::domain::property_name::PropertyName;
use crate::domain::standard_type::canonical;
use crate::input::columns::header_name::normalize_header;
use crate::input::columns::settings::Role;

/// Further names of a property in other systems, normalized as `columns` compares headers.
const OTHER_NAMES: [(&str, &[&str]); 2] = [
    ("email", &["emailaddress", "mail"]),
    ("domain", &["domainname", "website", "websiteurl", "url"]),
];

/// The object type that a property belongs to where no flag gives the type.
const USUAL_TYPES: [(&str, &str); 2] = [("email", "contacts"), ("domain", "companies")];

/// Singular and plural of the types that stand before a property in headers such as `company_domain`.
const TYPE_WORDS: [(&str, [&str; 2]); 4] = [
    ("contacts", ["contact", "contacts"]),
    ("companies", ["company", "companies"]),
    ("deals", ["deal", "deals"]),
    ("tickets", ["ticket", "tickets"]),
];

/// Names that show the column of a side, normalized, the clearest first: where a file has a column with one of the first
/// names, the others mean nothing. The first ones name the side (`from_id`, `from_email`, `from_key`), the others only the
/// property (`contact_email`, `email`).
pub(crate) fn key_column_names(
    role: Role,
    property: &PropertyName,
    object_type: Option<&ObjectType>,
) -> [Vec<String>; 2] {
    let side = if role == Role::FromId { "from" } else { "to" };
    let names = property_names(property);
    let with_side = names.iter().map(|name| format!("{side}{name}"));
    let known = role.known_names().iter().map(|&name| name.to_owned());
    let mut first: Vec<String> = known.chain([format!("{side}key")]).collect();
    first.extend(with_side);
    let mut second = names.clone();
    for word in type_words(property, object_type) {
        second.extend(names.iter().map(|name| format!("{word}{name}")));
    }
    [first, second]
}

/// The property's name as headers are compared, and its other names.
fn property_names(property: &PropertyName) -> Vec<String> {
    let name = normalize_header(property.as_str());
    let others = OTHER_NAMES.iter().find(|(known, _)| *known == name);
    let others = others.into_iter().flat_map(|(_, others)| *others);
    let others: Vec<String> = others.map(|&other| other.to_owned()).collect();
    [vec![name], others].concat()
}

/// The words for the type of the records.
fn type_words(property: &PropertyName, object_type: Option<&ObjectType>) -> Vec<String> {
    let usual = USUAL_TYPES
        .iter()
        .find(|(name, _)| *name == property.as_str());
    let name = match object_type {
        Some(object_type) => canonical(object_type.as_str()),
        None => match usual {
            Some((_, object_type)) => object_type,
            None => return Vec::new(),
        },
    };
    let words = TYPE_WORDS.iter().find(|(known, _)| *known == name);
    match words {
        Some((_, words)) => words.iter().map(|&word| word.to_owned()).collect(),
        None => vec![normalize_header(name)],
    }
}

/// Whether a header may be the column of this property, for a hint.
pub(crate) fn may_hold(header: &str, property: &PropertyName) -> bool {
    let header = normalize_header(header);
    let parts: &[&str] = match property.as_str() {
        "email" => &["mail"],
        "domain" => &["domain", "web", "url"],
        _ => return header.contains(&normalize_header(property.as_str())),
    };
    parts.iter().any(|part| header.contains(part))
}
