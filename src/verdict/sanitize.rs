//! Limits text from a server to what one line of the report holds. Pure.

use crate::domain::outcome::Details;
use crate::text::one_line;

/// Maximum length of a message, in characters.
pub const MAX_MESSAGE_CHARS: usize = 1000;

/// Maximum length of a category, status or correlation id, in characters.
const MAX_WORD_CHARS: usize = 200;

/// Maximum number of categories.
pub(crate) const MAX_WORDS: usize = 10;

/// Limits text from a server to a single line of bounded length.
pub(crate) fn sanitize(details: &mut Details) {
    sanitize_text(&mut details.message, MAX_MESSAGE_CHARS);
    if let Some(id) = &mut details.correlation_id {
        sanitize_text(id, MAX_WORD_CHARS);
    }
    for list in [&mut details.categories, &mut details.subcategories] {
        list.truncate(MAX_WORDS);
        for text in list {
            sanitize_text(text, MAX_WORD_CHARS);
        }
    }
    details.association_type_ids.truncate(MAX_WORDS);
    let words = details.batch_status.iter_mut();
    for word in words.chain(&mut details.association_type_ids) {
        if !is_sanitized(word, MAX_WORD_CHARS) {
            *word = one_line(word, MAX_WORD_CHARS).into();
        }
    }
}

fn sanitize_text(text: &mut String, max_chars: usize) {
    if !is_sanitized(text, max_chars) {
        *text = one_line(text, max_chars);
    }
}

/// Whether the text is already sanitized: words separated by single blanks, as almost all are.
fn is_sanitized(text: &str, max_chars: usize) -> bool {
    text.len() <= max_chars && (is_word(text) || is_one_line(text))
}

/// Whether the text has no blanks, as ids and categories. Cheaper than the test for any other text.
fn is_word(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_graphic())
}

fn is_one_line(text: &str) -> bool {
    let mut was_blank = true;
    let is_one_line = text.bytes().all(|byte| {
        let is_blank = byte == b' ';
        let may_follow = byte.is_ascii_graphic() || is_blank && !was_blank;
        was_blank = is_blank;
        may_follow
    });
    is_one_line && !was_blank
}
