//! The internal name of a property.

use std::fmt;
use std::sync::Arc;

/// Maximum length of a name.
const MAX_LENGTH: usize = 100;

/// The internal name of a property, such as `email` or `hs_sku`: 1 to 100 ASCII letters, digits and `_`, so that it can stand in
/// a path and in a body. A clone shares the text.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct PropertyName(Arc<str>);

impl PropertyName {
    /// The name in `text`; `None` if it is not a name.
    #[must_use]
    pub fn new(text: &str) -> Option<Self> {
        let is_part = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
        let is_name = !text.is_empty() && text.len() <= MAX_LENGTH && text.bytes().all(is_part);
        is_name.then(|| Self(text.into()))
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for PropertyName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_has_only_letters_digits_and_underscores() {
        let long = "x".repeat(MAX_LENGTH);
        for name in ["email", "hs_additional_emails", "Key2", "_", &long] {
            let shown = PropertyName::new(name).map(|name| name.to_string());
            assert_eq!(shown.as_deref(), Some(name));
        }
        let too_long = "x".repeat(MAX_LENGTH + 1);
        for text in [
            "",
            "e-mail",
            "E-mail address",
            "a/b",
            "a.b",
            "é",
            "a\n",
            &too_long,
        ] {
            assert_eq!(PropertyName::new(text), None, "{text:?}");
        }
    }
}
