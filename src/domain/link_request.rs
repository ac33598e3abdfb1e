//! What a request that links a pair needs.

use crate::domain::labels::LinkLabels;
use crate::domain::pair::Pair;

/// A pair to link, with its labels if it has any.
pub trait LinkRequest {
    /// The pair.
    fn pair(&self) -> &Pair;

    /// The labels to write; without them the default association is written.
    fn labels(&self) -> Option<&LinkLabels> {
        None
    }
}

impl LinkRequest for Pair {
    fn pair(&self) -> &Pair {
        self
    }
}

impl<R: LinkRequest> LinkRequest for &R {
    fn pair(&self) -> &Pair {
        (**self).pair()
    }

    fn labels(&self) -> Option<&LinkLabels> {
        (**self).labels()
    }
}
