//! Imports with labels that are undone: whatever others do, they lose nothing, and without them all is as before.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

use proptest::prelude::*;

use crate::domain::association_type::AssociationType;
use crate::domain::label_set::LabelSet;
use crate::domain::labels::AskedLabels;
use crate::domain::outcome::{Outcome, OutcomeKind, RowTarget};
use crate::domain::pair::Pair;
use crate::domain::proof::{Proof, UndoOutcome};
use crate::input::row::{CheckedRow, RowContent, SkippedRow};
use crate::run::context::LinkPurpose;
use crate::run::tests::links::kills::{Trouble, process};
use crate::run::tests::links::labels::{
    Import, LATER, TOO_LONG, accounts, all_ids, block_on, imports, run_import, types,
};
use crate::run::tests::links::world::{Ids, World};
use crate::run::tests::links::writes::is_inverse;
use crate::undo::link_row::LinkRow;
use crate::undo::pair_uses::PairUses;
use crate::undo::plan::{Decider, Fate};

/// The portal of the account.
const PORTAL: Option<u64> = Some(1);

/// What others do after the import.
#[derive(Clone, Debug)]
enum Change {
    Label(Ids, usize),
    Remove(Ids),
}

fn changes() -> impl Strategy<Value = Vec<Change>> {
    let ids = || prop::sample::select(all_ids());
    let change = prop_oneof![
        3 => (ids(), 0..types().len()).prop_map(|(ids, place)| Change::Label(ids, place)),
        1 => ids().prop_map(Change::Remove),
    ];
    prop::collection::vec(change, 0..6)
}

fn pair_of(outcome: &Outcome) -> &Pair {
    match &outcome.target {
        RowTarget::Pair(pair) => pair,
        RowTarget::Raw(_) => panic!("{outcome:?}"),
    }
}

/// What an undo of a report with these lines does.
fn undo_rows(lines: &[Outcome]) -> Vec<CheckedRow> {
    let added = lines.iter().map(|line| {
        let labels = line.labels.as_ref()?;
        let added = labels.added.clone()?;
        LabelSet::new(added).filter(|_| line.kind == OutcomeKind::Associated)
    });
    let added: Vec<Option<LabelSet>> = added.collect();
    let rows = lines.iter().zip(&added).map(|(line, added)| LinkRow {
        row: line.key.row,
        pair: pair_of(line),
        is_associated: line.kind == OutcomeKind::Associated,
        existed_before: line.existed_before,
        portal: PORTAL,
        labels: line.labels.as_ref().map(|labels| &labels.asked),
        labels_added: added.as_ref(),
        finished_at: Some(line.finished_at),
    });
    let mut uses = PairUses::default();
    rows.clone().for_each(|row| uses.add(&row));
    let mut decider = Decider::new(PORTAL, uses.into_shared(PORTAL));
    let rows = rows.zip(lines).filter_map(|(row, line)| {
        let pair = row.pair.clone();
        let (content, labels) = match decider.decide(&row)? {
            Fate::Remove => (RowContent::Pair(pair), None),
            Fate::RemoveLabelled { made_link, labels } => {
                let content = if made_link {
                    RowContent::Pair(pair)
                } else {
                    RowContent::LabelsOf(pair)
                };
                (content, Some(AskedLabels::Known(labels)))
            }
            Fate::Keep(reason) => {
                let kept = SkippedRow::Kept(pair, reason.text());
                (RowContent::Skipped(kept), None)
            }
        };
        Some(CheckedRow {
            key: line.key,
            content,
            labels,
        })
    });
    rows.collect()
}

/// Undoes an import, and resumes that until every row has its line.
async fn run_undo(world: &Arc<Mutex<World>>, rows: &[CheckedRow], troubles: &[Trouble]) {
    let mut settled = BTreeSet::new();
    for trouble in troubles.iter().chain([&Trouble::default()]) {
        let open = rows.iter().filter(|row| !settled.contains(&row.key.row));
        let open: Vec<CheckedRow> = open.cloned().collect();
        let process = process(world, LinkPurpose::Undo, open, trouble);
        let lines = tokio::time::timeout(TOO_LONG, process).await;
        for line in lines.expect("a run ends") {
            let Some(Proof::Undone(undone)) = line.proof.as_deref() else {
                panic!("{line:?}");
            };
            if undone.outcome != UndoOutcome::Failed {
                assert!(settled.insert(line.key.row), "{line:?}");
            }
        }
        tokio::time::sleep(LATER).await;
    }
    assert_eq!(settled.len(), rows.len());
}

/// The types of all links.
fn all_types(world: &World) -> BTreeSet<(Ids, AssociationType)> {
    let links = world.links.iter();
    let types = links.flat_map(|(&ids, types)| types.iter().map(move |kind| (ids, kind.clone())));
    types.collect()
}

/// Others change the account. What must stay is what was there before the import, and what they have added.
fn change(world: &mut World, changes: &[Change], protected: &mut BTreeSet<(Ids, AssociationType)>) {
    for change in changes {
        match *change {
            Change::Label(ids, place) => {
                let label = types()[place].clone();
                if let Some(types) = world.links.get_mut(&ids)
                    && !types.contains(&label)
                {
                    types.push(label.clone());
                    // HubSpot may set the primary type by itself, so it keeps no link.
                    if label.is_label() {
                        protected.insert((ids, label));
                    }
                }
            }
            Change::Remove(ids) => {
                world.links.remove(&ids);
                protected.retain(|(link, _)| *link != ids);
            }
        }
    }
}

async fn import_and_undo(
    account: World,
    import: Import,
    meanwhile: Vec<Change>,
    undoing: Vec<Trouble>,
) {
    let before = all_types(&account);
    let mut protected = before.clone();
    let world = Arc::new(Mutex::new(account));
    let lines = run_import(&world, &import).await;
    change(&mut world.lock().unwrap(), &meanwhile, &mut protected);
    run_undo(&world, &undo_rows(&lines), &undoing).await;
    let after = all_types(&world.lock().unwrap());
    let lost: Vec<_> = protected.difference(&after).collect();
    assert!(lost.is_empty(), "{lost:?}");
    // A write whose reply was lost is found by the next read, which does not show who made it. Of a link that rows name in both
    // directions, each direction loses its own labels.
    let has_inverse = import.rows.iter().any(|row| is_inverse(row.types[0]));
    if meanwhile.is_empty() && import.troubles.is_empty() && !has_inverse {
        assert_eq!(after, before);
    }
}

/// One import, often without troubles, and in one direction only.
fn import() -> impl Strategy<Value = Import> {
    (imports(), any::<bool>(), any::<bool>()).prop_map(|(mut all, is_calm, is_forward)| {
        let mut import = all.swap_remove(0);
        if is_calm {
            import.troubles.clear();
        }
        if is_forward {
            import
                .rows
                .iter_mut()
                .for_each(|row| row.types = ["contacts", "0-2"]);
        }
        import
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 192, ..ProptestConfig::default() })]

    #[test]
    fn an_undo_takes_back_the_links_and_labels_of_an_import_and_nothing_else(
        account in accounts(),
        import in import(),
        meanwhile in prop_oneof![Just(Vec::new()), changes()],
        undoing in imports(),
    ) {
        let undoing = undoing[0].troubles.clone();
        block_on(import_and_undo(account, import, meanwhile, undoing));
    }
}
