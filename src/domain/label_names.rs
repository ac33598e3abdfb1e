//! The names of the labels that a cell holds, before they are resolved.

use std::sync::Arc;

use smol_str::SmolStr;

/// One name or more, each once, without surrounding blanks, in the order of the cell. Cheap to clone: rows often have the
/// same names as the row before.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct LabelNames(Arc<[SmolStr]>);

impl LabelNames {
    /// Blank names are left out; `None` if no name remains.
    pub fn new<'n>(names: impl IntoIterator<Item = &'n str>) -> Option<Self> {
        let mut distinct: Vec<SmolStr> = Vec::new();
        for name in names {
            let name = name.trim();
            if !name.is_empty() && !distinct.iter().any(|known| known == name) {
                distinct.push(name.into());
            }
        }
        (!distinct.is_empty()).then(|| Self(distinct.into()))
    }

    /// The names.
    pub fn iter(&self) -> impl Iterator<Item = &SmolStr> {
        self.0.iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_name_occurs_once_and_blank_ones_are_left_out() {
        let names = LabelNames::new([" Billing contact ", "", "A", "Billing contact"]).unwrap();
        assert_eq!(names.iter().collect::<Vec<_>>(), ["Billing contact", "A"]);
        assert_eq!(LabelNames::new(["", "  "]), None);
    }
}
