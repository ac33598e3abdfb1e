//! Decides from which side links are read. Pure.
//!
//! Each side has its price in calls, as far as the rows show it:
//!
//! * up to 1,000 records a call, fewer where replies were too long;
//! * a record with more than 500 wanted links needs a call for each 500, one after the other;
//! * a reply is bounded, and a link takes about [`LINK_BYTES`].
//!
//! The records may have more links than the rows want, so the pages per record that were read so far count too. What seems
//! missing from the inverse side is asked from the asked side as well: the inverse side costs that share of the asked side in
//! addition.

use crate::links::read::link_read::{PAGE_LINKS, Side};

/// About how many bytes a link takes in a reply.
pub(crate) const LINK_BYTES: u64 = 110;

/// What reading from one side means.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Load {
    records: u64,
    /// Pages of all records.
    pages: u64,
    /// Pages of the record with the most.
    most_pages: u64,
    links: u64,
}

impl Load {
    /// Adds a record with this number of rows.
    pub(crate) fn add(&mut self, rows: u64) {
        let pages = rows.div_ceil(PAGE_LINKS).max(1);
        self.records += 1;
        self.pages += pages;
        self.most_pages = self.most_pages.max(pages);
        self.links += rows;
    }
}

/// What is known about a side.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Price {
    /// Maximum number of records per call.
    pub(crate) records_per_call: u64,
    /// Maximum length of a reply.
    pub(crate) reply_bytes: u64,
    /// Pages per record that were read so far, on average.
    pub(crate) pages_per_record: f64,
}

impl Price {
    /// The number of calls, if the rows show all links.
    pub(crate) fn calls(self, load: &Load) -> f64 {
        let pages = (load.pages as f64).max(load.records as f64 * self.pages_per_record);
        let by_count = (pages / self.records_per_call as f64).ceil();
        let by_bytes = (load.links * LINK_BYTES).div_ceil(self.reply_bytes.max(1)) as f64;
        by_count.max(by_bytes).max(load.most_pages as f64)
    }
}

/// The cheaper side. The costs are calls; `extra` are those that only the inverse side needs.
pub(crate) fn cheaper_side(asked: f64, inverse: f64, missing_share: f64, extra: f64) -> Side {
    if inverse + missing_share * asked + extra < asked {
        Side::Inverse
    } else {
        Side::Asked
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PRICE: Price = Price {
        records_per_call: 1000,
        reply_bytes: 16 << 20,
        pages_per_record: 1.0,
    };

    fn load(records: u64, rows: u64) -> Load {
        let mut load = Load::default();
        for _ in 0..records {
            load.add(rows);
        }
        load
    }

    #[test]
    fn calls_are_counted_by_records_pages_and_bytes() {
        for (records, rows, calls) in [
            (0, 0, 0.0),
            (1, 1, 1.0),
            (1000, 1, 1.0),
            (1001, 1, 2.0),
            // One record with 50,000 links: one page after the other.
            (1, 50_000, 100.0),
            // 100 records with 1,000 links each: two pages of each, and 11 MB.
            (100, 1000, 2.0),
            // 1,000 records with 500 links each are 55 MB.
            (1000, 500, 4.0),
        ] {
            assert!(
                (PRICE.calls(&load(records, rows)) - calls).abs() < 1e-9,
                "{records} × {rows}"
            );
        }
    }

    #[test]
    fn records_that_turned_out_to_have_many_pages_cost_more() {
        let price = Price {
            pages_per_record: 3.0,
            ..PRICE
        };
        assert!((price.calls(&load(1000, 1)) - 3.0).abs() < 1e-9);
    }

    #[test]
    fn the_inverse_side_is_read_only_where_it_costs_less_with_what_is_asked_again() {
        for (asked, inverse, missing_share, extra, side) in [
            (100.0, 2.0, 0.0, 1.0, Side::Inverse),
            (100.0, 100.0, 0.0, 0.0, Side::Asked),
            (100.0, 2.0, 1.0, 0.0, Side::Asked),
            (100.0, 2.0, 0.5, 0.0, Side::Inverse),
            (2.0, 1.0, 0.0, 1.0, Side::Asked),
            (1.0, 1.0, 0.0, 0.0, Side::Asked),
        ] {
            assert_eq!(cheaper_side(asked, inverse, missing_share, extra), side);
        }
    }
}
