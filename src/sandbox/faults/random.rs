//! Random values that depend only on the request, never on the time.
//!
//! A draw is a function of the seed, the subject and how many requests came before for it. Two runs with the same
//! input therefore get the same faults, whatever the order and the timing, while a retry gets a new draw.

/// The purpose of a draw. Purposes are independent, so that a new kind of draw does not change the others.
#[derive(Clone, Copy)]
pub(crate) enum Purpose {
    Fault,
    Latency,
    CorrelationId,
}

/// The generator for the `nth` request for `subject`.
pub(crate) fn generator(seed: u64, purpose: Purpose, subject: u64, nth: u32) -> fastrand::Rng {
    let mut hash = Fingerprint::new();
    hash.add(&seed.to_le_bytes());
    hash.add(&[purpose as u8]);
    hash.add(&subject.to_le_bytes());
    hash.add(&nth.to_le_bytes());
    let mut generator = fastrand::Rng::with_seed(hash.value());
    // Similar seeds start with similar values; after one step they no longer do.
    generator.u64(..);
    generator
}

/// A hash that is the same on every machine and in every version of this program (FNV-1a).
pub(crate) struct Fingerprint(u64);

impl Fingerprint {
    pub(crate) fn new() -> Self {
        Self(0xcbf2_9ce4_8422_2325)
    }

    pub(crate) fn of(parts: &[&str]) -> u64 {
        let mut hash = Self::new();
        for part in parts {
            hash.add(part.as_bytes());
            hash.add(b"/");
        }
        hash.value()
    }

    pub(crate) fn add(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = (self.0 ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3);
        }
    }

    pub(crate) fn value(&self) -> u64 {
        self.0
    }
}

/// A correlation id in the form of a random UUID.
pub(crate) fn correlation_id(generator: &mut fastrand::Rng) -> String {
    let bits = generator.u128(..);
    format!(
        "{:08x}-{:04x}-4{:03x}-{:04x}-{:012x}",
        (bits >> 96) & 0xffff_ffff,
        (bits >> 80) & 0xffff,
        (bits >> 64) & 0xfff,
        0x8000 | ((bits >> 48) & 0x3fff),
        bits & 0xffff_ffff_ffff
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_draw_repeats_for_the_same_inputs_and_changes_with_each_of_them() {
        let draw = |seed, purpose, subject, nth| generator(seed, purpose, subject, nth).u64(..);
        let first = draw(1, Purpose::Fault, 7, 0);
        assert_eq!(first, draw(1, Purpose::Fault, 7, 0));
        assert_ne!(first, draw(2, Purpose::Fault, 7, 0));
        assert_ne!(first, draw(1, Purpose::Latency, 7, 0));
        assert_ne!(first, draw(1, Purpose::Fault, 8, 0));
        assert_ne!(first, draw(1, Purpose::Fault, 7, 1));
    }

    #[test]
    fn draws_for_similar_subjects_are_distributed_evenly() {
        let below = (0..10_000)
            .filter(|subject| generator(0, Purpose::Fault, *subject, 0).f64() < 0.1)
            .count();
        assert!((900..1100).contains(&below), "{below} of 10000 below 0.1");
    }

    #[test]
    fn a_correlation_id_is_shaped_like_a_uuid() {
        let id = correlation_id(&mut fastrand::Rng::with_seed(1));
        let lengths: Vec<usize> = id.split('-').map(str::len).collect();
        assert_eq!(lengths, [8, 4, 4, 4, 12], "{id}");
    }
}
