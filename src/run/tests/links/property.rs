//! What holds for any state of the account, any changes by others and any kills: an undo removes nothing that the import did
//! not make, and a verification never misses a link that is there.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use proptest::prelude::*;
use proptest::sample::subsequence;

use crate::domain::association_type::AssociationType;
use crate::domain::outcome::{Outcome, OutcomeKind};
use crate::domain::pair::{ObjectType, Pair, Record, RecordId, RowKey};
use crate::domain::proof::{ExistedBefore, LinkState, Proof, RecordState, UndoOutcome};
use crate::input::row::{CheckedRow, RowContent};
use crate::run::context::{LinkLabelUse, LinkPurpose};
use crate::run::tests::links::kills::{Change, Trouble, process};
use crate::run::tests::links::world::{Ids, World, label, unlabelled};

const CONTACTS: u64 = 5;
const COMPANIES: u64 = 4;

/// Longer than any request takes.
const LATER: Duration = Duration::from_mins(1);

fn all_pairs() -> Vec<Ids> {
    let contacts = 1..=CONTACTS;
    let pairs = contacts.flat_map(|from| (1..=COMPANIES).map(move |to| (from, 1_000_000 + to)));
    pairs.collect()
}

fn change() -> impl Strategy<Value = Change> {
    let ids = proptest::sample::select(all_pairs());
    (0..4_u8, ids).prop_map(|(kind, ids)| match kind {
        0 => Change::Label(ids),
        1 => Change::Primary(ids),
        2 => Change::Remove(ids),
        _ => Change::Add(ids),
    })
}

fn changes() -> impl Strategy<Value = Vec<Change>> {
    prop::collection::vec(change(), 0..6)
}

fn troubles() -> impl Strategy<Value = Vec<Trouble>> {
    let fault = prop_oneof![6 => Just(0_u8), 4 => 1..8_u8];
    let trouble = (
        prop::option::weighted(0.8, 0..12_usize),
        any::<bool>(),
        prop::collection::vec(fault, 0..12),
        prop::option::of(changes()),
    );
    let trouble = trouble.prop_map(|(kill_at, is_lost, faults, changes)| Trouble {
        kill_at,
        is_lost,
        faults,
        changes,
    });
    prop::collection::vec(trouble, 0..4)
}

/// The place of a row among the pairs.
fn place(row: u64) -> usize {
    usize::try_from(row).unwrap() - 1
}

fn row_of(row: u64, (from, to): Ids) -> CheckedRow {
    let record = |object_type: &str, id: u64| Record {
        object_type: ObjectType::new(object_type).unwrap(),
        id: RecordId::new(&id.to_string()).unwrap(),
    };
    CheckedRow {
        key: RowKey { row, line: row + 1 },
        content: RowContent::Pair(Pair {
            from: record("contacts", from),
            to: record("companies", to),
        }),
        labels: None,
    }
}

/// The account, and what must stay in it.
struct Account {
    world: Arc<Mutex<World>>,
    rows: Vec<Ids>,
    /// Links that an undo must not remove: they were there before the import, are no concern of it, or have gained a label.
    protected: BTreeSet<Ids>,
}

impl Account {
    fn new(world: World, rows: &[Ids]) -> Self {
        Self {
            protected: world.links.keys().copied().collect(),
            world: Arc::new(Mutex::new(world)),
            rows: rows.to_vec(),
        }
    }

    fn checked_rows(&self) -> Vec<CheckedRow> {
        let rows = self.rows.iter().zip(1..);
        rows.map(|(&ids, number)| row_of(number, ids)).collect()
    }

    fn change(&mut self, changes: &[Change]) {
        let mut world = self.world.lock().unwrap();
        let primary = AssociationType {
            label: Some("Primary".into()),
            ..unlabelled()
        };
        for change in changes {
            match *change {
                Change::Label(ids) => {
                    if let Some(types) = world.links.get_mut(&ids) {
                        types.push(label("Partner"));
                        self.protected.insert(ids);
                    }
                }
                Change::Primary(ids) => {
                    if let Some(types) = world.links.get_mut(&ids) {
                        types.push(primary.clone());
                    }
                }
                Change::Remove(ids) => {
                    world.links.remove(&ids);
                    self.protected.remove(&ids);
                }
                // Nothing proves who made a link that the import has sent.
                Change::Add(ids) if !self.rows.contains(&ids) => {
                    world.links.entry(ids).or_insert_with(|| vec![unlabelled()]);
                    self.protected.insert(ids);
                }
                Change::Add(_) => {}
            }
        }
    }

    /// Runs a command, and resumes it after every kill until it ends. Returns the last line of each row.
    async fn command(
        &mut self,
        purpose: LinkPurpose,
        rows: &[CheckedRow],
        troubles: &[Trouble],
        check: impl Fn(&Outcome),
    ) -> BTreeMap<u64, Outcome> {
        let mut settled: BTreeMap<u64, Outcome> = BTreeMap::new();
        for trouble in troubles.iter().chain([&Trouble::default()]) {
            let open = rows
                .iter()
                .filter(|row| !settled.contains_key(&row.key.row));
            let open = open.cloned().collect();
            for outcome in process(&self.world, purpose, open, trouble).await {
                check(&outcome);
                if outcome.kind != OutcomeKind::Failed {
                    let earlier = settled.insert(outcome.key.row, outcome);
                    assert_eq!(earlier, None);
                }
            }
            if let Some(changes) = &trouble.changes {
                tokio::time::sleep(LATER).await;
                self.change(changes);
            }
        }
        tokio::time::sleep(LATER).await;
        assert_eq!(settled.len(), rows.len(), "{settled:?}");
        settled
    }
}

/// The links of an account: contact, company, whether the link has a label, whether only the contact shows it.
fn world() -> impl Strategy<Value = World> {
    let kind = (0..4_u8, any::<bool>());
    prop::collection::vec(kind, all_pairs().len()).prop_map(|kinds| {
        let mut world = World::default();
        for (ids, (kind, is_one_sided)) in all_pairs().into_iter().zip(kinds) {
            if is_one_sided {
                world.one_sided.insert(ids);
            }
            match kind {
                0 => world.links.insert(ids, vec![unlabelled()]),
                1 => world
                    .links
                    .insert(ids, vec![unlabelled(), label("Billing")]),
                _ => None,
            };
        }
        world
    })
}

fn rows() -> impl Strategy<Value = Vec<Ids>> {
    subsequence(all_pairs(), 1..=all_pairs().len()).prop_shuffle()
}

fn block_on<T>(future: impl Future<Output = T>) -> T {
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    let runtime = runtime.enable_time().start_paused(true).build();
    runtime.unwrap().block_on(future)
}

/// Contacts for three calls, with few companies: it takes fewer calls to read their links from the side of the companies.
fn many_pairs() -> Vec<Ids> {
    let contacts = 2001..=4100;
    contacts.map(|from| (from, 1_000_001 + from % 6)).collect()
}

/// An account with some of these links, with and without labels, some of them one-sided.
fn many_links(seed: u64) -> World {
    let mut world = World::default();
    for ids in many_pairs() {
        let mixed = (ids.0 ^ seed).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32;
        if mixed.is_multiple_of(11) {
            world.one_sided.insert(ids);
        }
        match mixed % 10 {
            0..7 => world.links.insert(ids, vec![unlabelled()]),
            7 => world
                .links
                .insert(ids, vec![unlabelled(), label("Billing")]),
            _ => None,
        };
    }
    world
}

/// Imports the rows, lets others change the account, and undoes the import.
async fn import_and_undo(
    before: World,
    pairs: &[Ids],
    skip_existing: bool,
    meanwhile: &[Change],
    [importing, undoing]: [&[Trouble]; 2],
) {
    let mut account = Account::new(before, pairs);
    let rows = account.checked_rows();
    let import = LinkPurpose::Import {
        skip_existing,
        labels: LinkLabelUse::Ignored,
    };
    let lines = account.command(import, &rows, importing, |_| {}).await;
    account.change(meanwhile);
    let is_proved = |row: &&CheckedRow| {
        let line = &lines[&row.key.row];
        line.kind == OutcomeKind::Associated && line.existed_before == Some(ExistedBefore::No)
    };
    let proved: Vec<CheckedRow> = rows.iter().filter(is_proved).cloned().collect();
    let undo = LinkPurpose::Undo;
    let undone = account.command(undo, &proved, undoing, |_| {}).await;
    let world = account.world.lock().unwrap();
    for ids in &account.protected {
        assert!(world.links.contains_key(ids), "{ids:?} is gone");
    }
    for (row, outcome) in undone {
        let Some(Proof::Undone(undone)) = outcome.proof.as_deref() else {
            panic!("{outcome:?}");
        };
        let is_there = world.links.contains_key(&pairs[place(row)]);
        match undone.outcome {
            UndoOutcome::Kept => assert!(undone.reason.contains("label"), "{outcome:?}"),
            UndoOutcome::Removed | UndoOutcome::Gone => assert!(!is_there, "{outcome:?}"),
            UndoOutcome::Failed => panic!("{outcome:?}"),
        }
    }
}

/// Verifies the rows. Nothing is changed meanwhile: each line is compared with the one truth.
async fn verify(truth: World, pairs: &[Ids], expect_absent: bool, troubles: Vec<Trouble>) {
    let troubles = troubles.into_iter().map(|trouble| Trouble {
        changes: None,
        ..trouble
    });
    let troubles: Vec<Trouble> = troubles.collect();
    let mut account = Account::new(truth.clone(), pairs);
    let rows = account.checked_rows();
    let check = |outcome: &Outcome| check_verified(&truth, pairs, expect_absent, outcome);
    let purpose = LinkPurpose::Verify { expect_absent };
    account.command(purpose, &rows, &troubles, check).await;
    assert_eq!(*account.world.lock().unwrap(), truth);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, ..ProptestConfig::default() })]

    #[test]
    fn an_undo_removes_what_the_import_made_and_nothing_that_was_there_before(
        before in world(),
        pairs in rows(),
        skip_existing: bool,
        importing in troubles(),
        meanwhile in changes(),
        undoing in troubles(),
    ) {
        let troubles = [&importing[..], &undoing];
        block_on(import_and_undo(before, &pairs, skip_existing, &meanwhile, troubles));
    }

    #[test]
    fn a_verification_finds_every_link_that_is_there_and_only_those(
        account in world(),
        pairs in rows(),
        fates in prop::collection::vec(0..8_u8, 9),
        expect_absent: bool,
        troubles in troubles(),
    ) {
        let mut account = account;
        let companies = (1..=COMPANIES).map(|to| 1_000_000 + to);
        for (id, fate) in (1..=CONTACTS).chain(companies).zip(fates) {
            match fate {
                0 => drop(account.deleted.insert(id)),
                1 => drop(account.merged.insert(id, 9_000_000)),
                _ => continue,
            }
            account.links.retain(|ids, _| ids.0 != id && ids.1 != id);
        }
        block_on(verify(account, &pairs, expect_absent, troubles));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 6, ..ProptestConfig::default() })]

    #[test]
    fn the_same_holds_where_links_are_read_from_the_other_side(
        seed: u64,
        importing in troubles(),
        undoing in troubles(),
        verifying in troubles(),
    ) {
        let (world, pairs) = (many_links(seed), many_pairs());
        block_on(verify(world.clone(), &pairs, false, verifying));
        let troubles = [&importing[..], &undoing];
        block_on(import_and_undo(world, &pairs, true, &[], troubles));
    }
}

/// Compares a line of a verification with the truth.
fn check_verified(truth: &World, pairs: &[Ids], expect_absent: bool, outcome: &Outcome) {
    let ids = pairs[place(outcome.key.row)];
    let Some(Proof::Verified(verified)) = outcome.proof.as_deref() else {
        panic!("{outcome:?}");
    };
    let types = truth.links.get(&ids).cloned().unwrap_or_default();
    let (state, as_expected) = match verified.state {
        LinkState::Unknown => return assert_eq!(outcome.kind, OutcomeKind::Failed),
        state => (state, (state == LinkState::Missing) == expect_absent),
    };
    assert_eq!(state == LinkState::Missing, types.is_empty(), "{outcome:?}");
    assert_eq!(verified.types, types);
    let kind = if as_expected {
        OutcomeKind::Skipped
    } else {
        OutcomeKind::Rejected
    };
    assert_eq!(outcome.kind, kind);
    for (id, state) in [ids.0, ids.1]
        .into_iter()
        .zip(verified.records.into_iter().flatten())
    {
        let expected = if truth.deleted.contains(&id) {
            RecordState::Deleted
        } else if let Some(survivor) = truth.merged.get(&id) {
            RecordState::MergedInto(RecordId::new(&survivor.to_string()).unwrap())
        } else {
            RecordState::Exists
        };
        assert!(
            state == expected || state == RecordState::Unknown,
            "{id} {outcome:?}"
        );
    }
}
