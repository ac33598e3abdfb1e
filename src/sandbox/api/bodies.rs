//! The success body, which lists the associated pairs.

use serde_json::{Number, Value, json};

use crate::sandbox::data::association_types;
use crate::sandbox::settings::BodyForm;

/// A record as named in a request: the singular name of its type, and its id.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Record<'a> {
    pub(crate) type_name: &'a str,
    pub(crate) id: &'a str,
}

/// Two records to associate.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pair<'a> {
    pub(crate) from: Record<'a>,
    pub(crate) to: Record<'a>,
}

/// One of a pair's records.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Side {
    From,
    To,
}

impl<'a> Pair<'a> {
    fn inverse(self) -> Self {
        Self {
            from: self.to,
            to: self.from,
        }
    }

    pub(crate) fn side(self, side: Side) -> Record<'a> {
        match side {
            Side::From => self.from,
            Side::To => self.to,
        }
    }
}

/// Which directions `results` contains, and in which order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Directions {
    /// Both, in the order of HubSpot's examples for these types.
    Usual,
    InverseFirst,
    Forward,
    Inverse,
}

/// When the work began and ended, in HubSpot's time format.
#[derive(Clone, Debug)]
pub(crate) struct Span {
    pub(crate) started: String,
    pub(crate) completed: String,
}

fn result(pair: Pair<'_>, id: impl Fn(&str) -> Value) -> Value {
    let (from, to) = (pair.from.type_name, pair.to.type_name);
    json!({
        "from": {"id": id(pair.from.id)},
        "to": {"id": id(pair.to.id)},
        "associationSpec": {
            "associationCategory": association_types::category(from, to),
            "associationTypeId": association_types::number(from, to),
        },
    })
}

/// The entries of `results` for these pairs.
pub(crate) fn results(pairs: &[Pair<'_>], directions: Directions) -> Vec<Value> {
    results_with(pairs, directions, |id| json!(id))
}

/// [`results`] with ids as JSON numbers.
pub(crate) fn results_with_numbers(pairs: &[Pair<'_>]) -> Vec<Value> {
    results_with(pairs, Directions::Usual, number)
}

fn results_with(
    pairs: &[Pair<'_>],
    directions: Directions,
    id: impl Fn(&str) -> Value + Copy,
) -> Vec<Value> {
    let mut results = Vec::with_capacity(2 * pairs.len());
    for pair in pairs {
        let (forward, inverse) = (*pair, pair.inverse());
        match directions {
            Directions::Forward => results.push(result(forward, id)),
            Directions::Inverse => results.push(result(inverse, id)),
            Directions::Usual if !association_types::inverse_first(pair.from.type_name) => {
                results.extend([result(forward, id), result(inverse, id)]);
            }
            Directions::Usual | Directions::InverseFirst => {
                results.extend([result(inverse, id), result(forward, id)]);
            }
        }
    }
    results
}

/// An id as a JSON number of any size.
pub(crate) fn number(id: &str) -> Value {
    id.parse::<Number>().map_or(Value::Null, Value::Number)
}

/// The complete body around `results`. Without errors it has neither `numErrors` nor `errors`.
pub(crate) fn complete(results: &[Value], span: &Span) -> Value {
    json!({
        "status": "COMPLETE",
        "results": results,
        "startedAt": span.started,
        "completedAt": span.completed,
    })
}

/// Adds fields to a body.
pub(crate) fn extend(body: &mut Value, fields: Value) {
    if let (Value::Object(body), Value::Object(fields)) = (body, fields) {
        body.extend(fields);
    }
}

/// The fields of a body with these errors. The schemas also have times and links, which captures lack.
pub(crate) fn with_errors(errors: &[Value], span: &Span, form: BodyForm) -> Value {
    let mut fields = json!({"numErrors": errors.len(), "errors": errors});
    if form == BodyForm::Schema {
        fields["requestedAt"] = json!(span.started);
        fields["links"] =
            json!({"errors": "https://developers.hubspot.com/docs/api-reference/error-handling"});
    }
    fields
}

/// An entry of `errors` for a record that does not exist. In the schemas' form only the nested error names the record.
pub(crate) fn not_found(record: Record<'_>, side: Side, form: BodyForm) -> Value {
    let name = record.type_name;
    let (side, field) = match side {
        Side::From => ("FROM", "fromObjectId"),
        Side::To => ("TO", "toObjectId"),
    };
    let sub_category = format!("crm.associations.{side}_OBJECT_NOT_FOUND");
    let message = format!("No {name} with ID {} exists", record.id);
    let context = json!({"objectType": [name], "id": [record.id]});
    match form {
        BodyForm::Captured => json!({
            "status": "error",
            "category": "OBJECT_NOT_FOUND",
            "subCategory": sub_category,
            "message": message,
            "context": context,
        }),
        BodyForm::Schema => json!({
            "status": "error",
            "category": "OBJECT_NOT_FOUND",
            "subCategory": {"name": "crm.associations.OBJECT_NOT_FOUND"},
            "message": "A record does not exist",
            "context": {},
            "links": {},
            "errors": [{
                "message": message,
                "code": "OBJECT_NOT_FOUND",
                "in": field,
                "subCategory": sub_category,
                "context": context,
            }],
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pair<'a>(from_type: &'a str, to_type: &'a str) -> Pair<'a> {
        Pair {
            from: Record {
                type_name: from_type,
                id: "41001",
            },
            to: Record {
                type_name: to_type,
                id: "52002",
            },
        }
    }

    #[test]
    fn success_shows_both_directions_with_their_own_type_numbers() {
        let span = Span {
            started: "a".into(),
            completed: "b".into(),
        };
        let results = results(&[pair("contact", "ticket")], Directions::Usual);
        assert_eq!(
            complete(&results, &span),
            json!({
                "status": "COMPLETE",
                "results": [
                    {"from": {"id": "41001"}, "to": {"id": "52002"}, "associationSpec":
                        {"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 15}},
                    {"from": {"id": "52002"}, "to": {"id": "41001"}, "associationSpec":
                        {"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 16}},
                ],
                "startedAt": "a",
                "completedAt": "b",
            })
        );
    }

    #[test]
    fn line_items_show_the_inverse_first() {
        let results = results(&[pair("line_item", "deal")], Directions::Usual);
        assert_eq!(results[0]["from"]["id"], "52002");
        assert_eq!(results[0]["associationSpec"]["associationTypeId"], 19);
    }

    #[test]
    fn an_id_of_twenty_digits_is_exact_as_a_number() {
        assert_eq!(
            number("99999999999999999999").to_string(),
            "99999999999999999999"
        );
    }
}
