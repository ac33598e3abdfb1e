//! How far the input has been read, for display by another thread.
//!
//! One writer, the thread that reads; any number of readers. The numbers are for display: each is exact, but
//! they are not a consistent snapshot.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};

/// How far an input has been read.
#[derive(Debug, Default)]
pub struct ReadProgress {
    size: Option<u64>,
    rows: AtomicU64,
    finished: AtomicBool,
    /// Bytes of the file, in its own encoding, read so far.
    raw: AtomicU64,
    /// The length of the same bytes as UTF-8.
    decoded: AtomicU64,
    /// The UTF-8 offsets of the end of the header, and of the end of the last row returned.
    header_end: AtomicU64,
    rows_end: AtomicU64,
}

impl ReadProgress {
    pub(super) fn new(size: Option<u64>) -> Self {
        Self {
            size,
            ..Self::default()
        }
    }

    /// The progress of an input whose rows were counted before.
    #[must_use]
    pub fn counted(rows: u64) -> Self {
        Self {
            rows: rows.into(),
            finished: true.into(),
            ..Self::default()
        }
    }

    /// The rows returned so far.
    pub fn rows(&self) -> u64 {
        self.rows.load(Relaxed)
    }

    /// Whether the last row has been returned.
    pub fn is_finished(&self) -> bool {
        self.finished.load(Relaxed)
    }

    /// The bytes of the file up to the end of the last row returned; bytes that are only buffered do not count.
    pub fn consumed(&self) -> u64 {
        self.in_file(self.rows_end.load(Relaxed))
    }

    /// The number of rows in the whole file, estimated from the part that has been read.
    pub fn estimated_rows(&self) -> Option<u64> {
        let header = self.in_file(self.header_end.load(Relaxed));
        estimated_rows(
            self.rows(),
            self.consumed().saturating_sub(header),
            self.size.map(|size| size.saturating_sub(header)),
            self.is_finished(),
        )
    }

    /// Converts an offset in the decoded text to an offset in the file.
    fn in_file(&self, offset: u64) -> u64 {
        scale(offset, self.raw.load(Relaxed), self.decoded.load(Relaxed))
    }

    pub(super) fn add_raw(&self, bytes: usize) {
        self.raw.fetch_add(bytes as u64, Relaxed);
    }

    pub(super) fn set_decoded(&self, bytes: u64) {
        self.decoded.store(bytes, Relaxed);
    }

    pub(super) fn header_read(&self, end: u64) {
        self.header_end.store(end, Relaxed);
        self.rows_end.store(end, Relaxed);
    }

    pub(super) fn row_read(&self, rows: u64, end: u64) {
        self.rows.store(rows, Relaxed);
        self.rows_end.store(end, Relaxed);
    }

    pub(super) fn finish(&self) {
        self.finished.store(true, Relaxed);
    }
}

/// The number of rows in the file: exact at its end, before that extrapolated from the `consumed` bytes of the
/// first `rows`. `None` without a size or without a row to extrapolate from.
#[must_use]
pub fn estimated_rows(rows: u64, consumed: u64, size: Option<u64>, finished: bool) -> Option<u64> {
    if finished {
        return Some(rows);
    }
    let size = size?;
    (rows > 0 && consumed > 0).then(|| scale(rows, size, consumed).max(rows))
}

/// `value * numerator / denominator`, rounded; `value` itself if the denominator is zero.
fn scale(value: u64, numerator: u64, denominator: u64) -> u64 {
    if denominator == 0 {
        return value;
    }
    let denominator = u128::from(denominator);
    let scaled = (u128::from(value) * u128::from(numerator) + denominator / 2) / denominator;
    u64::try_from(scaled).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rows_of_a_file_are_extrapolated_until_its_end_is_known() {
        for (rows, consumed, size, finished, expected) in [
            (0, 0, None, false, None),
            (0, 0, Some(100), false, None),
            (5, 0, Some(100), false, None),
            (5, 50, None, false, None),
            (5, 50, Some(100), false, Some(10)),
            (3, 10, Some(100), false, Some(30)),
            (3, 7, Some(100), false, Some(43)),
            // The file has grown since its size was determined.
            (5, 200, Some(100), false, Some(5)),
            (5, 50, Some(100), true, Some(5)),
            (0, 0, None, true, Some(0)),
            (u64::MAX, 1, Some(u64::MAX), false, Some(u64::MAX)),
        ] {
            assert_eq!(
                estimated_rows(rows, consumed, size, finished),
                expected,
                "{rows} rows in {consumed} of {size:?} bytes, finished: {finished}"
            );
        }
    }
}
