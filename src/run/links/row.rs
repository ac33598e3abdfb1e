//! A row whose links are read. Pure.

use std::sync::Arc;

use crate::domain::label_set::LabelSet;
use crate::domain::labels::LinkLabels;
use crate::domain::outcome::Details;
use crate::domain::pair::{Pair, RowKey};
use crate::domain::proof::ExistedBefore;
use crate::domain::row_keys::RowKeys;
use crate::run::row::SendableRow;

/// A row while its links are read or removed. Many of these wait at once, so it holds no more than it needs.
#[derive(Debug)]
pub(crate) struct LinkRow {
    pub(crate) key: RowKey,
    pub(crate) pair: Pair,
    /// The keys that its pair was looked up by.
    pub(crate) keys: Option<Box<RowKeys>>,
    /// The labels that it asks for; in an undo those that are removed, unless the link is.
    pub(crate) labels: Option<LabelSet>,
    /// In an undo: whether the link was there before the import, and only its labels are removed.
    pub(crate) keeps_link: bool,
    /// In an undo: whether its labels are being removed, and not its link.
    pub(crate) removes_labels: bool,
    /// Why its link could not be removed, if that failed.
    pub(crate) removal: Option<Arc<Details>>,
}

impl From<SendableRow> for LinkRow {
    fn from(row: SendableRow) -> Self {
        Self {
            key: row.key,
            pair: row.pair,
            keys: row.keys,
            labels: row.labels.map(|labels| labels.asked),
            keeps_link: row.existed_before == Some(ExistedBefore::Yes),
            removes_labels: false,
            removal: None,
        }
    }
}

impl From<LinkRow> for SendableRow {
    fn from(row: LinkRow) -> Self {
        Self {
            keys: row.keys,
            labels: row.labels.map(|labels| Box::new(LinkLabels::only(labels))),
            ..Self::new(row.key, row.pair)
        }
    }
}
