//! The calls of the API, with the parameters of their paths.

/// A call, with its path's parameters as received.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Route {
    /// Associate two records without a label.
    Pair {
        from_type: String,
        from_id: String,
        to_type: String,
        to_id: String,
    },
    /// Associate two records with labels.
    Labelled {
        from_type: String,
        from_id: String,
        to_type: String,
        to_id: String,
    },
    /// Remove all associations between two records.
    Unlink {
        from_type: String,
        from_id: String,
        to_type: String,
        to_id: String,
    },
    /// Associate several pairs of two types.
    Batch {
        from_type: String,
        to_type: String,
    },
    /// Associate several pairs with labels.
    Create {
        from_type: String,
        to_type: String,
    },
    /// Read the associations of several records.
    Links {
        from_type: String,
        to_type: String,
    },
    /// Remove all associations between the records of several pairs.
    Archive {
        from_type: String,
        to_type: String,
        /// Dated versions reply with a body.
        is_dated: bool,
    },
    /// Remove some types of several associations.
    ArchiveLabels {
        from_type: String,
        to_type: String,
        is_dated: bool,
    },
    /// List the association types between two object types.
    Labels {
        from_type: String,
        to_type: String,
        path: LabelsPath,
    },
    /// Read a record's associations.
    Read {
        from_type: String,
        from_id: String,
        to_type: String,
    },
    /// Read records by id or by a unique property.
    Records {
        object_type: String,
    },
    /// Search for records by the values of a property.
    Search {
        object_type: String,
    },
    /// List a type's properties.
    Properties {
        object_type: String,
    },
    /// Read the definition of a property.
    Property {
        object_type: String,
        name: String,
    },
    /// A call about the sandbox itself: the segments of its path behind `/sandbox`.
    Sandbox {
        segments: Vec<String>,
    },
    AccountDetails,
    ApiUsage,
    Token,
    Introspection,
    /// A known path, but not for this method.
    WrongMethod {
        /// The supported method.
        allowed: &'static str,
    },
    Unknown,
}

/// The place of the list of labels, which has moved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LabelsPath {
    /// `/crm/v4/associations/…`
    Old,
    /// `/crm/associations/v4/…`
    New,
    /// `/crm/associations/{version}/…`
    Dated,
}

impl Route {
    /// The call's name in the counts of requests.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Pair { .. } => "pair",
            Self::Labelled { .. } => "labelled",
            Self::Batch { .. } => "batch",
            Self::Unlink { .. } => "unlink",
            Self::Create { .. } => "create",
            Self::Links { .. } => "links",
            Self::Archive { .. } => "archive",
            Self::ArchiveLabels { .. } => "archive-labels",
            Self::Labels { .. } => "labels",
            Self::Sandbox { .. } => "sandbox",
            Self::Read { .. } => "read",
            Self::Records { .. } => "records",
            Self::Search { .. } => "search",
            Self::Properties { .. } | Self::Property { .. } => "properties",
            Self::AccountDetails | Self::ApiUsage => "account",
            Self::Token | Self::Introspection => "oauth",
            Self::WrongMethod { .. } | Self::Unknown => "unknown",
        }
    }
}
