//! Values at numbered places, which are used again. Pure.

/// The values.
#[derive(Debug)]
pub(crate) struct Slab<T> {
    values: Vec<Option<T>>,
    free: Vec<u32>,
}

impl<T> Default for Slab<T> {
    fn default() -> Self {
        Self {
            values: Vec::new(),
            free: Vec::new(),
        }
    }
}

impl<T> Slab<T> {
    /// Adds a value and returns its place. It must be taken out before the place is used for another one.
    pub(crate) fn insert(&mut self, value: T) -> u32 {
        if let Some(place) = self.free.pop() {
            self.values[place as usize] = Some(value);
            return place;
        }
        let place = u32::try_from(self.values.len()).unwrap_or(u32::MAX);
        self.values.push(Some(value));
        place
    }

    /// The value at a place.
    pub(crate) fn get(&self, place: u32) -> Option<&T> {
        self.values.get(place as usize)?.as_ref()
    }

    /// The value at a place.
    pub(crate) fn get_mut(&mut self, place: u32) -> Option<&mut T> {
        self.values.get_mut(place as usize)?.as_mut()
    }

    /// Takes the value at a place out.
    pub(crate) fn remove(&mut self, place: u32) -> Option<T> {
        let value = self.values.get_mut(place as usize)?.take()?;
        self.free.push(place);
        Some(value)
    }

    /// The number of values.
    pub(crate) fn len(&self) -> usize {
        self.values.len() - self.free.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_used_again_once_its_value_is_out() {
        let mut slab = Slab::default();
        let [first, second] = ["a", "b"].map(|value| slab.insert(value));
        assert_eq!(slab.remove(first), Some("a"));
        assert_eq!((slab.remove(first), slab.get(first)), (None, None));
        assert_eq!((slab.insert("c"), slab.len()), (first, 2));
        assert_eq!(
            (slab.get(first), slab.get(second)),
            (Some(&"c"), Some(&"b"))
        );
    }
}
