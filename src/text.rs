//! How text from files and servers is shown: escaped, on one line, shortened.
//!
//! Whatever a message quotes passes through here, so that a cell cannot move the cursor, colour the
//! terminal, hide behind invisible characters or fill the screen. Nothing here is for data that is
//! written back to a file.

/// Whether `character` takes no visible place: a control character, or one that only joins, marks
/// or reorders its neighbours.
#[must_use]
pub fn is_invisible(character: char) -> bool {
    character.is_control()
        || matches!(
            character,
            '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
                | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}'
        )
}

/// Shows `text` in at most `max_chars` characters: what cannot be seen becomes `\n`, `\t` or
/// `\u{1b}`, and what does not fit becomes one `…`. An escape is never cut in half.
#[must_use]
pub fn excerpt(text: &str, max_chars: usize) -> String {
    let mut shown = String::with_capacity(text.len().min(max_chars));
    let mut length = 0;
    let mut end_before_ellipsis = 0;
    for character in text.chars() {
        let start = shown.len();
        if is_invisible(character) {
            shown.extend(character.escape_default());
            length += shown.len() - start;
        } else {
            shown.push(character);
            length += 1;
        }
        if length > max_chars {
            shown.truncate(end_before_ellipsis);
            if max_chars > 0 {
                shown.push('…');
            }
            return shown;
        }
        if length < max_chars {
            end_before_ellipsis = shown.len();
        }
    }
    shown
}

/// Joins the words of `text` by single spaces, so that no line end, control or invisible character is
/// left, and keeps at most `max_chars` characters of it, the last one then being `…`.
#[must_use]
pub fn one_line(text: &str, max_chars: usize) -> String {
    let mut line = String::new();
    let words = text
        .split(|c: char| c.is_whitespace() || is_invisible(c))
        .filter(|word| !word.is_empty());
    for word in words {
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
    }
    if let Some((cut, _)) = line.char_indices().nth(max_chars) {
        line.truncate(cut);
        line.pop();
        line.push('…');
    }
    line
}

/// `text` as a POSIX shell takes it for one word.
#[must_use]
pub fn shell_word(text: &str) -> String {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_./:=,@%+".contains(&byte);
    if !text.is_empty() && text.bytes().all(is_plain) {
        text.to_owned()
    } else {
        format!("'{}'", text.replace('\'', r"'\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn an_excerpt_escapes_what_cannot_be_seen() {
        for (text, shown) in [
            ("", ""),
            ("plain é 漢字", "plain é 漢字"),
            ("C:\\tmp", "C:\\tmp"),
            ("a\nb\r\tc", "a\\nb\\r\\tc"),
            ("\u{1b}[31mred", "\\u{1b}[31mred"),
            ("\0\u{7f}\u{9b}", "\\u{0}\\u{7f}\\u{9b}"),
            ("5\u{200b}1\u{feff}", "5\\u{200b}1\\u{feff}"),
            ("\u{202e}txt", "\\u{202e}txt"),
        ] {
            assert_eq!(excerpt(text, 80), shown, "{text:?}");
        }
    }

    #[test]
    fn an_excerpt_is_shortened_without_cutting_an_escape() {
        for (text, max_chars, shown) in [
            ("abcdef", 6, "abcdef"),
            ("abcdef", 5, "abcd…"),
            ("漢字漢字", 3, "漢字…"),
            ("abc\u{1b}", 5, "abc…"),
            ("ab\n", 4, "ab\\n"),
            ("ab\nc", 4, "ab…"),
            ("abc", 1, "…"),
            ("abc", 0, ""),
        ] {
            assert_eq!(excerpt(text, max_chars), shown, "{text:?} in {max_chars}");
        }
    }

    proptest! {
        #[test]
        fn an_excerpt_is_one_visible_line_of_bounded_length(text: String, max_chars in 0_usize..40) {
            let shown = excerpt(&text, max_chars);
            prop_assert!(shown.chars().count() <= max_chars);
            prop_assert!(!shown.chars().any(is_invisible));
        }
    }

    #[test]
    fn words_are_joined_and_control_characters_dropped() {
        for (text, expected) in [
            ("", ""),
            (" a\r\n\tb ", "a b"),
            ("\u{1b}[31mred\u{7}", "[31mred"),
            ("a\u{2028}b\u{85}c", "a b c"),
        ] {
            assert_eq!(one_line(text, 100), expected);
        }
    }

    #[test]
    fn a_long_text_ends_with_an_ellipsis_within_the_bound() {
        assert_eq!(one_line("äöüß", 4), "äöüß");
        assert_eq!(one_line("äöüßx", 4), "äöü…");
    }
}
