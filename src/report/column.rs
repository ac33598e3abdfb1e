//! The report's columns, by name and by place.

/// A column of the report. Their order and meaning are a promise.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(usize)]
pub enum Column {
    /// The data record's number, from 1.
    Row,
    /// The line of the input on which it starts.
    Line,
    /// The type of the record named first.
    FromType,
    /// The id of the record named first.
    FromId,
    /// The type of the record named second.
    ToType,
    /// The id of the record named second.
    ToId,
    /// How the row ended.
    Outcome,
    /// The status of the last reply.
    HttpStatus,
    /// The `status` of a 2xx reply's body.
    BatchStatus,
    /// The API's own count of errors, or ours.
    NumErrors,
    /// The distinct categories.
    Categories,
    /// The distinct sub-categories.
    Subcategories,
    /// What went wrong.
    Message,
    /// The association types of a confirmed link.
    TypeIds,
    /// What HubSpot's support asks for.
    CorrelationId,
    /// The requests sent for the row.
    Attempts,
    /// From the first request to the last reply.
    DurationMs,
    /// When the row ended.
    FinishedAt,
}

/// The names of all columns, in their order.
pub const COLUMNS: [&str; 18] = [
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
];

impl Column {
    /// Without these a file tells nothing about rows; any other column may be missing in a report of
    /// another version.
    pub(super) const NEEDED: [Self; 6] = [
        Self::Row,
        Self::FromType,
        Self::FromId,
        Self::ToType,
        Self::ToId,
        Self::Outcome,
    ];

    /// Its name in the header.
    #[must_use]
    pub fn name(self) -> &'static str {
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
        ] {
            assert_eq!(column.name(), name);
        }
    }
}
