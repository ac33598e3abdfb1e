//! What a run with keys looks up, by which call, and how long the search takes: the first lines of its log.

use tracing::{info, warn};

use crate::domain::key_kind::KeyKind;
use crate::domain::property_name::PropertyName;
use crate::input::columns::resolve::{Columns, TypeSource};

/// What is looked up for one side of the rows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct LookupNote {
    text: String,
    /// Whether the search is used, which is slow.
    is_search: bool,
}

impl LookupNote {
    /// The notes about the sides of an input with keys.
    pub(crate) fn of(columns: &Columns) -> Vec<Self> {
        let types = [&columns.from_type, &columns.to_type];
        let sides = types.into_iter().zip(&columns.properties);
        sides
            .filter_map(|(source, property)| Some(Self::of_side(source, property.as_ref()?)))
            .collect()
    }

    fn of_side(source: &TypeSource, property: &PropertyName) -> Self {
        let (of, is_search) = match source {
            TypeSource::Fixed(object_type) => {
                let kind = KeyKind::of(object_type, property.as_str());
                (object_type.to_string(), kind == KeyKind::Domain)
            }
            TypeSource::Column(column) => (format!("the types in {column}"), false),
        };
        let text = if is_search {
            format!(
                "looking up `{property}` of {of} with the search, which takes 5 requests per second with up to 100 values \
                 each: at least 3m 20s for 100,000 different values; `check` shows the time for this file"
            )
        } else {
            format!("looking up `{property}` of {of} with batch reads of up to 100 values")
        };
        Self { text, is_search }
    }

    /// Logs it. A slow lookup is worth a warning.
    pub(crate) fn log(&self) {
        if self.is_search {
            warn!("{}", self.text);
        } else {
            info!("{}", self.text);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::pair::ObjectType;
    use crate::input::columns::settings::ColumnSettings;

    fn notes(
        header: &str,
        to_type: Option<&str>,
        properties: [Option<&str>; 2],
    ) -> Vec<LookupNote> {
        let headers: Vec<String> = header.split(',').map(str::to_owned).collect();
        let settings = ColumnSettings {
            from_type: ObjectType::new("contacts"),
            to_type: to_type.and_then(ObjectType::new),
            ..ColumnSettings::default()
        };
        let properties = properties.map(|name| name.and_then(PropertyName::new));
        let properties = properties.each_ref().map(Option::as_ref);
        LookupNote::of(&Columns::resolve(&headers, &settings, properties).unwrap())
    }

    #[test]
    fn a_note_names_property_type_and_call_and_the_search_its_time() {
        assert_eq!(notes("from_id,to_id", Some("0-2"), [None, None]), []);
        let notes_of_both = notes(
            "from_id,to_id",
            Some("0-2"),
            [Some("email"), Some("domain")],
        );
        let [email, domain] = notes_of_both.as_slice() else {
            panic!("{notes_of_both:?}");
        };
        assert_eq!(
            email.text,
            "looking up `email` of contacts with batch reads of up to 100 values"
        );
        assert!(!email.is_search && domain.is_search);
        let begin = "looking up `domain` of 0-2 with the search, which takes 5 requests per second";
        assert!(domain.text.starts_with(begin), "{}", domain.text);
        let by_column = notes("from_id,to_type,to_id", None, [None, Some("key")]);
        assert_eq!(
            by_column[0].text,
            "looking up `key` of the types in `to_type` (column 2) with batch reads of up to 100 values"
        );
    }
}
