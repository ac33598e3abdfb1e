//! Reports of earlier runs → the pairs that need not be sent again.

use tracing::info;

use crate::error::RunError;
use crate::input::{SkipSettings, Skips};
use crate::pair_set::PairSet;
use crate::report::{Origin, add_associated};

/// Reads the reports that were named, for a run of this `origin`. One of them may be the report that is about to be replaced, so this
/// comes before that.
pub(super) fn load(settings: &SkipSettings, origin: Origin) -> Result<Skips, RunError> {
    let mut associated = PairSet::default();
    for report in &settings.associated_in {
        add_associated(report, origin, &mut associated)?;
    }
    if !settings.associated_in.is_empty() {
        info!(
            pairs = associated.len(),
            "known as associated from earlier reports"
        );
    }
    Ok(Skips::new(associated, settings.duplicates))
}
