//! The field delimiter: given by the user, named by a first line such as `sep=;`, as Excel reads and writes it,
//! or guessed from the header: the candidate that yields the required columns, or else the most frequent one.
//!
//! Only the header is used for the guess, because data may contain any character any number of times. Pure.

use std::cmp::Reverse;
use std::fmt;
use std::str::FromStr;

/// One ASCII character that separates the fields of a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Delimiter(u8);

/// The delimiters that are tried for a header, the likeliest first: it wins a tie.
pub(crate) const CANDIDATES: [Delimiter; 4] = [
    Delimiter(b','),
    Delimiter(b';'),
    Delimiter(b'\t'),
    Delimiter(b'|'),
];

/// Why a text is not a [`Delimiter`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DelimiterError {
    /// Empty, several characters or not ASCII.
    #[error("a delimiter is one ASCII character, or `tab`")]
    NotOneCharacter,
    /// A character that already has a meaning in CSV.
    #[error("quotes, line breaks and NUL cannot be the delimiter")]
    Reserved,
}

impl Delimiter {
    /// The delimiter as a byte.
    #[must_use]
    pub fn as_byte(self) -> u8 {
        self.0
    }
}

impl fmt::Display for Delimiter {
    /// The delimiter as the user writes it.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            b'\t' => formatter.write_str("tab"),
            byte => write!(formatter, "{}", char::from(byte)),
        }
    }
}

impl FromStr for Delimiter {
    type Err = DelimiterError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text == "\\t" || text.eq_ignore_ascii_case("tab") {
            return Ok(Self(b'\t'));
        }
        match *text.as_bytes() {
            [b'"' | b'\r' | b'\n' | 0] => Err(DelimiterError::Reserved),
            [byte] if byte.is_ascii() => Ok(Self(byte)),
            _ => Err(DelimiterError::NotOneCharacter),
        }
    }
}

/// The maximum length of a line that names the delimiter.
const LINE_LENGTH: usize = b"\"sep=;\"\r\n".len();

/// Whether more bytes are needed to decide whether the first line names the delimiter.
pub(crate) fn may_become_a_line(bytes: &[u8]) -> bool {
    let unquoted = bytes.strip_prefix(b"\"").unwrap_or(bytes);
    let begun = unquoted.len().min(LINE_NAME.len());
    bytes.len() < LINE_LENGTH && unquoted[..begun].eq_ignore_ascii_case(&LINE_NAME[..begun])
}

const LINE_NAME: &[u8] = b"sep=";

/// The delimiter that the first line names, and the length of that line with its end.
pub(crate) fn named_by_line(bytes: &[u8]) -> Option<(Delimiter, usize)> {
    let end = bytes.iter().position(|byte| matches!(byte, b'\r' | b'\n'));
    let line = &bytes[..end.unwrap_or(bytes.len())];
    let unquoted = line
        .strip_prefix(b"\"")
        .and_then(|line| line.strip_suffix(b"\""));
    let (name, delimiter) = unquoted.unwrap_or(line).split_at_checked(LINE_NAME.len())?;
    if !name.eq_ignore_ascii_case(LINE_NAME) {
        return None;
    }
    let delimiter = str::from_utf8(delimiter).ok()?.parse().ok()?;
    let behind = match &bytes[line.len()..] {
        [b'\r', b'\n', ..] => 2,
        [] => 0,
        _ => 1,
    };
    Some((delimiter, line.len() + behind))
}

/// What the beginning of a file shows about its delimiter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct DelimiterCounts<'b> {
    /// The header, as far as it has been read.
    header: &'b [u8],
    /// How often each candidate occurs in it.
    counts: [usize; CANDIDATES.len()],
    /// Whether the header ended within the bytes, so that more bytes would change nothing.
    pub(crate) header_is_complete: bool,
}

impl DelimiterCounts<'_> {
    /// The most frequent candidate among those that yield the columns; if none does, the most frequent of all.
    pub(crate) fn delimiter(&self, has_columns: &dyn Fn(&[String]) -> bool) -> Delimiter {
        let mut ranked = [0, 1, 2, 3];
        ranked.sort_by_key(|&index: &usize| Reverse(self.counts[index]));
        let mut met = ranked.into_iter().filter(|&index| self.counts[index] > 0);
        let fits = met.find(|&index| has_columns(&fields_of(self.header, CANDIDATES[index])));
        CANDIDATES[fits.unwrap_or(ranked[0])]
    }

    /// The candidates besides `in_use` that occur in the header.
    pub(crate) fn others(&self, in_use: Delimiter) -> Vec<Delimiter> {
        let candidates = CANDIDATES.into_iter().zip(self.counts);
        candidates
            .filter(|&(candidate, count)| count > 0 && candidate != in_use)
            .map(|(candidate, _)| candidate)
            .collect()
    }
}

/// The fields of one record, without their quotes.
pub(crate) fn fields_of(record: &[u8], delimiter: Delimiter) -> Vec<String> {
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .delimiter(delimiter.as_byte())
        .from_reader(record);
    let first = reader.byte_records().next().and_then(Result::ok);
    let fields = first.iter().flat_map(csv::ByteRecord::iter);
    fields
        .map(|field| String::from_utf8_lossy(field).into_owned())
        .collect()
}

/// Counts the candidates outside quotes in the first record of `bytes`.
pub(crate) fn sniff(bytes: &[u8]) -> DelimiterCounts<'_> {
    let mut counts = [0_usize; CANDIDATES.len()];
    let mut in_quotes = false;
    // A quote has a meaning only at the start of a field, or directly after the quote that ended one.
    let mut quote_can_open = true;
    let mut header_is_complete = false;
    let blank_lines = bytes
        .iter()
        .take_while(|byte| matches!(byte, b'\r' | b'\n'))
        .count();
    let mut length = bytes.len();
    for (place, &byte) in bytes.iter().enumerate().skip(blank_lines) {
        if in_quotes {
            in_quotes = byte != b'"';
            quote_can_open = !in_quotes;
        } else if byte == b'"' && quote_can_open {
            in_quotes = true;
        } else if matches!(byte, b'\r' | b'\n') {
            header_is_complete = true;
            length = place;
            break;
        } else {
            let candidate = CANDIDATES
                .iter()
                .position(|candidate| candidate.as_byte() == byte);
            if let Some(index) = candidate {
                counts[index] += 1;
            }
            quote_can_open = candidate.is_some();
        }
    }
    DelimiterCounts {
        header: &bytes[blank_lines..length],
        counts,
        header_is_complete,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_delimiter_is_one_ascii_character_or_tab() {
        for (text, expected) in [
            (",", Ok(b',')),
            (";", Ok(b';')),
            ("|", Ok(b'|')),
            (" ", Ok(b' ')),
            ("\t", Ok(b'\t')),
            ("\\t", Ok(b'\t')),
            ("tab", Ok(b'\t')),
            ("TAB", Ok(b'\t')),
            ("", Err(DelimiterError::NotOneCharacter)),
            (",,", Err(DelimiterError::NotOneCharacter)),
            ("é", Err(DelimiterError::NotOneCharacter)),
            ("\"", Err(DelimiterError::Reserved)),
            ("\n", Err(DelimiterError::Reserved)),
            ("\r", Err(DelimiterError::Reserved)),
            ("\0", Err(DelimiterError::Reserved)),
        ] {
            assert_eq!(
                Delimiter::from_str(text).map(Delimiter::as_byte),
                expected,
                "{text:?}"
            );
        }
    }

    #[test]
    fn the_delimiter_is_the_most_frequent_candidate_outside_quotes_in_the_header() {
        for (header, delimiter, complete) in [
            ("", b',', false),
            ("only", b',', false),
            ("only\n", b',', true),
            ("a,b\n1;2;3;4", b',', true),
            ("a;b\r\n", b';', true),
            ("a\tb\r", b'\t', true),
            ("a|b", b'|', false),
            ("a,b;c", b',', false),
            ("a;b;c,d", b';', false),
            ("\"a,b,c\";d\n", b';', true),
            ("\"a\"\",,\"\"b\";d\n", b';', true),
            ("\"a\nb\",c\n", b',', true),
            ("a 5\" wide;b,c,d\n", b',', true),
            ("\r\n\n\na;b\n,,,,", b';', true),
            ("\"open,,,\n;", b',', false),
        ] {
            let sniffed = sniff(header.as_bytes());
            let chosen = sniffed.delimiter(&|_| false);
            assert_eq!(chosen.as_byte(), delimiter, "{header:?}");
            assert_eq!(sniffed.header_is_complete, complete, "{header:?}");
        }
    }

    #[test]
    fn a_delimiter_that_yields_the_columns_wins_over_one_that_is_more_frequent() {
        let has_columns = |fields: &[String]| fields.iter().any(|field| field == "from_id");
        for (header, delimiter) in [
            ("from_id;to_id;a, b, c, d\n", b';'),
            ("from_id|to_id;x;y;z", b'|'),
            ("\"from_id\"\tto_id,x,y,z", b'\t'),
            ("from_id,to_id;x", b','),
            // No candidate does.
            ("from id;to_id,x,y", b','),
        ] {
            let chosen = sniff(header.as_bytes()).delimiter(&has_columns);
            assert_eq!(chosen.as_byte(), delimiter, "{header:?}");
        }
    }
}
