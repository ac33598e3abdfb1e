//! How rows become calls: groups that fill, and are flushed when they are full or have waited long enough.

use super::group::Group;
use super::sizer::BatchSizer;
use super::{Batches, Types, types_of};
use crate::run::row::SendableRow;

/// Groups that fill at once; their rows are what batch mode takes most memory for.
const MAX_GROUPS: usize = 32;

impl Batches {
    /// Adds a row to the group of its types.
    pub(in crate::run) fn push(&mut self, row: SendableRow) {
        let types = types_of(&row);
        if !self.groups.contains_key(&types) {
            self.make_room();
        }
        let size = self.sizer(&types).size();
        let group = self.groups.entry(types.clone()).or_default();
        if let Err(row) = group.push(row, size) {
            // More of the same pair wait already than a call takes.
            self.single_rows.push(*row);
        }
        if group.is_full(size) {
            self.flush(&types, false);
        }
    }

    /// Rows that are neither good nor bad as far as anybody knows.
    pub(in crate::run) fn push_all(&mut self, rows: impl IntoIterator<Item = SendableRow>) {
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
            // Those that had to wait for another call go one by one.
            let rest = self.groups.remove(&types);
            self.single_rows
                .extend(rest.into_iter().flat_map(Group::into_rows));
        }
    }

    /// Makes calls of a group, of the rows beyond the last full one only if it is to be of `all`.
    pub(super) fn flush(&mut self, types: &Types, all: bool) {
        let Some(group) = self.groups.remove(types) else {
            return;
        };
        let size = self.sizer(types).size();
        let (rows, mut later) = group.into_parts();
        let mut rows = rows.into_iter().peekable();
        while rows.peek().is_some() {
            let call: Vec<_> = rows.by_ref().take(size).collect();
            if all || call.len() >= size {
                self.call(call);
            } else {
                later.splice(0..0, call);
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

    /// No row comes any more: makes calls of the groups that nothing can be added to. Says whether there were any.
    pub(in crate::run) fn flush_last(&mut self) -> bool {
        self.flush_where(|_, sizer| sizer.is_none_or(|sizer| !sizer.is_active()))
    }

    /// Says whether there were such groups.
    pub(super) fn flush_where(
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
