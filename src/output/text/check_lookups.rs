//! The part of `check` about lookups, as text and as JSON. Pure.

use serde::Serialize;

use crate::check::keys::{LookupCall, LookupPlan, PropertyKeys};
use crate::check::tiers::{LOOKUP_TIERS, Tier, TimeNeeded};
use crate::number::{grouped, span};
use crate::output::text::lines::Lines;

/// The maximum number of properties in the list.
const MAX_PROPERTIES: usize = 20;

/// Adds the lookups to the text.
pub(crate) fn add_to(lines: &mut Lines, plan: &LookupPlan) {
    lines.about(
        "lookups",
        format!("{} pairs have keys in place of ids", grouped(plan.pairs)),
    );
    for keys in plan.properties.iter().take(MAX_PROPERTIES) {
        lines.add(property(keys));
    }
    let more = plan.properties.len().saturating_sub(MAX_PROPERTIES);
    if more > 0 {
        lines.add(format!("  and {} more properties", grouped(more as u64)));
    }
    if plan.searches > 0 {
        let time = seconds(plan.search_seconds);
        lines.add(format!(
            "  search: {time} at 5 calls per second, whatever the quota; more where a value has many records"
        ));
    }
    if plan.batch_reads > 0 {
        lines.add("time of lookups by quota (calls per 10 s, per day), beside the links:");
        for (tier, time) in LOOKUP_TIERS.into_iter().zip(plan.times()) {
            let a_day = tier.per_day.map_or("not stated".to_owned(), grouped);
            let name = format!("  {}: {}, {a_day}", tier.name, tier.per_10_seconds);
            lines.add(format!("{name:<43}{:>17}", seconds(time.seconds)));
        }
    }
}

fn property(keys: &PropertyKeys) -> String {
    let of = format!("{} by {}", keys.object_type, keys.property);
    let about = if keys.exact { "" } else { "about " };
    let (count, most) = match keys.distinct {
        Some(distinct) => (format!("{about}{} distinct {of}", grouped(distinct)), ""),
        None => (
            format!("{} {of}, distinct ones not counted", grouped(keys.uses)),
            "at most ",
        ),
    };
    let calls = match (keys.call, keys.calls) {
        (LookupCall::BatchRead, 1) => "1 call".to_owned(),
        (LookupCall::BatchRead, calls) => format!("{} calls", grouped(calls)),
        (LookupCall::Search, 1) => "1 search".to_owned(),
        (LookupCall::Search, calls) => format!("{} searches", grouped(calls)),
    };
    format!("  {count}: {most}{calls}")
}

fn seconds(seconds: u64) -> String {
    match seconds {
        0..60 => format!("{seconds}s"),
        _ => span(std::time::Duration::from_secs(seconds)),
    }
}

/// The lookups in JSON.
#[derive(Serialize)]
pub(crate) struct LookupJson {
    #[serde(flatten)]
    plan: LookupPlan,
    quotas: Vec<LookupQuota>,
}

#[derive(Serialize)]
struct LookupQuota {
    #[serde(flatten)]
    tier: Tier,
    #[serde(flatten)]
    time: TimeNeeded,
}

impl LookupJson {
    pub(crate) fn of(plan: LookupPlan) -> Self {
        let quotas = LOOKUP_TIERS.into_iter().zip(plan.times());
        Self {
            quotas: quotas
                .map(|(tier, time)| LookupQuota { tier, time })
                .collect(),
            plan,
        }
    }
}
