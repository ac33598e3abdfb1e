//! Header names as they are compared, and as a command line can contain them. Pure.
//!
//! Exports contain invisible characters (a byte order mark in a second file, a zero-width space from a web
//! page) and letters in two encodings (`é` as one character or as two). A name typed by hand has neither.

use icu_normalizer::ComposingNormalizerBorrowed;

use crate::input::validate::excel::unwrapped;
use crate::text::is_invisible;

/// A header without case, blanks, `_`, `-` and invisible characters, its accents composed (NFC).
pub(crate) fn normalize_header(header: &str) -> String {
    visible(header)
        .chars()
        .filter(|&character| !(character.is_whitespace() || matches!(character, '_' | '-')))
        .flat_map(char::to_lowercase)
        .collect()
}

/// A header as it can be typed: each blank a space, no invisible characters, accents composed (NFC).
pub(crate) fn visible(header: &str) -> String {
    let blanks_as_spaces = |character: char| match character {
        character if character.is_whitespace() => Some(' '),
        character if is_invisible(character) => None,
        character => Some(character),
    };
    let shown: String = unwrapped(header.trim())
        .chars()
        .filter_map(blanks_as_spaces)
        .collect();
    let composed = ComposingNormalizerBorrowed::new_nfc().normalize(&shown);
    composed.trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn names_that_normalize_to_the_same_text_are_equal() {
        for (header, name) in [
            ("From_Object-ID", "fromobjectid"),
            ("\u{feff}from_id", "fromid"),
            ("from\u{200b}_id\u{200d}", "fromid"),
            ("Record\u{a0}ID", "recordid"),
            ("Record\u{202f}ID\u{2060}", "recordid"),
            ("Socie\u{301}te\u{301}", "soci\u{e9}t\u{e9}"),
            ("SOCIE\u{301}TE\u{301}", "soci\u{e9}t\u{e9}"),
            ("Socie\u{200c}\u{301}t\u{e9}", "soci\u{e9}t\u{e9}"),
            ("=\"from_id\"", "fromid"),
            ("\u{200b}", ""),
        ] {
            assert_eq!(normalize_header(header), name, "{header:?}");
        }
        assert_ne!(
            normalize_header("soci\u{e9}t\u{e9}"),
            normalize_header("societe")
        );
    }

    #[test]
    fn a_name_to_type_has_no_invisible_character() {
        assert_eq!(visible("\u{feff}Record\u{a0}ID "), "Record ID");
        assert_eq!(visible("A\u{200b}\u{301}b"), "\u{c1}b");
    }

    proptest! {
        #[test]
        fn the_name_to_type_is_the_same_name(header: String) {
            prop_assert_eq!(normalize_header(&visible(&header)), normalize_header(&header));
            prop_assert!(!visible(&header).chars().any(is_invisible));
        }
    }
}
