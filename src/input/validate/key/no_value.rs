//! Texts that stand for no value: placeholders of databases and people, errors of spreadsheets. Pure.

/// In lower case. Only words that no key has: `NA` is a country and `0` may be a number of its own.
const PLACEHOLDERS: [&str; 17] = [
    "null",
    "(null)",
    "<null>",
    "[null]",
    "\\n",
    "n/a",
    "n.a.",
    "none",
    "nil",
    "nan",
    "undefined",
    "(blank)",
    "-",
    "--",
    "\u{2013}",
    "\u{2014}",
    "?",
];

/// Errors of spreadsheets that end neither with `!` nor with `?`, in upper case: `#NV` is the German `#N/A`.
const OTHER_ERRORS: [&str; 4] = ["#N/A", "#NV", "#GETTING_DATA", "#ERROR"];

/// Whether this trimmed text stands for no value.
#[must_use]
pub(crate) fn is_placeholder(text: &str) -> bool {
    PLACEHOLDERS
        .iter()
        .any(|placeholder| text.eq_ignore_ascii_case(placeholder))
}

/// Whether this trimmed text is an error of a spreadsheet formula, in any language, or the `####` of a narrow column.
#[must_use]
pub(crate) fn is_spreadsheet_error(text: &str) -> bool {
    let Some(name) = text.strip_prefix('#') else {
        return false;
    };
    let is_error_name = |name: &str| {
        let is_part = |character: char| {
            character.is_uppercase() || character.is_ascii_digit() || "/_.".contains(character)
        };
        !name.is_empty() && name.chars().all(is_part)
    };
    let marked = name.strip_suffix(['!', '?']);
    marked.is_some_and(is_error_name)
        || OTHER_ERRORS
            .iter()
            .any(|error| text.eq_ignore_ascii_case(error))
        || !name.is_empty() && name.bytes().all(|byte| byte == b'#')
}

/// Whether this is a long number as a spreadsheet abbreviates it: one digit, decimals, `E+` and two digits or more.
#[must_use]
pub(crate) fn is_scientific(text: &str) -> bool {
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let Some((mantissa, exponent)) = text.split_once("E+").or_else(|| text.split_once("e+")) else {
        return false;
    };
    let Some((whole, decimals)) = mantissa.split_once(['.', ',']) else {
        return false;
    };
    whole.len() == 1
        && is_number(whole)
        && is_number(decimals)
        && is_number(exponent)
        && exponent.len() >= 2
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_of_spreadsheets_are_recognised_in_any_language() {
        for text in [
            "#N/A",
            "#n/a",
            "#REF!",
            "#VALUE!",
            "#NAME?",
            "#DIV/0!",
            "#NULL!",
            "#NUM!",
            "#SPILL!",
            "#CALC!",
            "#NV",
            "#BEZUG!",
            "#WERT!",
            "#ÜBERLAUF!",
            "#GETTING_DATA",
            "#ERROR!",
            "####",
            "##",
        ] {
            assert!(is_spreadsheet_error(text), "{text}");
        }
        for text in [
            "#", "#1", "#12-A", "#ref", "N/A", "A#REF!", "#!", "#Acme!", "",
        ] {
            assert!(!is_spreadsheet_error(text), "{text}");
        }
    }

    #[test]
    fn only_words_that_no_key_has_stand_for_no_value() {
        for text in [
            "NULL",
            "null",
            "(Null)",
            "\\N",
            "N/A",
            "n/a",
            "None",
            "-",
            "--",
            "—",
            "undefined",
            "NaN",
        ] {
            assert!(is_placeholder(text), "{text}");
        }
        for text in ["NA", "0", "x", "nullable", "---", "none@acme.com", ""] {
            assert!(!is_placeholder(text), "{text}");
        }
    }

    #[test]
    fn a_number_is_scientific_only_as_spreadsheets_write_it() {
        for text in ["5.12E+11", "5,12E+11", "1.0e+100"] {
            assert!(is_scientific(text), "{text}");
        }
        for text in [
            "12E4",
            "5E+11",
            "51.2E+10",
            "5.12E+1",
            "5.12E-11",
            "5.E+11",
            "A5.12E+11",
            "1.2",
        ] {
            assert!(!is_scientific(text), "{text}");
        }
    }
}
