//! Reads the body of a reply in one pass. Pure.
//!
//! A reply may list hundreds of thousands of links, of which few are wanted: the others are compared and skipped without being
//! kept. Numbers and texts are both accepted as ids. A body that ends early, or has a link whose id cannot be read, is not
//! used at all: the link that a row asks for could be the one that is not readable.

use std::fmt;

use serde::de::{self, DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, de::Error as _};
use serde_json::value::RawValue;

use crate::links::read::number::RecordNumber;
use crate::links::read::reply::asked::Asked;
use crate::links::read::reply::errors::{add_error, id_text};
use crate::links::read::reply::types::{SharedTypes, WireType, Word};
use crate::text::BYTE_ORDER_MARK;

/// Reads a 2xx reply into `asked`, or says what is wrong with it. After an error, `asked` is to be dropped.
pub(crate) fn read_reply(
    asked: &mut Asked,
    shared: &mut SharedTypes,
    status: u16,
    body: &[u8],
) -> Result<(), &'static str> {
    let body = body
        .strip_prefix(BYTE_ORDER_MARK.as_bytes())
        .unwrap_or(body);
    // A label that is not valid must not hide the ids.
    let text = String::from_utf8_lossy(body);
    let mut reader = Reader {
        asked,
        shared,
        types: Vec::new(),
        expected: 0,
    };
    let mut deserializer = serde_json::Deserializer::from_str(&text);
    let read = BodySeed(&mut reader).deserialize(&mut deserializer);
    let reply = read.and_then(|reply| deserializer.end().map(|()| reply));
    let Ok(reply) = reply else {
        return Err("the reply is not a list of associations");
    };
    let is_complete = |status: Word<'_>| status.0 == "COMPLETE";
    if !reply.status.is_none_or(is_complete) {
        return Err("the reply is not complete");
    }
    if !reply.has_results && reply.errors.is_empty() {
        return Err("the reply has no list of associations");
    }
    let correlation_id = reply.correlation_id.map(|id| id.0);
    for error in reply.errors {
        add_error(asked, error, status, correlation_id.as_deref());
    }
    Ok(())
}

struct Reader<'r, 'b> {
    asked: &'r mut Asked,
    shared: &'r mut SharedTypes,
    /// The types of the current link.
    types: Vec<WireType<'b>>,
    /// The place of the record that comes next if the reply is in the order of the request.
    expected: usize,
}

/// A body without its results.
#[derive(Default)]
struct Body<'b> {
    status: Option<Word<'b>>,
    has_results: bool,
    errors: Vec<&'b RawValue>,
    correlation_id: Option<Word<'b>>,
}

#[derive(Deserialize)]
struct Id<'b> {
    #[serde(borrow)]
    id: &'b RawValue,
}

#[derive(Deserialize)]
struct Paging<'b> {
    #[serde(borrow)]
    next: Option<NextPage<'b>>,
}

#[derive(Deserialize)]
struct NextPage<'b> {
    #[serde(borrow)]
    after: Option<&'b RawValue>,
}

#[derive(Deserialize)]
#[serde(field_identifier, rename_all = "camelCase")]
enum Field {
    Status,
    Results,
    Errors,
    CorrelationId,
    From,
    To,
    Paging,
    ToObjectId,
    AssociationTypes,
    #[serde(other)]
    Other,
}

struct BodySeed<'s, 'r, 'b>(&'s mut Reader<'r, 'b>);

impl<'b> DeserializeSeed<'b> for BodySeed<'_, '_, 'b> {
    type Value = Body<'b>;

    fn deserialize<D: Deserializer<'b>>(self, deserializer: D) -> Result<Body<'b>, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'b> Visitor<'b> for BodySeed<'_, '_, 'b> {
    type Value = Body<'b>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object")
    }

    fn visit_map<M: MapAccess<'b>>(self, mut map: M) -> Result<Body<'b>, M::Error> {
        let mut body = Body::default();
        while let Some(field) = map.next_key()? {
            match field {
                Field::Status => body.status = map.next_value()?,
                Field::Results => {
                    body.has_results = map.next_value_seed(ListSeed(ResultSeed(self.0)))?;
                }
                Field::Errors => {
                    let errors: Option<Vec<&RawValue>> = map.next_value()?;
                    body.errors = errors.unwrap_or_default();
                }
                Field::CorrelationId => body.correlation_id = map.next_value()?,
                _ => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(body)
    }
}

/// Reads the elements of a list, one after the other; `false` if there is null instead.
struct ListSeed<S>(S);

/// What reads one element of a list.
trait ElementSeed<'b> {
    fn element<D: Deserializer<'b>>(&mut self, deserializer: D) -> Result<(), D::Error>;
}

struct Element<'s, S>(&'s mut S);

impl<'b, S: ElementSeed<'b>> DeserializeSeed<'b> for Element<'_, S> {
    type Value = ();

    fn deserialize<D: Deserializer<'b>>(self, deserializer: D) -> Result<(), D::Error> {
        self.0.element(deserializer)
    }
}

impl<'b, S: ElementSeed<'b>> DeserializeSeed<'b> for ListSeed<S> {
    type Value = bool;

    fn deserialize<D: Deserializer<'b>>(self, deserializer: D) -> Result<bool, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'b, S: ElementSeed<'b>> Visitor<'b> for ListSeed<S> {
    type Value = bool;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a list")
    }

    fn visit_unit<E: de::Error>(self) -> Result<bool, E> {
        Ok(false)
    }

    fn visit_seq<A: SeqAccess<'b>>(mut self, mut list: A) -> Result<bool, A::Error> {
        while list.next_element_seed(Element(&mut self.0))?.is_some() {}
        Ok(true)
    }
}

/// Reads one entry of `results`: a record with a page of its links.
struct ResultSeed<'s, 'r, 'b>(&'s mut Reader<'r, 'b>);

impl<'b> ElementSeed<'b> for ResultSeed<'_, '_, 'b> {
    fn element<D: Deserializer<'b>>(&mut self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(ResultVisitor(self.0))
    }
}

struct ResultVisitor<'s, 'r, 'b>(&'s mut Reader<'r, 'b>);

impl<'b> Visitor<'b> for ResultVisitor<'_, '_, 'b> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a record with its associations")
    }

    fn visit_map<M: MapAccess<'b>>(self, mut map: M) -> Result<(), M::Error> {
        let reader = self.0;
        let mut record = None;
        let mut early_links: Option<&'b RawValue> = None;
        let mut next = None;
        while let Some(field) = map.next_key()? {
            match (field, record) {
                (Field::From, _) => {
                    let number = from_number(map.next_value()?).ok_or_else(no_id)?;
                    record = Some(reader.asked.place(number, reader.expected));
                }
                (Field::To, Some(Some(place))) => {
                    map.next_value_seed(ListSeed(LinkSeed { reader, place }))?;
                }
                // Its links stand before its id.
                (Field::To, None) => early_links = map.next_value()?,
                (Field::Paging, _) => next = next_page(map.next_value()?),
                _ => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        let Some(place) = record.ok_or_else(no_id)? else {
            // Another record than those of the request.
            return Ok(());
        };
        reader.expected = place + 1;
        if let Some(links) = early_links {
            let mut deserializer = serde_json::Deserializer::from_str(links.get());
            let links = ListSeed(LinkSeed { reader, place }).deserialize(&mut deserializer);
            links.map_err(M::Error::custom)?;
        }
        let record = reader.asked.record_mut(place);
        record.is_listed = true;
        record.next = next.or(record.next.take());
        Ok(())
    }
}

fn no_id<E: de::Error>() -> E {
    E::custom("an id cannot be read")
}

/// The number in `{"id": "7"}`.
fn from_number(from: &RawValue) -> Option<RecordNumber> {
    let id = serde_json::from_str::<Id<'_>>(from.get()).map_or(from, |from| from.id);
    RecordNumber::of_text(&id_text(id))
}

fn next_page(paging: Option<Paging<'_>>) -> Option<Box<str>> {
    let after = id_text(paging?.next?.after?);
    (!after.is_empty() && after != "null").then(|| after.into())
}

/// Reads one link of a record.
struct LinkSeed<'s, 'r, 'b> {
    reader: &'s mut Reader<'r, 'b>,
    place: usize,
}

impl<'b> ElementSeed<'b> for LinkSeed<'_, '_, 'b> {
    fn element<D: Deserializer<'b>>(&mut self, deserializer: D) -> Result<(), D::Error> {
        let place = self.place;
        let reader = &mut *self.reader;
        deserializer.deserialize_map(LinkVisitor { reader, place })
    }
}

struct LinkVisitor<'s, 'r, 'b> {
    reader: &'s mut Reader<'r, 'b>,
    place: usize,
}

impl<'b> Visitor<'b> for LinkVisitor<'_, '_, 'b> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an association")
    }

    fn visit_map<M: MapAccess<'b>>(self, mut map: M) -> Result<(), M::Error> {
        let Self { reader, place } = self;
        reader.types.clear();
        let mut other = None;
        let mut is_wanted = true;
        while let Some(field) = map.next_key()? {
            match field {
                Field::ToObjectId => {
                    let id: &RawValue = map.next_value()?;
                    let number = RecordNumber::of_text(&id_text(id)).ok_or_else(no_id)?;
                    is_wanted = reader.asked.is_wanted(place, number);
                    other = Some(number);
                }
                Field::AssociationTypes if is_wanted => {
                    map.next_value_seed(ListSeed(TypeSeed(&mut reader.types)))?;
                }
                _ => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        let other = other.ok_or_else(no_id)?;
        reader.asked.add_link(place, other);
        if is_wanted {
            let found = reader.shared.of(&reader.types).ok_or_else(no_id)?;
            reader.asked.set_found(place, other, &found);
        }
        Ok(())
    }
}

/// Reads one type of a link.
struct TypeSeed<'s, 'b>(&'s mut Vec<WireType<'b>>);

impl<'b> ElementSeed<'b> for TypeSeed<'_, 'b> {
    fn element<D: Deserializer<'b>>(&mut self, deserializer: D) -> Result<(), D::Error> {
        self.0.push(WireType::deserialize(deserializer)?);
        Ok(())
    }
}
