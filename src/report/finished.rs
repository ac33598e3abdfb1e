//! Whether the run that wrote a report has finished.

use std::path::Path;

use crate::report::damage::OnDamage;
use crate::report::end_of_run::EndOfRun;
use crate::report::error::ReportError;
use crate::report::reader::ReportReader;
use crate::report::report_source::open_to_read;

/// Reads the report of an import to its end, plain or compressed, and returns whether its run has finished.
pub fn end_of_run(path: &Path) -> Result<EndOfRun, ReportError> {
    let source = open_to_read(path)?;
    let read = || {
        let mut reader = ReportReader::with(source, OnDamage::Skip)?;
        while reader.read()?.is_some() {}
        Ok(reader.end_of_run())
    };
    read().map_err(|source| ReportError::of_reading(path, source))
}
