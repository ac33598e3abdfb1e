//! Builds batches from rows: collects rows in groups, and flushes a group when it is full or has waited
//! long enough.

use crate::run::batch::group::Group;
use crate::run::batch::groups::Batches;
use crate::run::batch::request::{Types, types_of};
use crate::run::batch::sizer::BatchSizer;
use crate::run::row::SendableRow;

/// Maximum number of groups that collect rows at the same time. Their rows account for most of the
/// memory of batch mode.
const MAX_GROUPS: usize = 32;

impl Batches {
    /// Adds a row to the group of its types.
    pub(crate) fn push(&mut self, row: SendableRow) {
        let types = types_of(&row);
        if !self.groups.contains_key(&types) {
            self.make_room();
        }
        let size = self.sizer(&types).size();
        let group = self.groups.entry(types.clone()).or_default();
        if let Err(row) = group.push(row, size) {
            // The next batch is already full of repetitions of known id pairs.
            self.single_rows.push(*row);
        }
        if group.is_full(size) {
            self.flush(&types, false);
        }
    }

    /// Adds rows that are not known to be good or bad.
    pub(crate) fn push_all(&mut self, rows: impl IntoIterator<Item = SendableRow>) {
        for row in rows {
            self.push(row);
        }
    }

    fn make_room(&mut self) {
        if self.groups.len() < MAX_GROUPS {
            return;
        }
        let fullest = self.groups.iter().max_by_key(|(_, group)| group.len());
        if let Some(types) = fullest.map(|(types, _)| types.clone()) {
            self.flush(&types, true);
            // Rows that waited for the next batch are sent one by one.
            let rest = self.groups.remove(&types);
            self.single_rows
                .extend(rest.into_iter().flat_map(Group::into_rows));
        }
    }

    /// Makes batches from a group. Rows that do not fill a batch are included only if `all` is set.
    pub(crate) fn flush(&mut self, types: &Types, all: bool) {
        let Some(group) = self.groups.remove(types) else {
            return;
        };
        let size = self.sizer(types).size();
        let (rows, mut later) = group.into_parts();
        let mut rows = rows.into_iter().peekable();
        while rows.peek().is_some() {
            let batch: Vec<_> = rows.by_ref().take(size).collect();
            if all || batch.len() >= size {
                self.push_ready(batch);
            } else {
                later.splice(0..0, batch);
            }
        }
        if !later.is_empty() {
            let mut group = Group::default();
            for row in later {
                if let Err(row) = group.push(row, size) {
                    self.single_rows.push(*row);
                }
            }
            self.groups.insert(types.clone(), group);
        }
    }

    /// The input is over: makes batches from the groups that no pending batch can add rows to. Returns
    /// whether there were any.
    pub(crate) fn flush_last(&mut self) -> bool {
        self.flush_where(|_, sizer| sizer.is_none_or(|sizer| !sizer.is_active()))
    }

    /// Flushes every group that is due. Returns whether there were any.
    pub(crate) fn flush_where(
        &mut self,
        is_due: impl Fn(&Group, Option<&BatchSizer>) -> bool,
    ) -> bool {
        let due: Vec<Types> = self
            .groups
            .iter()
            .filter(|(types, group)| is_due(group, self.sizers.get(types)))
            .map(|(types, _)| types.clone())
            .collect();
        for types in &due {
            self.flush(types, true);
        }
        !due.is_empty()
    }
}
