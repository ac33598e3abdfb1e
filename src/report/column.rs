//! The columns of reports, by name.

/// A column of a report. The meaning is stable, and so is the order of those up to the end of the run, which are the
/// columns of an import in their order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(usize)]
#[allow(
    dead_code,
    reason = "a variant is also the position of its name, and no command reads every column"
)]
pub enum Column {
    /// The number of the data record, from 1.
    Row,
    /// The line of the input at which it starts.
    Line,
    /// The type of the first record.
    FromType,
    /// The id of the first record.
    FromId,
    /// The type of the second record.
    ToType,
    /// The id of the second record.
    ToId,
    /// The outcome of the row.
    Outcome,
    /// The HTTP status of the last reply.
    HttpStatus,
    /// The `status` in the body of a 2xx reply.
    BatchStatus,
    /// The API's own count of errors, or the count of errors found in the row.
    NumErrors,
    /// The distinct error categories.
    Categories,
    /// The distinct error sub-categories.
    Subcategories,
    /// What went wrong.
    Message,
    /// The association types of a confirmed association.
    TypeIds,
    /// The id that HubSpot support needs to find the request.
    CorrelationId,
    /// The number of requests sent for the row.
    Attempts,
    /// The time from the first request to the last reply.
    DurationMs,
    /// The time at which the row ended.
    FinishedAt,
    /// The cell with the key of the first record; empty if it held an id.
    FromKey,
    /// How the first record matches its key.
    FromMatch,
    /// The cell with the key of the second record; empty if it held an id.
    ToKey,
    /// How the second record matches its key.
    ToMatch,
    /// Whether the pair was associated before it was sent.
    ExistedBefore,
    /// The labels that were asked for.
    Labels,
    /// Those of them that the association did not have before.
    LabelsAdded,
    /// The account that the run writes to; empty if it is not known.
    PortalId,
    /// `1` in the last line once the run that wrote it has finished, otherwise `0`.
    EndOfRun,
    /// Whether the pair is linked.
    State,
    /// The types of the link.
    AssociationTypes,
    /// Whether the records of a missing link exist.
    Record,
    /// The time at which the link was read.
    CheckedAt,
    /// Why the link is kept, or could not be removed.
    Reason,
}

/// The names of all columns, in the order of the variants.
pub(crate) const COLUMNS: [&str; 32] = [
    "row",
    "line",
    "from_object_type",
    "from_object_id",
    "to_object_type",
    "to_object_id",
    "outcome",
    "http_status",
    "batch_status",
    "num_errors",
    "error_categories",
    "error_subcategories",
    "error_message",
    "association_type_ids",
    "correlation_id",
    "attempts",
    "duration_ms",
    "finished_at",
    "from_key",
    "from_match",
    "to_key",
    "to_match",
    "existed_before",
    "labels",
    "labels_added",
    "portal_id",
    "end_of_run",
    "state",
    "association_types",
    "record",
    "checked_at",
    "reason",
];

impl Column {
    /// The column's name in the header.
    #[must_use]
    pub const fn name(self) -> &'static str {
        COLUMNS[self as usize]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_column_has_its_name() {
        for (column, name) in [
            (Column::Row, "row"),
            (Column::ToId, "to_object_id"),
            (Column::Outcome, "outcome"),
            (Column::Message, "error_message"),
            (Column::FinishedAt, "finished_at"),
            (Column::ToKey, "to_key"),
            (Column::LabelsAdded, "labels_added"),
            (Column::EndOfRun, "end_of_run"),
            (Column::CheckedAt, "checked_at"),
            (Column::Reason, "reason"),
        ] {
            assert_eq!(column.name(), name);
        }
    }
}
