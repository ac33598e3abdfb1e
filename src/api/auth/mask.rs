//! Masks a secret in text from a server, however JSON escapes it. Pure.
//!
//! The bytes are searched before they are parsed: otherwise an escape such as `\\u0070` or `\\/` would turn into the
//! secret in the report. Text nested in JSON text is escaped twice, so a few levels are searched.

use memchr::memchr;
use memchr::memmem::Finder;

/// How many levels of nested escapes are searched.
const LEVELS: usize = 3;

/// Replaces what `finder` finds with `mask`.
pub(crate) fn hide(bytes: &mut Vec<u8>, finder: &Finder<'_>, mask: &[u8]) {
    hide_plain(bytes, finder, mask);
    // Nearly no reply contains an escape.
    if memchr(b'\\', bytes).is_some() {
        hide_escaped(bytes, finder, mask);
    }
}

fn hide_plain(bytes: &mut Vec<u8>, finder: &Finder<'_>, mask: &[u8]) {
    let mut from = 0;
    while let Some(place) = finder.find(&bytes[from..]) {
        let start = from + place;
        bytes.splice(start..start + finder.needle().len(), mask.iter().copied());
        // The inserted mask is not searched again.
        from = start + mask.len();
    }
}

fn hide_escaped(bytes: &mut Vec<u8>, finder: &Finder<'_>, mask: &[u8]) {
    let mut found = Vec::new();
    let mut text = Unescaped::of(bytes);
    for _ in 0..LEVELS {
        found.extend(text.places(finder));
        if memchr(b'\\', &text.bytes).is_none() {
            break;
        }
        text = text.again();
    }
    found.sort_unstable();
    found.dedup();
    let mut end = bytes.len();
    for (start, stop) in found.into_iter().rev() {
        // A position found at two levels is masked once.
        if stop <= end {
            bytes.splice(start..stop, mask.iter().copied());
            end = start;
        }
    }
}

/// A text without its escapes, and the original position of each byte.
struct Unescaped {
    bytes: Vec<u8>,
    /// One more entry than there are bytes: the last one is the end.
    starts: Vec<usize>,
}

impl Unescaped {
    fn of(escaped: &[u8]) -> Self {
        Self::with(escaped, |place| place)
    }

    /// Removes one more level of escapes.
    fn again(self) -> Self {
        Self::with(&self.bytes, |place| self.starts[place])
    }

    fn with(escaped: &[u8], start: impl Fn(usize) -> usize) -> Self {
        let mut bytes = Vec::with_capacity(escaped.len());
        let mut starts = Vec::with_capacity(escaped.len() + 1);
        let mut place = 0;
        while place < escaped.len() {
            let (byte, length) = first(&escaped[place..]);
            bytes.push(byte);
            starts.push(start(place));
            place += length;
        }
        starts.push(start(escaped.len()));
        Self { bytes, starts }
    }

    /// The positions of the secret in the original text.
    fn places<'t>(&'t self, finder: &'t Finder<'_>) -> impl Iterator<Item = (usize, usize)> + 't {
        let places = finder.find_iter(&self.bytes);
        places.map(|place| {
            let end = place + finder.needle().len();
            (self.starts[place], self.starts[end])
        })
    }
}

/// The first byte of a text, unescaped, and the length of its escaped form. Non-ASCII characters are irrelevant here.
fn first(text: &[u8]) -> (u8, usize) {
    let [b'\\', kind, rest @ ..] = text else {
        return (text[0], 1);
    };
    match kind {
        b'u' => rest
            .get(..4)
            .and_then(|digits| std::str::from_utf8(digits).ok())
            .and_then(|digits| u16::from_str_radix(digits, 16).ok())
            .map_or((b'\\', 1), |code| (u8::try_from(code).unwrap_or(0xff), 6)),
        b'"' | b'\\' | b'/' => (*kind, 2),
        b'b' | b'f' | b'n' | b'r' | b't' => (b' ', 2),
        _ => (b'\\', 1),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const SECRET: &str = "pat-na1-0123456789/ab";

    fn hidden(text: &str) -> String {
        let mut bytes = text.as_bytes().to_vec();
        hide(&mut bytes, &Finder::new(SECRET), b"(token)");
        String::from_utf8(bytes).unwrap()
    }

    #[test]
    fn a_secret_is_masked_however_it_is_escaped() {
        for (sent, expected) in [
            (
                r#"{"m":"no pat-na1-0123456789/ab!"}"#,
                r#"{"m":"no (token)!"}"#,
            ),
            (
                r#"{"m":"no pat-na1-0123456789\/ab!"}"#,
                r#"{"m":"no (token)!"}"#,
            ),
            (
                r#"{"m":"\u0070at\u002dna1\u002D0123456789\u002fab"}"#,
                r#"{"m":"(token)"}"#,
            ),
            (
                r#"{"m":"\"pat-na1-0123456789\/ab\" pat-na1-0123456789/ab"}"#,
                r#"{"m":"\"(token)\" (token)"}"#,
            ),
            (
                r#"{"m":"{\"t\":\"\\u0070at-na1-0123456789\\/ab\"}"}"#,
                r#"{"m":"{\"t\":\"(token)\"}"}"#,
            ),
            (r#"{"m":"\u00"}"#, r#"{"m":"\u00"}"#),
            (r"\", r"\"),
            (r"\u", r"\u"),
            (r"pat-na1-\n0123456789\/ab", r"pat-na1-\n0123456789\/ab"),
        ] {
            assert_eq!(hidden(sent), expected);
        }
    }

    /// How a character may be escaped in JSON, at one level or two.
    fn escaped(character: char, form: u8) -> String {
        let code = u32::from(character);
        match form {
            0 => character.to_string(),
            1 => format!("\\u{code:04x}"),
            2 => format!("\\u{code:04X}"),
            3 => format!("\\\\u{code:04x}"),
            _ if character == '/' => "\\/".to_owned(),
            _ => character.to_string(),
        }
    }

    proptest! {
        #[test]
        fn no_parsed_text_holds_the_secret(
            forms in prop::collection::vec(0_u8..5, SECRET.len()),
            around in r#"[a-z "\\]{0,12}"#,
        ) {
            let secret: String = SECRET
                .chars()
                .zip(&forms)
                .map(|(character, form)| escaped(character, *form))
                .collect();
            let around = around.replace('\\', "\\\\").replace('"', "\\\"");
            let hidden = hidden(&format!("\"{around} {secret} {around}\""));
            let once: String = serde_json::from_str(&hidden).unwrap();
            prop_assert!(!once.contains(SECRET));
            if forms.contains(&3) && let Ok(twice) = serde_json::from_str::<String>(&format!("\"{once}\"")) {
                prop_assert!(!twice.contains(SECRET));
            }
        }

        #[test]
        fn arbitrary_bytes_without_the_secret_are_unchanged(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let mut hidden = bytes.clone();
            hide(&mut hidden, &Finder::new(SECRET), b"(token)");
            prop_assert_eq!(hidden, bytes);
        }
    }
}
