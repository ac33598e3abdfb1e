//! Imports with labels. Whatever goes wrong, no label of a link is lost unless labels are to be replaced.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use proptest::prelude::*;

use crate::domain::association_type::AssociationType;
use crate::domain::label_set::LabelSet;
use crate::domain::labels::AskedLabels;
use crate::domain::outcome::{Outcome, OutcomeKind, RowTarget};
use crate::domain::pair::{ObjectType, Pair, Record, RecordId, RowKey};
use crate::domain::proof::ExistedBefore;
use crate::exit_status::ExitStatus;
use crate::input::row::{CheckedRow, RowContent};
use crate::run::batch::groups::BatchSettings;
use crate::run::context::{LinkLabelUse, LinkPurpose, RunSettings};
use crate::run::stop_reason::{Signal, StopRequest};
use crate::run::tests::links::crm::*;
use crate::run::tests::links::kills::{Trouble, process_with};
use crate::run::tests::links::world::*;
use crate::run::tests::links::writes::{inverse, is_inverse};
use crate::run::tests::support::{answer, settings};

/// Longer than any request takes.
pub(super) const LATER: Duration = Duration::from_mins(1);

/// Longer than any run takes: a run that takes longer waits for itself.
pub(super) const TOO_LONG: Duration = Duration::from_hours(6);

/// The types from contacts to companies.
pub(super) fn types() -> Vec<AssociationType> {
    let named = |category: &str, type_id, name: &str| AssociationType {
        category: category.into(),
        type_id,
        label: Some(name.into()),
    };
    vec![
        named("USER_DEFINED", 1, "Decision maker"),
        named("USER_DEFINED", 3, "Billing contact"),
        named("USER_DEFINED", 5, "Manager"),
        named("INTEGRATOR_DEFINED", 3, "Billing contact"),
        named("HUBSPOT_DEFINED", 1, "Primary"),
    ]
}

/// The types with these places among [`types`].
fn chosen(places: &BTreeSet<usize>) -> Vec<AssociationType> {
    let all = types();
    places.iter().map(|&place| all[place].clone()).collect()
}

/// A row of an input.
#[derive(Clone, Debug)]
pub(super) struct Asked {
    pub(super) ids: Ids,
    pub(super) types: [&'static str; 2],
    labels: BTreeSet<usize>,
}

impl Asked {
    fn to_row(&self, row: u64) -> CheckedRow {
        let record = |object_type: &str, id: u64| Record {
            object_type: ObjectType::new(object_type).unwrap(),
            id: RecordId::new(&id.to_string()).unwrap(),
        };
        let [from_type, to_type] = self.types;
        let labels = chosen(&self.labels);
        let (ids, labels) = if is_inverse(from_type) {
            let labels = labels.iter().map(inverse).collect();
            ((self.ids.1, self.ids.0), labels)
        } else {
            (self.ids, labels)
        };
        CheckedRow {
            key: RowKey { row, line: row + 1 },
            content: RowContent::Pair(Pair {
                from: record(from_type, ids.0),
                to: record(to_type, ids.1),
            }),
            labels: LabelSet::new(labels).map(AskedLabels::Known),
        }
    }
}

fn checked(rows: &[Asked]) -> Vec<CheckedRow> {
    let rows = rows.iter().zip(1..);
    rows.map(|(row, number)| row.to_row(number)).collect()
}

/// A row from contact 7 to company 1,000,007 with one label.
fn labelled(place: usize) -> Asked {
    Asked {
        ids: ids(7),
        types: ["contacts", "companies"],
        labels: BTreeSet::from([place]),
    }
}

fn import(rows: &[Asked], labels: LinkLabelUse, skip_existing: bool) -> LinkRun {
    let purpose = LinkPurpose::Import {
        skip_existing,
        labels,
    };
    LinkRun {
        rows: checked(rows),
        ..LinkRun::of(purpose, [])
    }
}

fn in_batches(settings: RunSettings, size: usize) -> RunSettings {
    RunSettings {
        batch: Some(BatchSettings {
            size: size.try_into().unwrap(),
            concurrency: 2.try_into().unwrap(),
        }),
        ..settings
    }
}

/// The account with this link.
fn account(types: Vec<AssociationType>) -> World {
    World {
        links: BTreeMap::from([(ids(7), types)]),
        ..World::default()
    }
}

/// The places of the labels of a link.
fn places(world: &World, ids: Ids) -> BTreeSet<usize> {
    let types = types();
    let linked = world.links.get(&ids).into_iter().flatten();
    let places = linked.filter_map(|kind| types.iter().position(|known| known.is_same_as(kind)));
    places.collect()
}

fn added(outcome: &Outcome) -> Vec<AssociationType> {
    let labels = outcome.labels.as_ref().unwrap();
    labels.added.clone().unwrap_or_default()
}

#[tokio::test(start_paused = true)]
async fn labels_that_are_there_are_kept_or_replaced() {
    let before = || account(vec![unlabelled(), types()[0].clone(), types()[4].clone()]);
    for (labels, expected) in [
        (LinkLabelUse::Kept, BTreeSet::from([0, 1, 4])),
        (LinkLabelUse::Replaced, BTreeSet::from([1, 4])),
    ] {
        let ended = import(&[labelled(1)], labels, false).in_world(before());
        let ended = ended.run().await;
        assert_eq!(ended.status(), ExitStatus::Done);
        assert_eq!(places(&ended.world, ids(7)), expected);
        let outcome = &ended.outcomes[0];
        assert_eq!(outcome.existed_before, Some(ExistedBefore::Yes));
        assert_eq!(added(outcome), [types()[1].clone()]);
    }
}

#[tokio::test(start_paused = true)]
async fn a_row_whose_links_cannot_be_read_fails_and_is_not_sent() {
    let rows = [labelled(0), labelled(1), labelled(0)];
    for status in [500, 400] {
        let body = r#"{"status":"error","category":"C","message":"why","correlationId":"c"}"#;
        let run = import(&rows, LinkLabelUse::Kept, false);
        let run = run.faulty(Kind::Read, |_| true, move || answer(status, body));
        let ended = run.run().await;
        assert_eq!(ended.calls(Kind::Put), 0);
        assert_eq!(ended.of(OutcomeKind::Failed), 3, "{:?}", ended.outcomes);
        let outcome = &ended.outcomes[1];
        let details = &outcome.details;
        assert!(
            details.message.contains("nothing was sent: "),
            "{details:?}"
        );
        assert!(details.message.contains("why"), "{details:?}");
        assert_eq!(details.http_status, Some(status));
        assert_eq!((outcome.attempts, details.num_errors), (0, 1));
        assert_eq!(outcome.labels.as_ref().unwrap().added, None);
        let run = import(&rows, LinkLabelUse::Replaced, false);
        let run = run.faulty(Kind::Read, |_| true, move || answer(status, body));
        let ended = run.run().await;
        assert_eq!(ended.of(OutcomeKind::Associated), 3);
        assert_eq!(ended.existed(ExistedBefore::Unknown), 3);
    }
}

#[tokio::test(start_paused = true)]
async fn a_row_is_skipped_only_if_all_its_labels_are_there() {
    let mut both = labelled(0);
    both.labels.insert(1);
    let rows = [labelled(0), both, labelled(1)];
    let before = account(vec![unlabelled(), types()[0].clone()]);
    let run = import(&rows, LinkLabelUse::Kept, true).in_world(before);
    let ended = run.run().await;
    let kinds: Vec<_> = ended.outcomes.iter().map(|outcome| outcome.kind).collect();
    let expected = [
        OutcomeKind::Skipped,
        OutcomeKind::Associated,
        OutcomeKind::Skipped,
    ];
    assert_eq!(kinds, expected);
    assert_eq!(ended.outcomes[0].details.categories, ["CLIENT_EXISTS"]);
    assert_eq!(added(&ended.outcomes[0]), []);
    assert_eq!(added(&ended.outcomes[1]), [types()[1].clone()]);
    assert_eq!(ended.calls(Kind::Read), 1);
}

#[tokio::test(start_paused = true)]
async fn many_rows_of_one_link_are_written_one_after_the_other_with_one_read() {
    let mut rows = vec![labelled(0); 4500];
    let inverse = Asked {
        types: ["company", "0-1"],
        ..labelled(2)
    };
    rows.extend([inverse, labelled(3)]);
    for is_batch in [false, true] {
        let mut run = import(&rows, LinkLabelUse::Kept, false);
        if is_batch {
            run.settings = in_batches(run.settings, 100);
        }
        let ended = run.run().await;
        assert_eq!(ended.status(), ExitStatus::Done);
        assert_eq!(ended.of(OutcomeKind::Associated), rows.len());
        assert_eq!(ended.existed(ExistedBefore::No), 1);
        assert_eq!(ended.calls(Kind::Read), 3, "of each direction in turn");
        assert_eq!(places(&ended.world, ids(7)), BTreeSet::from([0, 2, 3]));
        assert_eq!(ended.world.lost, []);
        let all_added = ended.outcomes.iter().map(|outcome| added(outcome).len());
        assert_eq!(all_added.sum::<usize>(), 3);
        assert!(ended.took < Duration::from_mins(10), "{:?}", ended.took);
    }
}

#[tokio::test(start_paused = true)]
async fn rows_of_a_link_continue_after_one_that_is_refused_for_its_credentials() {
    let mut rows = vec![labelled(0); 2500];
    // Its link is read and sent first.
    rows[0].ids = ids(6);
    // A row that is refused alone is sent twice.
    let is_refused = |number| number == 1 || number == 2;
    let refused = || answer(403, r#"{"status":"error","category":"C","message":"m"}"#);
    for is_batch in [false, true] {
        let mut run = import(&rows, LinkLabelUse::Kept, false);
        run.settings.concurrency = 1.try_into().unwrap();
        if is_batch {
            run.settings = in_batches(run.settings, 100);
        }
        let run = run.faulty(Kind::Put, is_refused, refused).run();
        let ended = tokio::time::timeout(TOO_LONG, run).await.unwrap();
        assert_eq!(ended.outcomes.len(), 2500, "{:?}", ended.ending.stop);
        assert_eq!(ended.of(OutcomeKind::Rejected), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn a_row_reads_its_link_again_after_one_that_was_rejected() {
    let rows = [labelled(0), labelled(0)];
    let run = import(&rows, LinkLabelUse::Kept, true);
    let refused = || answer(400, r#"{"status":"error","category":"C","message":"m"}"#);
    let run = run.faulty(Kind::Put, |number| number == 0, refused);
    let ended = run.run().await;
    let kinds: Vec<_> = ended.outcomes.iter().map(|outcome| outcome.kind).collect();
    assert_eq!(kinds, [OutcomeKind::Rejected, OutcomeKind::Associated]);
    assert_eq!(ended.calls(Kind::Read), 2);
    assert_eq!(added(&ended.outcomes[1]), [types()[0].clone()]);
}

#[tokio::test(start_paused = true)]
async fn labels_are_read_from_the_side_of_the_record_that_the_row_names_first() {
    let all = (2001..=4100).map(|from| (from, 1_000_001 + from % 6));
    let rows = all.clone().map(|ids| Asked { ids, ..labelled(1) });
    let rows: Vec<_> = rows.collect();
    let links = all.map(|ids| (ids, vec![unlabelled(), types()[0].clone()]));
    let world = World {
        links: links.collect(),
        ..World::default()
    };
    for labels in [LinkLabelUse::Kept, LinkLabelUse::Replaced] {
        let mut run = import(&rows, labels, false).in_world(world.clone());
        run.settings = in_batches(run.settings, 1000);
        let ended = run.run().await;
        assert_eq!(ended.of(OutcomeKind::Associated), rows.len());
        let reads = ended.asked.iter().filter(|asked| asked.kind == Kind::Read);
        let mut records = reads.flat_map(|asked| asked.ids.iter());
        assert!(records.all(|&id| id < 1_000_000));
        let is_kept = labels == LinkLabelUse::Kept;
        assert_eq!(ended.world.lost.is_empty(), is_kept);
    }
}

#[tokio::test(start_paused = true)]
async fn rows_that_wait_for_their_link_have_no_line_if_the_run_stops() {
    let mut run = import(&vec![labelled(0); 100], LinkLabelUse::Kept, false);
    let stop = StopRequest::Gracefully(Signal::Interrupt);
    run.stops = vec![(Duration::from_secs(2), stop)];
    let ended = run.run().await;
    assert_eq!(ended.status(), ExitStatus::Interrupted);
    let without = ended.ending.counts.without_outcome;
    assert!(without > 50, "{without}");
    assert_eq!(ended.outcomes.len() as u64 + without, 100);
}

/// An import of a sequence.
#[derive(Clone, Debug)]
pub(super) struct Import {
    pub(super) rows: Vec<Asked>,
    batch: Option<usize>,
    skip_existing: bool,
    pub(super) troubles: Vec<Trouble>,
}

pub(super) fn all_ids() -> Vec<Ids> {
    let contacts = 1..=3;
    let pairs = contacts.flat_map(|from| (1..=2).map(move |to| (from, 1_000_000 + to)));
    pairs.collect()
}

fn label_places(least: usize) -> impl Strategy<Value = BTreeSet<usize>> {
    prop::collection::btree_set(0..types().len(), least..4)
}

pub(super) fn imports() -> impl Strategy<Value = Vec<Import>> {
    let spelled = prop::sample::select(vec![
        ["contacts", "companies"],
        ["contacts", "companies"],
        ["0-1", "Company"],
        ["companies", "contacts"],
    ]);
    let ids = prop::sample::select(all_ids());
    let row = (ids, spelled, label_places(1)).prop_map(|(ids, types, labels)| Asked {
        ids,
        types,
        labels,
    });
    let fault = prop_oneof![6 => Just(0_u8), 4 => 1..8_u8];
    let trouble = (
        prop::option::weighted(0.8, 0..12_usize),
        any::<bool>(),
        prop::collection::vec(fault, 0..12),
    );
    let trouble = trouble.prop_map(|(kill_at, is_lost, faults)| Trouble {
        kill_at,
        is_lost,
        faults,
        changes: None,
    });
    let import = (
        prop::collection::vec(row, 1..14),
        prop::option::of(2..5_usize),
        any::<bool>(),
        prop::collection::vec(trouble, 0..3),
    );
    let import = import.prop_map(|(rows, batch, skip_existing, troubles)| Import {
        rows,
        batch,
        skip_existing,
        troubles,
    });
    prop::collection::vec(import, 1..4)
}

/// Links, some with labels, and some of these with the primary type.
pub(super) fn accounts() -> impl Strategy<Value = World> {
    let link = prop::option::of(label_places(0));
    prop::collection::vec(link, all_ids().len()).prop_map(|links| {
        let links = all_ids().into_iter().zip(links);
        let linked = links.filter_map(|(ids, places)| {
            let types = [unlabelled()].into_iter().chain(chosen(&places?));
            Some((ids, types.collect()))
        });
        World {
            links: linked.collect(),
            ..World::default()
        }
    })
}

/// Runs an import, and resumes it until every row has its outcome. Returns the outcomes in the order in which rows ended.
pub(super) async fn run_import(world: &Arc<Mutex<World>>, import: &Import) -> Vec<Outcome> {
    let before = world.lock().unwrap().clone();
    let rows = checked(&import.rows);
    let purpose = LinkPurpose::Import {
        skip_existing: import.skip_existing,
        labels: LinkLabelUse::Kept,
    };
    let mut settled = BTreeSet::new();
    let mut ended = Vec::new();
    for trouble in import.troubles.iter().chain([&Trouble::default()]) {
        let open = rows.iter().filter(|row| !settled.contains(&row.key.row));
        let open = open.cloned().collect();
        let settings = match import.batch {
            Some(size) => in_batches(settings(3, 3), size),
            None => settings(3, 3),
        };
        let process = process_with(world, purpose, open, trouble, settings);
        let lines = tokio::time::timeout(TOO_LONG, process).await;
        for outcome in lines.expect("a run ends") {
            check_line(&before, &outcome);
            if outcome.kind != OutcomeKind::Failed {
                assert!(settled.insert(outcome.key.row), "{outcome:?}");
                ended.push(outcome);
            }
        }
        // The requests that were in flight at a kill have had their effect.
        tokio::time::sleep(LATER).await;
        let now = world.lock().unwrap();
        assert_eq!(now.lost, []);
        for &row in &settled {
            let row = &import.rows[usize::try_from(row).unwrap() - 1];
            let has = places(&now, row.ids);
            assert!(has.is_superset(&row.labels), "{row:?} {has:?}");
        }
    }
    assert_eq!(settled.len(), rows.len(), "{settled:?}");
    let after = world.lock().unwrap();
    for ids in all_ids() {
        let asked = import.rows.iter().filter(|row| row.ids == ids);
        let asked = asked.flat_map(|row| row.labels.iter().copied());
        let union: BTreeSet<usize> = places(&before, ids).into_iter().chain(asked).collect();
        assert_eq!(places(&after, ids), union);
    }
    ended
}

/// What a line says about the state before the import.
fn check_line(before: &World, outcome: &Outcome) {
    use OutcomeKind::{Associated, Failed, Skipped};
    assert!(
        [Associated, Failed, Skipped].contains(&outcome.kind),
        "{outcome:?}"
    );
    let RowTarget::Pair(pair) = &outcome.target else {
        panic!("{outcome:?}");
    };
    let types = before.types(pair);
    if outcome.existed_before == Some(ExistedBefore::No) {
        assert!(types.is_empty(), "{outcome:?}");
    }
    for label in added(outcome) {
        let was_there = types.iter().any(|kind| kind.is_same_as(&label));
        assert!(!was_there, "{outcome:?}");
    }
    if outcome.kind == Skipped {
        assert_eq!(outcome.existed_before, Some(ExistedBefore::Yes));
        assert_eq!(added(outcome), []);
    }
}

pub(super) fn block_on<T>(future: impl Future<Output = T>) -> T {
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    let runtime = runtime.enable_time().start_paused(true).build();
    runtime.unwrap().block_on(future)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 192, ..ProptestConfig::default() })]

    #[test]
    fn no_sequence_of_imports_removes_a_label_that_is_to_be_kept(
        account in accounts(),
        imports in imports(),
    ) {
        block_on(async {
            let world = Arc::new(Mutex::new(account));
            for import in &imports {
                run_import(&world, import).await;
            }
        });
    }
}
