//! The fields of one record.

/// The fields of a record, borrowed from where they were split.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Fields<'f> {
    bytes: &'f [u8],
    ends: &'f [usize],
    /// Bytes between two fields: the length of the delimiter, or zero.
    gap: usize,
}

impl<'f> Fields<'f> {
    /// Fields without quotes that still have the delimiter between them; `ends` has the end of each.
    pub(crate) fn with_delimiters(bytes: &'f [u8], ends: &'f [usize]) -> Self {
        Self {
            bytes,
            ends,
            gap: 1,
        }
    }

    /// Fields that follow one another, without their quotes.
    pub(crate) fn unquoted(bytes: &'f [u8], ends: &'f [usize]) -> Self {
        Self {
            bytes,
            ends,
            gap: 0,
        }
    }

    /// All bytes of the fields, with or without the delimiters.
    pub(crate) fn bytes(&self) -> &'f [u8] {
        self.bytes
    }

    /// The number of fields.
    pub(crate) fn count(&self) -> usize {
        self.ends.len()
    }

    /// A field by its index counted from 0.
    pub(crate) fn get(&self, index: usize) -> Option<&'f [u8]> {
        let end = *self.ends.get(index)?;
        let start = match index.checked_sub(1) {
            Some(before) => self.ends[before] + self.gap,
            None => 0,
        };
        Some(&self.bytes[start..end])
    }

    /// All fields in order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &'f [u8]> {
        let fields = *self;
        (0..fields.count()).filter_map(move |index| fields.get(index))
    }
}
