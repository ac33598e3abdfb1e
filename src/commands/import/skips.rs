//! Reports of earlier runs → the pairs to skip as associated, and the rows that are known to fail.

use tracing::{info, warn};

use crate::domain::known_links::KnownLinks;
use crate::error::RunError;
use crate::input::skip::SkipSettings;
use crate::report::known_pairs::KnownPairs;
use crate::report::origin::Origin;

/// Reads the reports of `--skip-associated-in` for a run of this `origin`. Must run before the report is replaced, which
/// may be one of these.
pub(crate) fn load(settings: &SkipSettings, origin: Origin) -> Result<KnownPairs, RunError> {
    add_reports(KnownPairs::default(), settings, origin)
}

/// Like [`load`], for an input whose labels are never resolved.
pub(crate) fn load_by_name(
    settings: &SkipSettings,
    origin: Origin,
) -> Result<KnownPairs, RunError> {
    let mut known_pairs = KnownPairs::default();
    known_pairs.associated = KnownLinks::by_name();
    add_reports(known_pairs, settings, origin)
}

fn add_reports(
    mut known_pairs: KnownPairs,
    settings: &SkipSettings,
    origin: Origin,
) -> Result<KnownPairs, RunError> {
    for report in &settings.associated_in {
        let damage = known_pairs.add(report, origin)?;
        if !damage.is_none() {
            warn!(
                "the report `{}` is damaged: {damage}; its other lines are used, and pairs that only the damaged ones show as \
                 associated are sent again",
                report.display()
            );
        }
    }
    if !settings.associated_in.is_empty() {
        info!(
            pairs = known_pairs.associated.link_count(),
            "read the associated pairs of earlier reports"
        );
    }
    Ok(known_pairs)
}
