//! The text form of spreadsheets: `="512"` prevents a cell from being read as a number. Pure.

/// The content of `="…"`, without surrounding blanks; any other text unchanged.
pub(crate) fn unwrapped(text: &str) -> &str {
    text.strip_prefix("=\"")
        .and_then(|rest| rest.strip_suffix('"'))
        .filter(|inner| !inner.contains('"'))
        .map_or(text, str::trim)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_complete_text_form_is_unwrapped() {
        for (text, inner) in [
            ("=\"512\"", "512"),
            ("=\" 512 \"", "512"),
            ("=\"\"", ""),
            ("512", "512"),
            ("=512", "=512"),
            ("=\"", "=\""),
            ("=\"512", "=\"512"),
            ("\"512\"", "\"512\""),
            ("=\"512\"&\"3\"", "=\"512\"&\"3\""),
            ("=\"512\";=\"513\"", "=\"512\";=\"513\""),
        ] {
            assert_eq!(unwrapped(text), inner, "{text}");
        }
    }
}
