//! Reports of earlier runs → the pairs that need not be sent again, and the rows that are known to end badly.

use tracing::{info, warn};

use crate::error::RunError;
use crate::input::SkipSettings;
use crate::report::{KnownPairs, Origin};

/// Reads the reports that were named, for a run of this `origin`. One of them may be the report that is about to be
/// replaced, so this comes before that.
pub(super) fn load(settings: &SkipSettings, origin: Origin) -> Result<KnownPairs, RunError> {
    let mut known_pairs = KnownPairs::default();
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
            pairs = known_pairs.associated.len(),
            "known as associated from earlier reports"
        );
    }
    Ok(known_pairs)
}
