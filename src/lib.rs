//! Links HubSpot records in bulk: one row of a CSV in, one verdict per row out.
//!
//! A row travels through the folders of this crate in this order:
//!
//! | module | what it does with a row |
//! |---|---|
//! | [`pair`] | the domain words |

pub mod pair;
