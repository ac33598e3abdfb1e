//! The three purposes one after the other over HTTP, against the sandbox.

use std::time::Duration;

use crate::api::auth::source::TokenSource;
use crate::api::auth::token::Token;
use crate::api::client::{ClientSettings, HttpEndpoint};
use crate::api::request::ApiVersion;
use crate::api::tls::RootCertificates;
use crate::domain::outcome::{Outcome, OutcomeKind};
use crate::domain::proof::{ExistedBefore, LinkState, Proof, UndoOutcome};
use crate::rate_limit::rate::Share;
use crate::run::context::{LinkLabelUse, LinkPurpose, LinkSettings, RunSettings};
use crate::run::dispatcher::run;
use crate::run::tests::support::*;
use crate::sandbox::server::Sandbox;
use crate::sandbox::settings::{Latency, SandboxSettings};

const ROWS: u64 = 250;

/// Runs these rows, and returns their outcomes.
async fn outcomes(url: &str, version: ApiVersion, purpose: LinkPurpose) -> Vec<Outcome> {
    let endpoint = HttpEndpoint::new(ClientSettings {
        base_url: url.parse().unwrap(),
        version,
        source: TokenSource::Fixed(Token::new("pat-na1-test").unwrap()),
        roots: RootCertificates::default(),
        timeout: Duration::from_mins(1),
        concurrency: 4,
    });
    let mut report = Memory::default();
    let mut observer = TestObserver::default();
    let rows = input_of((1..=ROWS).map(|number| row(number + 1000)));
    let context = context(rows, no_stops(), &mut report, &mut observer);
    let settings = RunSettings {
        links: Some(LinkSettings {
            purpose,
            is_unlimited: true,
            share: Share::ALL,
        }),
        ..settings(4, 6)
    };
    let ended = Box::pin(run(endpoint.unwrap(), settings, context)).await;
    assert!(ended.stop.is_none(), "{:?}", ended.stop);
    let outcomes = std::mem::take(&mut *report.flushed.lock().unwrap());
    assert_eq!(outcomes.len() as u64, ROWS);
    outcomes
}

fn states(outcomes: &[Outcome], state: LinkState) -> usize {
    let is_state = |outcome: &&Outcome| match outcome.proof.as_deref() {
        Some(Proof::Verified(found)) => found.state == state,
        _ => false,
    };
    outcomes.iter().filter(is_state).count()
}

#[tokio::test]
async fn links_are_made_verified_and_removed_under_every_version() {
    let verify = LinkPurpose::Verify {
        expect_absent: false,
    };
    let import = LinkPurpose::Import {
        skip_existing: true,
        labels: LinkLabelUse::Ignored,
    };
    for version in [ApiVersion::V4, ApiVersion::Of202603, ApiVersion::Of202609] {
        let sandbox = Sandbox::start(SandboxSettings {
            limit: None,
            latency: Latency::NONE,
            ..SandboxSettings::default()
        })
        .unwrap();
        let url = sandbox.url();
        let made = outcomes(&url, version, import).await;
        let is_new = |outcome: &Outcome| {
            outcome.kind == OutcomeKind::Associated
                && outcome.existed_before == Some(ExistedBefore::No)
        };
        assert!(made.iter().all(is_new), "{version:?}");
        let again = outcomes(&url, version, import).await;
        assert!(
            again
                .iter()
                .all(|outcome| outcome.kind == OutcomeKind::Skipped)
        );
        let found = outcomes(&url, version, verify).await;
        assert_eq!(states(&found, LinkState::Present), found.len());
        let undone = outcomes(&url, version, LinkPurpose::Undo).await;
        let is_removed = |outcome: &Outcome| match outcome.proof.as_deref() {
            Some(Proof::Undone(undone)) => undone.outcome == UndoOutcome::Removed,
            _ => false,
        };
        assert!(undone.iter().all(is_removed), "{version:?}");
        let found = outcomes(&url, version, verify).await;
        assert_eq!(states(&found, LinkState::Missing), found.len());
    }
}
