//! Counts by time: slots that get wider as the time span gets longer, so that their number is limited.

use std::collections::VecDeque;
use std::ops::AddAssign;

/// The possible widths of a slot, in seconds; each divides the next one. From a second to a week.
const WIDTHS: [i64; 10] = [1, 5, 15, 60, 300, 900, 3600, 14_400, 86_400, 604_800];

/// The maximum number of slots. A chart has no room for more.
const MAX_SLOTS: i64 = 240;

/// The counts of one slot.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Slot {
    /// The number of rows that ended as associated.
    pub associated: u64,
    /// The number of rows that ended as rejected.
    pub rejected: u64,
    /// The number of rows that ended as failed.
    pub failed: u64,
    /// The requests beyond the first one of each row that ended.
    pub sent_again: u64,
    /// The number of replies with status 429.
    pub throttled: u64,
}

impl Slot {
    /// The number of rows that ended.
    #[must_use]
    pub fn rows(&self) -> u64 {
        self.associated + self.rejected + self.failed
    }
}

impl AddAssign for Slot {
    fn add_assign(&mut self, other: Self) {
        self.associated += other.associated;
        self.rejected += other.rejected;
        self.failed += other.failed;
        self.sent_again += other.sent_again;
        self.throttled += other.throttled;
    }
}

/// Counts by time.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Timeline {
    /// The index of the width in [`WIDTHS`].
    width: usize,
    /// The number of the first slot, counted in widths since 1970.
    first: i64,
    slots: VecDeque<Slot>,
}

impl Timeline {
    /// The slot that contains this second since 1970.
    pub fn at(&mut self, second: i64) -> &mut Slot {
        loop {
            let slot = second.div_euclid(self.seconds());
            if self.slots.is_empty() {
                self.first = slot;
            }
            let last = self.first + self.length() - 1;
            let length = last.max(slot) - self.first.min(slot) + 1;
            if length > MAX_SLOTS && self.width + 1 < WIDTHS.len() {
                self.widen();
                continue;
            }
            // At the widest, 240 slots are about 4.6 years; with a clock that is further off, rows count in the slot
            // at the edge.
            let slot = slot.clamp(last - MAX_SLOTS + 1, self.first + MAX_SLOTS - 1);
            while slot < self.first {
                self.slots.push_front(Slot::default());
                self.first -= 1;
            }
            let place = usize::try_from(slot - self.first).unwrap_or_default();
            if place >= self.slots.len() {
                self.slots.resize(place + 1, Slot::default());
            }
            return &mut self.slots[place];
        }
    }

    /// Adds another timeline, slot by slot.
    pub fn add(&mut self, other: &Self) {
        while self.width < other.width {
            self.widen();
        }
        for (second, slot) in other.slots() {
            *self.at(second) += slot;
        }
    }

    fn widen(&mut self) {
        let before = self.seconds();
        self.width += 1;
        let factor = self.seconds() / before;
        let slots = std::mem::take(&mut self.slots);
        let first = self.first;
        self.first = first.div_euclid(factor);
        for (number, slot) in (first..).zip(slots) {
            let place = usize::try_from(number.div_euclid(factor) - self.first).unwrap_or_default();
            if place >= self.slots.len() {
                self.slots.push_back(Slot::default());
            }
            self.slots[place] += slot;
        }
    }

    fn length(&self) -> i64 {
        i64::try_from(self.slots.len()).unwrap_or(MAX_SLOTS)
    }

    /// The width of a slot, in seconds.
    #[must_use]
    pub fn seconds(&self) -> i64 {
        WIDTHS[self.width]
    }

    /// The start of each slot, in seconds since 1970, and its counts.
    pub fn slots(&self) -> impl Iterator<Item = (i64, Slot)> {
        let seconds = self.seconds();
        (self.first..)
            .zip(&self.slots)
            .map(move |(number, slot)| (number * seconds, *slot))
    }

    /// The sum of all slots.
    #[must_use]
    pub fn total(&self) -> Slot {
        let mut total = Slot::default();
        for slot in &self.slots {
            total += *slot;
        }
        total
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn of(seconds: impl IntoIterator<Item = i64>) -> Timeline {
        let mut timeline = Timeline::default();
        for second in seconds {
            timeline.at(second).associated += 1;
        }
        timeline
    }

    #[test]
    fn slots_get_wider_as_the_time_gets_longer() {
        for (seconds, width, slots) in [
            (1, 1, 1),
            (240, 1, 240),
            (241, 5, 49),
            (3600, 15, 240),
            (86_400, 900, 96),
            (40 * 86_400, 14_400, 240),
        ] {
            let timeline = of(0..seconds);
            let found = (timeline.seconds(), timeline.slots().count());
            assert_eq!(found, (width, slots), "{seconds}");
            assert_eq!(timeline.total().rows(), u64::try_from(seconds).unwrap());
        }
    }

    #[test]
    fn a_pause_is_a_series_of_empty_slots() {
        let timeline = of([100, 103]);
        let rows: Vec<_> = timeline
            .slots()
            .map(|(second, slot)| (second, slot.rows()))
            .collect();
        assert_eq!(rows, [(100, 1), (101, 0), (102, 0), (103, 1)]);
    }

    #[test]
    fn another_timeline_is_added_slot_by_slot() {
        let mut timeline = of([0, 10]);
        let mut throttled = Timeline::default();
        for second in 0..1000 {
            throttled.at(second).throttled += 1;
        }
        timeline.add(&throttled);
        assert_eq!(timeline.seconds(), 5);
        let total = timeline.total();
        assert_eq!((total.associated, total.throttled), (2, 1000));
        let (_, first) = timeline.slots().next().unwrap();
        assert_eq!((first.associated, first.throttled), (1, 5));
    }

    proptest! {
        #[test]
        fn no_time_is_lost_and_slots_are_few_for_any_times_in_any_order(
            seconds in prop::collection::vec(
                prop_oneof![-1000_i64..1000, any::<i32>().prop_map(i64::from), -62_000_000_000_i64..250_000_000_000],
                0..60,
            ),
        ) {
            let timeline = of(seconds.iter().copied());
            prop_assert_eq!(timeline.total().rows(), seconds.len() as u64);
            prop_assert!(timeline.slots().count() <= 240);
            let (a, b) = seconds.split_at(seconds.len() / 2);
            let mut both = of(a.iter().copied());
            both.add(&of(b.iter().copied()));
            prop_assert_eq!(both.total().rows(), seconds.len() as u64);
        }
    }
}
