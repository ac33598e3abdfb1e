//! How text from files and servers is shown: escaped, on one line, shortened.
//!
//! All text that a message quotes passes through here, so that a cell cannot move the cursor, change the
//! terminal's colours, hide text behind invisible characters or fill the screen. Not for data that is written
//! back to a file.

use std::ffi::{OsStr, OsString};
use std::fmt::Write as _;
use std::path::Path;

/// The mark that some programs write at the start of a text in UTF-8.
pub const BYTE_ORDER_MARK: &str = "\u{feff}";

/// Whether `character` is invisible: a control character, or one that only joins, marks or reorders its
/// neighbours.
#[must_use]
pub fn is_invisible(character: char) -> bool {
    character.is_control()
        || matches!(
            character,
            '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
                | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}'
        )
}

/// Shows `text` in at most `max_chars` characters: invisible characters become `
/// `, `\t` or `\u{1b}`, and text that does not fit becomes one `…`. An escape is never cut in half.
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

/// Joins the words of `text` by single spaces, so that no line end, control or invisible character is left, and
/// keeps at most `max_chars` characters of it, the last one then being `…`.
#[must_use]
pub fn one_line(text: &str, max_chars: usize) -> String {
    let mut line = String::new();
    let mut length = 0;
    let words = text
        .split(|c: char| c.is_whitespace() || is_invisible(c))
        .filter(|word| !word.is_empty());
    for word in words {
        if !line.is_empty() {
            line.push(' ');
            length += 1;
        }
        line.push_str(word);
        length += word.chars().count();
        if length > max_chars {
            break;
        }
    }
    if let Some((cut, _)) = line.char_indices().nth(max_chars) {
        line.truncate(cut);
        line.pop();
        line.push('…');
    }
    line
}

/// `text` quoted as one word of a shell. Invisible characters and bytes that are not text are written in
/// `$'…'`, which bash, zsh and POSIX since 2024 support.
#[must_use]
pub fn shell_word(text: impl AsRef<OsStr>) -> String {
    let bytes = text.as_ref().as_encoded_bytes();
    let is_plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"-_./:=,@%+".contains(byte);
    // In zsh, a word that begins with `=` is expanded to a program's path.
    if !bytes.is_empty() && bytes[0] != b'=' && bytes.iter().all(is_plain) {
        return text.as_ref().to_string_lossy().into_owned();
    }
    match str::from_utf8(bytes) {
        Ok(text) if !text.contains(is_invisible) => format!("'{}'", text.replace('\'', r"'\''")),
        _ => {
            let mut word = "$'".to_owned();
            for chunk in bytes.utf8_chunks() {
                for character in chunk.valid().chars() {
                    match character {
                        '\'' | '\\' => word.extend(['\\', character]),
                        character if is_invisible(character) => {
                            let mut bytes = [0; 4];
                            push_escaped(&mut word, character.encode_utf8(&mut bytes).as_bytes());
                        }
                        character => word.push(character),
                    }
                }
                push_escaped(&mut word, chunk.invalid());
            }
            word.push('\'');
            word
        }
    }
}

/// Octal escapes always have three digits, so that a digit after them is not taken for a part of them.
fn push_escaped(word: &mut String, bytes: &[u8]) {
    for byte in bytes {
        let _infallible = write!(word, "\\{byte:03o}");
    }
}

/// A flag, without dashes, and its value as words. A value that looks like a flag needs `=`.
#[must_use]
pub fn shell_flag(flag: &str, value: impl AsRef<OsStr>) -> String {
    let value = value.as_ref();
    let bytes = value.as_encoded_bytes();
    if bytes.starts_with(b"-") && bytes.len() > 1 {
        let mut word = OsString::from(format!("--{flag}="));
        word.push(value);
        shell_word(word)
    } else {
        format!("--{flag} {}", shell_word(value))
    }
}

/// A path as a word that no command takes for a flag.
#[must_use]
pub fn shell_path(path: impl AsRef<OsStr>) -> String {
    let path = path.as_ref();
    let bytes = path.as_encoded_bytes();
    if bytes.starts_with(b"-") && bytes.len() > 1 {
        shell_word(Path::new(".").join(path))
    } else {
        shell_word(path)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn an_excerpt_escapes_invisible_characters() {
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
    fn a_word_is_quoted_for_a_shell() {
        for (text, word) in [
            ("pairs.csv", "pairs.csv"),
            ("", "''"),
            ("my pairs.csv", "'my pairs.csv'"),
            ("it's", r"'it'\''s'"),
            ("$HOME`x`\"!~*", "'$HOME`x`\"!~*'"),
            ("=x", "'=x'"),
            ("été", "'été'"),
            ("a\nb'\\1", r"$'a\012b\'\\1'"),
            ("\u{feff}1", r"$'\357\273\2771'"),
        ] {
            assert_eq!(shell_word(text), word);
        }
        for (path, word) in [
            ("-x.csv", "./-x.csv"),
            ("- x.csv", "'./- x.csv'"),
            ("--resume", "./--resume"),
            ("-", "-"),
            ("/a/-x", "/a/-x"),
        ] {
            assert_eq!(shell_path(path), word);
        }
    }

    #[cfg(unix)]
    proptest! {
        #![proptest_config(ProptestConfig::with_cases(32))]
        #[test]
        fn a_shell_reads_back_every_word(bytes in prop::collection::vec(1_u8.., 0..20)) {
            use std::os::unix::ffi::OsStrExt;
            let word = shell_word(OsStr::from_bytes(&bytes));
            let script = format!("printf %s {word}");
            prop_assert!(!script.chars().any(is_invisible));
            let printed = std::process::Command::new("bash")
                .env("LC_ALL", "C")
                .args(["-c", &script])
                .output()
                .unwrap();
            prop_assert_eq!(printed.stdout, bytes);
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
