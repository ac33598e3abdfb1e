//! The JSON of the replies to lookups. Pure.
//!
//! A body is read in one pass without copying. A body with a field of another type is read again with its numbers as
//! texts: ids are texts by the documents, but other calls have sent them as numbers.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserializer, IgnoredAny, MapAccess, Visitor};
use serde::{Deserialize, de};
use serde_json::Value;

/// A text of a body.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(transparent)]
pub(crate) struct Text<'b>(#[serde(borrow)] pub(crate) Cow<'b, str>);

/// A body: of success, of errors, or of both.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct WireReply<'b> {
    #[serde(borrow)]
    pub(crate) status: Option<Text<'b>>,
    #[serde(borrow)]
    pub(crate) results: Option<Vec<WireRecord<'b>>>,
    #[serde(borrow)]
    pub(crate) errors: Option<Vec<WireError<'b>>>,
    pub(crate) total: Option<u64>,
    #[serde(borrow)]
    pub(crate) paging: Option<Paging<'b>>,
    #[serde(borrow)]
    category: Option<Text<'b>>,
    #[serde(borrow)]
    message: Option<Text<'b>>,
    #[serde(borrow)]
    pub(crate) correlation_id: Option<Text<'b>>,
    #[serde(borrow)]
    context: Option<Pairs<'b, Texts<'b>>>,
}

impl<'b> WireReply<'b> {
    /// The errors: of an error body the body itself first, then those of its list.
    pub(crate) fn take_errors(&mut self) -> Vec<WireError<'b>> {
        let mut errors = Vec::new();
        if self.category.is_some() || self.message.is_some() {
            errors.push(WireError {
                category: self.category.take(),
                message: self.message.take(),
                context: self.context.take(),
                ..WireError::default()
            });
        }
        errors.extend(self.errors.take().into_iter().flatten());
        errors
    }

    /// Whether the reply says that it is not complete.
    pub(crate) fn is_incomplete(&self) -> bool {
        let status = self.status.as_ref().map(|status| &*status.0);
        status.is_some_and(|status| status != "COMPLETE")
    }
}

/// A record that was found.
#[derive(Debug, Deserialize)]
pub(crate) struct WireRecord<'b> {
    #[serde(borrow)]
    id: Text<'b>,
    #[serde(borrow)]
    properties: Option<Pairs<'b, Option<Text<'b>>>>,
    /// Whether the record is deleted.
    #[serde(default)]
    archived: Option<bool>,
}

impl WireRecord<'_> {
    /// Its id, if it is a number as all known ids are.
    pub(crate) fn id(&self) -> Option<u64> {
        self.id.0.parse().ok().filter(|&id| id > 0)
    }

    /// Its id as the reply has it.
    pub(crate) fn id_text(&self) -> &str {
        &self.id.0
    }

    pub(crate) fn is_archived(&self) -> bool {
        self.archived == Some(true)
    }

    /// The value of a property; none if it is empty.
    pub(crate) fn property(&self, name: &str) -> Option<&str> {
        let (_, value) = self
            .properties
            .as_ref()?
            .0
            .iter()
            .find(|(key, _)| key.0 == name)?;
        let value = value.as_ref()?.0.trim();
        (!value.is_empty()).then_some(value)
    }
}

/// An error of a body.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct WireError<'b> {
    #[serde(borrow)]
    pub(crate) category: Option<Text<'b>>,
    #[serde(borrow)]
    pub(crate) code: Option<Text<'b>>,
    #[serde(borrow)]
    pub(crate) message: Option<Text<'b>>,
    #[serde(borrow)]
    pub(crate) context: Option<Pairs<'b, Texts<'b>>>,
    #[serde(borrow)]
    pub(crate) errors: Option<Vec<WireError<'b>>>,
}

impl WireError<'_> {
    /// The values in its context that may be keys.
    pub(crate) fn named(&self) -> impl Iterator<Item = &str> {
        const NAMES: [&str; 4] = ["ids", "id", "objectIds", "objectId"];
        let context = self.context.iter().flat_map(|context| &context.0);
        context
            .filter(|(name, _)| NAMES.contains(&&*name.0))
            .flat_map(|(_, values)| values.0.iter().map(|text| &*text.0))
    }

    /// The error and the errors inside it.
    pub(crate) fn each(&self) -> Vec<&Self> {
        let mut all = vec![self];
        let mut next = 0;
        while let Some(error) = all.get(next).copied() {
            all.extend(error.errors.iter().flatten());
            next += 1;
        }
        all
    }
}

/// Where the next page is.
#[derive(Debug, Deserialize)]
pub(crate) struct Paging<'b> {
    #[serde(borrow)]
    pub(crate) next: Option<NextPage<'b>>,
}

/// The next page.
#[derive(Debug, Deserialize)]
pub(crate) struct NextPage<'b> {
    #[serde(borrow)]
    pub(crate) after: Option<Text<'b>>,
}

/// The entries of an object, in order: a list is faster than a map for a few of them.
#[derive(Debug)]
pub(crate) struct Pairs<'b, T>(pub(crate) Vec<(Text<'b>, T)>);

impl<'de: 'b, 'b, T: Deserialize<'de>> Deserialize<'de> for Pairs<'b, T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Entries<T>(std::marker::PhantomData<T>);
        impl<'de, T: Deserialize<'de>> Visitor<'de> for Entries<T> {
            type Value = Pairs<'de, T>;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("an object")
            }

            fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<Self::Value, M::Error> {
                let mut entries = Vec::new();
                while let Some(entry) = map.next_entry()? {
                    entries.push(entry);
                }
                Ok(Pairs(entries))
            }
        }
        let entries = deserializer.deserialize_map(Entries(std::marker::PhantomData))?;
        Ok(Pairs(entries.0))
    }
}

/// A list of texts, or a single text.
#[derive(Debug, Default)]
pub(crate) struct Texts<'b>(pub(crate) Vec<Text<'b>>);

impl<'de: 'b, 'b> Deserialize<'de> for Texts<'b> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Any;
        impl<'de> Visitor<'de> for Any {
            type Value = Texts<'de>;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("texts")
            }

            fn visit_borrowed_str<E: de::Error>(self, text: &'de str) -> Result<Self::Value, E> {
                Ok(Texts(vec![Text(Cow::Borrowed(text))]))
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Self::Value, E> {
                Ok(Texts(vec![Text(Cow::Owned(text.to_owned()))]))
            }

            fn visit_unit<E: de::Error>(self) -> Result<Self::Value, E> {
                Ok(Texts::default())
            }

            fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<Self::Value, M::Error> {
                while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
                Ok(Texts::default())
            }

            fn visit_seq<S: de::SeqAccess<'de>>(
                self,
                mut list: S,
            ) -> Result<Self::Value, S::Error> {
                let mut texts = Vec::new();
                while let Some(text) = list.next_element::<Text<'de>>()? {
                    texts.push(text);
                }
                Ok(Texts(texts))
            }
        }
        let texts = deserializer.deserialize_any(Any)?;
        Ok(Texts(texts.0))
    }
}

/// Reads a body and passes it to `read`; `None` if it is not a JSON object as the API sends it.
pub(crate) fn read_body<T>(body: &[u8], read: impl FnOnce(WireReply<'_>) -> T) -> Option<T> {
    let body = body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body);
    if !body.trim_ascii_start().starts_with(b"{") {
        return None;
    }
    if let Ok(reply) = serde_json::from_slice(body) {
        return Some(read(reply));
    }
    let mut value: Value = serde_json::from_str(&String::from_utf8_lossy(body)).ok()?;
    for (name, field) in value.as_object_mut()? {
        if name != "total" {
            make_texts(field);
        }
    }
    WireReply::deserialize(&value).ok().map(read)
}

/// Replaces the numbers inside by their texts, and the texts of lists that have other values by those texts alone.
fn make_texts(value: &mut Value) {
    match value {
        Value::Number(number) => *value = Value::String(number.to_string()),
        Value::Array(values) => {
            values.retain(|value| !value.is_null());
            values.iter_mut().for_each(make_texts);
        }
        Value::Object(object) => object.values_mut().for_each(make_texts),
        Value::Null | Value::Bool(_) | Value::String(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    type Read = (Vec<(Option<u64>, Option<String>)>, Vec<String>);

    /// Ids with the property `email`, and the named keys of the errors.
    fn read(body: &str) -> Option<Read> {
        read_body(body.as_bytes(), |mut reply| {
            let results = reply.results.take().unwrap_or_default();
            let records = results
                .iter()
                .map(|record| (record.id(), record.property("email").map(str::to_owned)));
            let errors = reply.take_errors();
            let each = errors.iter().flat_map(WireError::each);
            let named = each.flat_map(WireError::named).map(str::to_owned);
            (records.collect(), named.collect())
        })
    }

    #[test]
    fn a_body_is_read_whatever_the_types_of_its_fields() {
        let record = (Some(7), Some("a@b.c".to_owned()));
        for body in [
            r#"{"results":[{"id":"7","properties":{"email":"a@b.c","x":null},"archived":false}]}"#,
            r#"{"results":[{"id":7,"properties":{"email":"a@b.c","x":1}}],"numErrors":1,"errors":[{"status":"error"}]}"#,
            "\u{feff}{\"status\":\"COMPLETE\",\"results\":[{\"id\":\"7\",\"properties\":{\"email\":\" a@b.c\"}}],\"new\":[1]}",
            r#"{"results":[{"id":"7","properties":{"\u0065mail":"a\u0040b.c"}},null],"total":3}"#,
        ] {
            assert_eq!(read(body), Some((vec![record.clone()], vec![])), "{body}");
        }
    }

    #[test]
    fn the_keys_that_errors_name_are_read_from_any_level() {
        let names = |names: &[&str]| {
            names
                .iter()
                .map(|&name| name.to_owned())
                .collect::<Vec<_>>()
        };
        for (body, named) in [
            (
                r#"{"errors":[{"context":{"ids":["a","b"]}},{"context":{"id":"c"}}]}"#,
                names(&["a", "b", "c"]),
            ),
            (
                r#"{"message":"m","context":{"ids":["a"]},"errors":[{"errors":[{"context":{"ids":["b"]}}]}]}"#,
                names(&["a", "b"]),
            ),
            (
                r#"{"category":"X","context":{"objectType":["CONTACT"],"ids":[]}}"#,
                names(&[]),
            ),
            (
                r#"{"errors":[{"context":{"ids":[1,null]}}]}"#,
                names(&["1"]),
            ),
            (
                r#"{"errors":null,"results":null,"context":null}"#,
                names(&[]),
            ),
        ] {
            assert_eq!(read(body), Some((vec![], named)), "{body}");
        }
    }

    #[test]
    fn what_is_not_a_json_object_is_not_read() {
        for body in [
            "",
            "<html>",
            "[]",
            "\"x\"",
            "{",
            "{\"results\":",
            "null",
            "{\"results\":[{\"id\":[]}]}",
        ] {
            assert_eq!(read(body), None, "{body}");
        }
    }
}
