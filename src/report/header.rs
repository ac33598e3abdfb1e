//! The header of a report: which column is where.
//!
//! Columns are found by name: a report of another version may have more or fewer, in any order.

use crate::input::csv::fields::Fields;
use crate::report::column::{COLUMNS, Column};
use crate::report::damage::{OnDamage, is_text};
use crate::report::layout::{Layout, ReportKind};
use crate::report::read_error::ReadBackError;
use crate::text::BYTE_ORDER_MARK;

/// The position of each known column in a file; `None` if the file has no such column.
pub(crate) type Places = [Option<usize>; COLUMNS.len()];

/// The header of a report.
#[derive(Debug)]
pub(crate) struct Header {
    /// The line, with its line break; empty if the file ends before it.
    pub(crate) raw: Vec<u8>,
    pub(crate) places: Places,
    /// The number of fields of every line.
    pub(crate) field_count: usize,
    /// Its layout, if lines can be appended.
    pub(crate) layout: Option<Layout>,
}

impl Header {
    /// The header of a file that ends before it.
    pub(crate) fn missing(kind: ReportKind) -> Self {
        Self {
            raw: Vec::new(),
            places: [None; COLUMNS.len()],
            field_count: 0,
            layout: Some(kind.layout()),
        }
    }

    /// The header of a report with this layout.
    pub(crate) fn of_layout(layout: Layout) -> Self {
        let field_count = layout.columns().len();
        Self {
            raw: layout.header().into_bytes(),
            places: COLUMNS.map(|name| layout.columns().iter().position(|column| *column == name)),
            field_count,
            layout: Some(layout),
        }
    }

    /// The header with these fields, of a report of this kind.
    pub(crate) fn of(
        raw: &[u8],
        fields: Fields<'_>,
        kind: ReportKind,
    ) -> Result<Self, ReadBackError> {
        let names: Vec<&[u8]> = fields.iter().collect();
        let layout = Layout::of(&names);
        if let Some(found) = layout.map(Layout::kind).filter(|&found| found != kind) {
            return Err(ReadBackError::OtherKind {
                found,
                wanted: kind,
            });
        }
        let place = |name: &str| names.iter().position(|found| *found == name.as_bytes());
        let places = COLUMNS.map(place);
        let needed = kind.needed().iter().copied();
        let missing = needed.filter(|&column| places[column as usize].is_none());
        let missing: Vec<Column> = missing.collect();
        if !missing.is_empty() {
            return Err(ReadBackError::no_report(kind, missing));
        }
        Ok(Self {
            raw: raw.to_vec(),
            places,
            field_count: names.len(),
            layout,
        })
    }

    /// Fails if the header may be damaged, in a report whose damage is not refused.
    pub(crate) fn check(&self, on_damage: OnDamage) -> Result<(), ReadBackError> {
        let is_usable = match on_damage {
            OnDamage::Refuse => true,
            OnDamage::Skip => is_text(&self.raw),
            // A header that is cut short could still name the columns that are needed.
            OnDamage::Repair => self.layout.is_some(),
        };
        if is_usable {
            Ok(())
        } else {
            Err(ReadBackError::other_columns())
        }
    }
}

/// The line without a byte order mark at its start.
pub(crate) fn without_mark(line: &[u8]) -> &[u8] {
    line.strip_prefix(BYTE_ORDER_MARK.as_bytes())
        .unwrap_or(line)
}

/// Whether a file without a line break may be the beginning of a report: the header or a part of it, possibly
/// followed by zeros, as a power cut leaves them. A file that has only zeros may be anything.
pub(crate) fn is_start_of_header(file: &[u8], kind: ReportKind) -> bool {
    let zeros = file.iter().rev().take_while(|&&byte| byte == 0).count();
    let text = &file[..file.len() - zeros];
    let header = kind.layout().columns().join(",");
    header.as_bytes().starts_with(text) && (zeros == 0 || !text.is_empty())
}
