//! Why a value is not a valid id or type: the likeliest cause first.
//!
//! Pure. Only called for values that have been refused, so every path returns a problem.

use crate::domain::pair::{MAX_ID_DIGITS, MAX_TYPE_LENGTH};
use crate::input::columns::key_header::KeyHeader;
use crate::input::decode::encoding::TextEncoding;
use crate::input::validate::key::key_for_id::key_in;
use crate::input::validate::problem::ValueProblem;
use crate::text::is_invisible;

/// The problem of `text`, which is trimmed and not an id.
pub(crate) fn id_problem(text: &str) -> ValueProblem {
    if text.is_empty() {
        return ValueProblem::Blank;
    }
    let invisible = |character: &char| is_invisible(*character) && !character.is_whitespace();
    if let Some(character) = text.chars().find(invisible) {
        return ValueProblem::Invisible(character);
    }
    if is_digits(text) {
        return if text.len() > MAX_ID_DIGITS {
            ValueProblem::TooManyDigits(text.len())
        } else {
            ValueProblem::Zero
        };
    }
    if text.starts_with(['\'', '’', '‘', '`']) {
        return ValueProblem::LeadingApostrophe;
    }
    let unsigned = text.trim_start_matches(['+', '-', '−', '–']);
    if is_scientific(unsigned) {
        return ValueProblem::Scientific;
    }
    if unsigned.len() < text.len() && unsigned.starts_with(|first: char| first.is_ascii_digit()) {
        return ValueProblem::Sign;
    }
    if let Some(problem) = separated_problem(text) {
        return problem;
    }
    match key_in(text) {
        Some(KeyHeader::Email) => ValueProblem::EmailForId,
        Some(KeyHeader::Domain) => ValueProblem::DomainForId,
        None => other_character_problem(text),
    }
}

/// The problem of `text`, which is trimmed and not a type.
pub(crate) fn type_problem(text: &str) -> ValueProblem {
    let belongs =
        |character: &char| character.is_ascii_alphanumeric() || matches!(character, '_' | '-');
    match text.chars().find(|character| !belongs(character)) {
        None if text.len() > MAX_TYPE_LENGTH => ValueProblem::LongType(text.len()),
        None => ValueProblem::Blank,
        Some(character) if is_invisible(character) && !character.is_whitespace() => {
            ValueProblem::Invisible(character)
        }
        Some(character) => ValueProblem::NotInTypes(character),
    }
}

pub(crate) fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// `5.12E+11`, `5,12e11`, `5E11`
fn is_scientific(text: &str) -> bool {
    let Some((mantissa, exponent)) = text.split_once(['e', 'E']) else {
        return false;
    };
    let (whole, fraction) = mantissa.split_once(['.', ',']).unwrap_or((mantissa, "0"));
    let exponent = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
    is_digits(whole) && (fraction.is_empty() || is_digits(fraction)) && is_digits(exponent)
}

/// Digit groups with separators between them: thousands, a fraction, or a list.
fn separated_problem(text: &str) -> Option<ValueProblem> {
    let between = |character: char| !character.is_ascii_digit();
    if let Some((whole, fraction)) = text.split_once(['.', ','])
        && is_digits(whole)
        && (fraction.is_empty() || is_digits(fraction))
    {
        // `.` makes a fraction of anything but a group of thousands, `,` only of zeros: `17,42` is more likely
        // two ids.
        let is_fraction = text.contains('.') || fraction.bytes().all(|digit| digit == b'0');
        if is_fraction && !(is_thousands(&[whole, fraction])) {
            return Some(ValueProblem::Decimal);
        }
    }
    let separators: String = text
        .chars()
        .filter(|&character| between(character))
        .collect();
    let groups: Vec<&str> = text.split(between).collect();
    let separator = separators.chars().next()?;
    let is_uniform = separators.chars().all(|character| character == separator);
    if is_uniform && is_thousands(&groups) {
        match separator {
            '.' | '\'' | '’' | '_' => return Some(ValueProblem::ThousandsSeparators),
            ',' => return Some(ValueProblem::ThousandsSeparatorsOrList),
            blank if blank.is_whitespace() => {
                return Some(ValueProblem::ThousandsSeparatorsOrList);
            }
            _ => {}
        }
    }
    let is_list = separators
        .chars()
        .all(|character| matches!(character, ';' | ',' | '|' | '/') || character.is_whitespace());
    let ids = groups.iter().filter(|group| !group.is_empty()).count();
    (is_list && ids > 1).then_some(ValueProblem::List)
}

/// Whether `character` is used between the thousands of a number, by people or spreadsheets.
pub(crate) fn separates_thousands(character: char) -> bool {
    matches!(character, ',' | '.' | '\'' | '’' | '_')
        || character.is_whitespace() && !character.is_control()
}

/// Whether all groups but the first have three digits, and the first one to three.
pub(crate) fn is_thousands(groups: &[&str]) -> bool {
    match groups {
        [first, rest @ ..] => {
            (1..=3).contains(&first.len())
                && !rest.is_empty()
                && rest.iter().all(|group| group.len() == 3)
        }
        [] => false,
    }
}

fn other_character_problem(text: &str) -> ValueProblem {
    let foreign = |character: char| character.is_numeric() && !character.is_ascii();
    if text.chars().any(char::is_alphabetic) {
        ValueProblem::Letters
    } else if text.chars().any(foreign) {
        ValueProblem::ForeignDigits
    } else {
        let other = text
            .chars()
            .find(|character| !(character.is_ascii_digit() || character.is_whitespace()));
        other.map_or(ValueProblem::Blank, ValueProblem::NotADigit)
    }
}

/// The problem of a trimmed value that is not an id, in a text that was decoded to UTF-8 from `encoding`.
pub(crate) fn bad_id(text: &str, encoding: TextEncoding) -> ValueProblem {
    if was_damaged(text, encoding) {
        ValueProblem::NotInEncoding(encoding)
    } else {
        id_problem(text)
    }
}

/// Whether `text` has the replacement character that a decoder inserts for invalid bytes.
pub(crate) fn was_damaged(text: &str, encoding: TextEncoding) -> bool {
    encoding != TextEncoding::UTF_8 && text.contains(char::REPLACEMENT_CHARACTER)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::pair::{ObjectType, RecordId};
    use ValueProblem::*;

    #[test]
    fn each_kind_of_damage_to_an_id_is_recognised() {
        for (text, problem) in [
            ("", Blank),
            ("5.12E+11", Scientific),
            ("5,12E+11", Scientific),
            ("5e11", Scientific),
            ("-5.12E-3", Scientific),
            ("51200.0", Decimal),
            ("51200,00", Decimal),
            ("51200.5", Decimal),
            ("51200.", Decimal),
            ("1.234", ThousandsSeparators),
            ("1.234.567", ThousandsSeparators),
            ("1'234'567", ThousandsSeparators),
            ("1,234,567", ThousandsSeparatorsOrList),
            ("1 234", ThousandsSeparatorsOrList),
            ("1\u{a0}234", ThousandsSeparatorsOrList),
            ("512;513", List),
            ("17,42", List),
            ("1;2;3", List),
            ("512 ; 513;", List),
            ("51200 51300", List),
            ("51200\n51300", List),
            ("1|2", List),
            ("1/2", List),
            ("1,2;3", List),
            ("'512", LeadingApostrophe),
            ("+512", Sign),
            ("-512", Sign),
            ("\u{2212}512", Sign),
            ("0", Zero),
            ("000", Zero),
            ("123456789012345678901", TooManyDigits(21)),
            ("０", ForeignDigits),
            ("٣٤٥", ForeignDigits),
            ("12x", Letters),
            ("abc", Letters),
            ("0x1F", Letters),
            ("1e", Letters),
            ("#1", NotADigit('#')),
            ("-", NotADigit('-')),
            ("12;", NotADigit(';')),
            ("5\n#", NotADigit('#')),
            ("5\u{2028}6", List),
            ("512\u{200b}", Invisible('\u{200b}')),
            ("\u{feff}512", Invisible('\u{feff}')),
            ("512\0", Invisible('\0')),
        ] {
            assert_eq!(RecordId::new(text), None, "{text:?}");
            assert_eq!(id_problem(text), problem, "{text:?}");
        }
    }

    #[test]
    fn a_type_is_refused_for_its_first_invalid_character() {
        let long = "x".repeat(129);
        for (text, problem) in [
            ("", Blank),
            ("con tacts", NotInTypes(' ')),
            ("a/b", NotInTypes('/')),
            ("é", NotInTypes('é')),
            ("contacts\u{200b}", Invisible('\u{200b}')),
            (long.as_str(), LongType(129)),
        ] {
            assert_eq!(ObjectType::new(text), None, "{text:?}");
            assert_eq!(type_problem(text), problem, "{text:?}");
        }
    }
}
