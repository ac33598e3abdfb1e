//! Imports in batch mode that read links first.

use crate::domain::outcome::OutcomeKind;
use crate::domain::proof::ExistedBefore;
use crate::exit_status::ExitStatus;
use crate::run::batch::groups::BatchSettings;
use crate::run::context::{LinkLabelUse, LinkPurpose};
use crate::run::tests::links::crm::*;
use crate::run::tests::links::world::*;

fn in_batches(mut run: LinkRun) -> LinkRun {
    run.settings.batch = Some(BatchSettings {
        size: 100.try_into().unwrap(),
        concurrency: 4.try_into().unwrap(),
    });
    run
}

#[tokio::test(start_paused = true)]
async fn the_rows_of_batches_note_what_was_there_before() {
    let run = LinkRun::import(1..=1050).in_world(World::linked(1..=500));
    let ended = in_batches(run).run().await;
    assert_eq!(ended.status(), ExitStatus::Done);
    assert_eq!(ended.of(OutcomeKind::Associated), 1050);
    assert_eq!(ended.existed(ExistedBefore::Yes), 500);
    assert_eq!(ended.existed(ExistedBefore::No), 550);
    assert_eq!(ended.calls(Kind::Put), 11);
}

#[tokio::test(start_paused = true)]
async fn batches_have_only_the_pairs_that_are_not_linked() {
    let mut run = LinkRun::import(1..=1050).in_world(World::linked(1..=1000));
    run.purpose = LinkPurpose::Import {
        skip_existing: true,
        labels: LinkLabelUse::Ignored,
    };
    let ended = in_batches(run).run().await;
    assert_eq!(ended.status(), ExitStatus::Done);
    assert_eq!(ended.of(OutcomeKind::Skipped), 1000);
    assert_eq!(ended.calls(Kind::Put), 1);
    assert_eq!(ended.world, World::linked(1..=1050));
}
