//! What reading the links of a pair found. Pure.

use std::sync::Arc;

use crate::domain::association_type::AssociationType;
use crate::domain::outcome::Details;

/// The links of a pair.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum LinksFound {
    /// They were read.
    Known {
        /// The types of the link; empty if the pair is not linked. In the direction of the row if
        /// [`ReadLimits::is_detailed`](crate::links::read::limits::ReadLimits::is_detailed) and the side of the first
        /// record can be read, or [`ReadLimits::asks_only`](crate::links::read::limits::ReadLimits::asks_only); otherwise in
        /// the direction that was read.
        types: Vec<AssociationType>,
        /// Which records of the pair, in the order of the row, are proved to exist: replies listed links of them.
        seen: [bool; 2],
    },
    /// They could not be read, and why.
    Unknown(Arc<Details>),
}

/// What was found for a row, shared by many rows.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Found {
    /// The pair is linked, with these types.
    Linked(Vec<AssociationType>),
    /// The pair is not linked.
    NotLinked,
    /// The links could not be read.
    Unknown(Arc<Details>),
}
