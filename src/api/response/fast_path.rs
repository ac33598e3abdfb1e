//! Parses the most common success body in one pass. Pure.
//!
//! Any body with another field, or a field of another type, is rejected here and parsed by
//! [`crate::api::response::body`], so that speed never changes what a reply means.
//!
//! serde needs twice as many instructions for these bodies.

use crate::api::response::envelope::{Envelope, Linked, MAX_TEXT_CHARS};

/// Parses such a body; `None` if it is any other.
pub(crate) fn read(bytes: &[u8]) -> Option<Envelope> {
    let mut parser = Parser {
        rest: str::from_utf8(bytes).ok()?,
    };
    let mut status = None;
    let mut results = None;
    parser.object(|parser| {
        if parser.name("\"results\"") {
            set(&mut results, parser.links()?)
        } else if parser.name("\"status\"") {
            set(&mut status, parser.text()?.into())
        } else if parser.name("\"startedAt\"")
            || parser.name("\"completedAt\"")
            || parser.name("\"requestedAt\"")
        {
            parser.text_or_null()
        } else {
            None
        }
    })?;
    parser.end()?;
    Some(Envelope {
        status: Some(status?),
        results: results?,
        ..Envelope::default()
    })
}

/// The bytes that end a text, or that a text without escapes cannot contain. A table is faster than comparisons.
const ENDS: [bool; 256] = {
    let mut ends = [false; 256];
    let mut control = 0;
    while control < b' ' {
        ends[control as usize] = true;
        control += 1;
    }
    ends[b'"' as usize] = true;
    ends[b'\\' as usize] = true;
    ends
};

/// Sets a field. A repeated field is rejected.
fn set<T>(field: &mut Option<T>, value: T) -> Option<()> {
    field.replace(value).is_none().then_some(())
}

/// The part of a body that is not parsed yet. Each method parses one item; `None` if something else is there.
struct Parser<'b> {
    rest: &'b str,
}

impl<'b> Parser<'b> {
    fn links(&mut self) -> Option<Vec<Linked>> {
        // One for each direction.
        let mut links = Vec::with_capacity(2);
        self.list(['[', ']'], |parser| {
            links.push(parser.link()?);
            Some(())
        })?;
        Some(links)
    }

    fn link(&mut self) -> Option<Linked> {
        let (mut from, mut to, mut type_id) = (None, None, None);
        self.object(|parser| {
            if parser.name("\"from\"") {
                set(&mut from, parser.id()?)
            } else if parser.name("\"to\"") {
                set(&mut to, parser.id()?)
            } else if parser.name("\"associationSpec\"") {
                set(&mut type_id, parser.type_id()?)
            } else {
                None
            }
        })?;
        Some(Linked {
            from: from?.into(),
            to: to?.into(),
            type_id: Some(type_id?.into()),
            labels: None,
        })
    }

    /// The `from` or `to` of a link.
    fn id(&mut self) -> Option<&'b str> {
        let mut id = None;
        self.object(|parser| {
            if parser.name("\"id\"") {
                set(&mut id, parser.text()?)
            } else {
                None
            }
        })?;
        id
    }

    /// The type in an `associationSpec`.
    fn type_id(&mut self) -> Option<&'b str> {
        let mut type_id = None;
        self.object(|parser| {
            if parser.name("\"associationTypeId\"") {
                set(&mut type_id, parser.integer()?)
            } else if parser.name("\"associationCategory\"") {
                parser.text_or_null()
            } else {
                None
            }
        })?;
        type_id
    }

    /// An object; `field` parses one field, from its name.
    #[inline]
    fn object(&mut self, mut field: impl FnMut(&mut Self) -> Option<()>) -> Option<()> {
        self.list(['{', '}'], |parser| {
            parser.skip_blanks();
            field(parser)
        })
    }

    /// Items between these brackets, separated by commas.
    #[inline]
    fn list(
        &mut self,
        [open, close]: [char; 2],
        mut item: impl FnMut(&mut Self) -> Option<()>,
    ) -> Option<()> {
        self.skip(open)?;
        if self.skip(close).is_some() {
            return Some(());
        }
        loop {
            item(self)?;
            if self.skip(',').is_none() {
                return self.skip(close);
            }
        }
    }

    /// Skips the name of a field, in its quotes, and the colon.
    #[inline]
    fn name(&mut self, quoted: &str) -> bool {
        let Some(rest) = self.rest.strip_prefix(quoted) else {
            return false;
        };
        self.rest = rest;
        self.skip(':').is_some()
    }

    fn text_or_null(&mut self) -> Option<()> {
        self.skip_blanks();
        match self.rest.strip_prefix("null") {
            Some(rest) => self.rest = rest,
            None => drop(self.text()?),
        }
        Some(())
    }

    /// A text without escapes, short enough to be kept in full.
    fn text(&mut self) -> Option<&'b str> {
        self.skip('"')?;
        let mut bytes = self.rest.bytes();
        let end = bytes.position(|byte| ENDS[usize::from(byte)])?;
        let (text, rest) = self.rest.split_at_checked(end)?;
        self.rest = rest.strip_prefix('"')?;
        (end <= MAX_TEXT_CHARS).then_some(text)
    }

    /// A number of digits only, as JSON spells it.
    fn integer(&mut self) -> Option<&'b str> {
        self.skip_blanks();
        let end = self.rest.bytes().position(|byte| !byte.is_ascii_digit())?;
        let (digits, rest) = self.rest.split_at_checked(end)?;
        self.rest = rest;
        let is_integer = !digits.is_empty() && !rest.starts_with(['.', 'e', 'E']);
        let is_padded = digits.starts_with('0') && digits != "0";
        (is_integer && !is_padded && end <= MAX_TEXT_CHARS).then_some(digits)
    }

    /// Skips blanks and then this character.
    #[inline]
    fn skip(&mut self, character: char) -> Option<()> {
        // There is nearly never a blank.
        if !self.rest.starts_with(character) {
            self.skip_blanks();
        }
        self.rest = self.rest.strip_prefix(character)?;
        Some(())
    }

    #[inline]
    fn skip_blanks(&mut self) {
        while let Some(b' ' | b'\t' | b'\r' | b'\n') = self.rest.as_bytes().first() {
            self.rest = &self.rest[1..];
        }
    }

    fn end(&mut self) -> Option<()> {
        self.skip_blanks();
        self.rest.is_empty().then_some(())
    }
}
