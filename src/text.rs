//! Text from files and servers, made fit for a line of ours.

/// Joins the words of `text` by single spaces, so that no line end or control character is left, and
/// keeps at most `max_chars` characters of it, the last one then being `…`.
#[must_use]
pub fn one_line(text: &str, max_chars: usize) -> String {
    let mut line = String::new();
    let words = text
        .split(|c: char| c.is_whitespace() || c.is_control())
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

#[cfg(test)]
mod tests {
    use super::*;

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
