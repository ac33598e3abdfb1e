//! Searches for the header when the first line is not one, for hints. Pure.

use crate::input::csv::comment::Comment;
use crate::input::csv::delimiter::{CANDIDATES, Delimiter, fields_of};
use crate::text::shell_word;

/// The number of lines that are searched.
const LINES: usize = 100;

/// A line that has the four columns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct FoundHeader {
    /// Its line, counted from 1.
    line: u64,
    /// The delimiter, if it differs from the one in use.
    delimiter: Option<Delimiter>,
    /// The character at the start of all lines above it, if it can mark comments.
    comment: Option<Comment>,
}

/// Searches a text, given with the number of its first line, for a header below the line `above`: with the
/// delimiter `in_use` or another one.
pub(crate) fn find_header(
    (text, first_line): (&[u8], u64),
    above: &[u8],
    in_use: Delimiter,
    has_columns: &dyn Fn(&[String]) -> bool,
) -> Option<FoundHeader> {
    let end = if text.contains(&b'\n') { b'\n' } else { b'\r' };
    let is_comment = |line: &[u8]| line.starts_with(&[Comment::NUMBER_SIGN.as_byte()]);
    let mut all_comments = above.is_empty() || is_comment(above);
    for (line, number) in text
        .split(|&byte| byte == end)
        .take(LINES)
        .zip(first_line..)
    {
        let line = line.trim_ascii_end();
        let others = CANDIDATES.into_iter().filter(|&other| other != in_use);
        let mut delimiters = [in_use].into_iter().chain(others);
        let found = delimiters.find(|&delimiter| has_columns(&fields_of(line, delimiter)));
        if let Some(delimiter) = found {
            return Some(FoundHeader {
                line: number,
                delimiter: (delimiter != in_use).then_some(delimiter),
                comment: (all_comments && (number > first_line || !above.is_empty()))
                    .then_some(Comment::NUMBER_SIGN),
            });
        }
        all_comments &= line.is_empty() || is_comment(line);
    }
    None
}

impl FoundHeader {
    /// The flags that make it the header. `first_line` is where the header was expected; a delimiter that no
    /// flag gives is guessed again.
    pub(crate) fn hint(&self, first_line: u64, says_delimiter: bool) -> String {
        let mut flags = Vec::new();
        if self.line != first_line {
            flags.push(format!("--skip-lines {}", self.line - 1));
        }
        if let Some(delimiter) = self.delimiter
            && (says_delimiter || flags.is_empty())
        {
            flags.push(format!("--delimiter {}", shell_word(delimiter.to_string())));
        }
        let other = match self.comment {
            Some(comment) => format!(", or `--comment {}`", shell_word(comment.to_string())),
            None => String::new(),
        };
        let Self { line, .. } = self;
        format!(
            "line {line} has the columns: add `{}`{other}",
            flags.join(" ")
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hint(text: &str, in_use: &str, says_delimiter: bool) -> Option<String> {
        let has_columns = |fields: &[String]| fields.len() > 1 && fields[0].starts_with("from");
        let in_use = in_use.parse().unwrap();
        let found = find_header((text.as_bytes(), 2), b"", in_use, &has_columns);
        found.map(|found| found.hint(2, says_delimiter))
    }

    #[test]
    fn a_header_below_other_lines_is_found_with_the_flags_that_read_it() {
        for (text, says_delimiter, expected) in [
            (
                "Report\n\nfrom,to\n1,2\n",
                false,
                Some("line 4 has the columns: add `--skip-lines 3`"),
            ),
            (
                "Report\rfrom,to\r1,2",
                false,
                Some("line 3 has the columns: add `--skip-lines 2`"),
            ),
            (
                "Report\r\nfrom;to\r\n",
                false,
                Some("line 3 has the columns: add `--skip-lines 2`"),
            ),
            (
                "Report\nfrom;to\n",
                true,
                Some("line 3 has the columns: add `--skip-lines 2 --delimiter ';'`"),
            ),
            (
                "from\tto\n",
                true,
                Some("line 2 has the columns: add `--delimiter tab`"),
            ),
            (
                "# made by x\n#\nfrom,to\n",
                false,
                Some("line 4 has the columns: add `--skip-lines 3`, or `--comment '#'`"),
            ),
            ("Report\nto,from\n", false, None),
            ("", false, None),
        ] {
            assert_eq!(
                hint(text, ",", says_delimiter).as_deref(),
                expected,
                "{text:?}"
            );
        }
        let late = format!("{}from,to\n", "x\n".repeat(150));
        assert_eq!(hint(&late, ",", false), None);
    }
}
