//! Why a label cannot be written.

use crate::domain::association_type::AssociationType;
use crate::domain::label_id::LabelId;
use crate::domain::pair::ObjectType;
use crate::exit_status::ExitStatus;
use crate::text::one_line;

/// The program, for a command in a hint.
const PROGRAM: &str = env!("CARGO_PKG_NAME");

/// How many labels a message lists.
const MAX_LISTED: usize = 10;

/// Characters of a name that a message shows.
const MAX_NAME_CHARS: usize = 80;

/// Why two types have no label of a name or id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NotResolved {
    /// No label has this name or id.
    Unknown {
        /// The most similar names.
        nearest: Vec<String>,
        /// All labels.
        all: Vec<AssociationType>,
    },
    /// Several labels have this name.
    Ambiguous(Vec<LabelId>),
    /// Only the other direction has this label.
    OtherDirection {
        /// The labels of this direction.
        all: Vec<AssociationType>,
    },
    /// It is the id of the unlabelled type.
    Unlabelled,
}

/// A name as messages show it.
fn quoted(name: &str) -> String {
    format!("\"{}\"", one_line(name, MAX_NAME_CHARS))
}

/// The names of labels, for a message.
fn listed(all: &[AssociationType]) -> String {
    let names = all.iter().filter_map(|kind| kind.label.as_deref());
    let mut names: Vec<&str> = names.collect();
    names.dedup();
    let shown: Vec<String> = names
        .iter()
        .take(MAX_LISTED)
        .map(|name| quoted(name))
        .collect();
    let shown = shown.join(", ");
    match names.len().saturating_sub(MAX_LISTED) {
        _ if names.is_empty() => "there are no labels".to_owned(),
        0 => format!("the labels are {shown}"),
        more => format!("the labels are {shown} and {more} more"),
    }
}

impl NotResolved {
    /// What is wrong, as the end of a sentence that begins with the name.
    #[must_use]
    pub fn about_name(&self, [from, to]: [&ObjectType; 2]) -> String {
        match self {
            Self::Unknown { nearest, all } => {
                let choices = if nearest.is_empty() {
                    listed(all)
                } else {
                    let names: Vec<String> = nearest.iter().map(|name| quoted(name)).collect();
                    format!("did you mean {}?", names.join(" or "))
                };
                format!("is no label from {from} to {to}: {choices}")
            }
            Self::Ambiguous(ids) => {
                let ids: Vec<String> = ids.iter().map(ToString::to_string).collect();
                format!(
                    "is the name of several labels from {from} to {to}: {}",
                    ids.join(", ")
                )
            }
            Self::OtherDirection { all } => format!(
                "is a label from {to} to {from}, and not from {from} to {to}: {}",
                listed(all)
            ),
            Self::Unlabelled => {
                "is the unlabelled type, which is written without a label".to_owned()
            }
        }
    }
}

/// Why the labels of an input cannot be written.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LabelError {
    /// A flag names a label that the types do not have.
    #[error("{} {}", quoted(name), why.about_name([from, to]))]
    NotResolved {
        /// The type of the records named first.
        from: ObjectType,
        /// The type of the records named second.
        to: ObjectType,
        /// The name or the id.
        name: String,
        /// Why.
        why: NotResolved,
    },
    /// HubSpot refuses to list the labels of two types.
    #[error("HubSpot does not list the labels from {from} to {to}: {why}")]
    Refused {
        /// The type of the records named first.
        from: ObjectType,
        /// The type of the records named second.
        to: ObjectType,
        /// The reason.
        why: String,
        /// Whether the credentials are the reason.
        is_forbidden: bool,
    },
    /// The labels of two types could not be read.
    #[error("could not read the labels from {from} to {to}: {why}")]
    Unread {
        /// The type of the records named first.
        from: ObjectType,
        /// The type of the records named second.
        to: ObjectType,
        /// The reason.
        why: String,
    },
    /// The rows have more pairs of types than are listed.
    #[error("the rows have more than {max} different pairs of object types")]
    TooManyTypes {
        /// The limit.
        max: usize,
    },
    /// A row has types that the file did not have when its types were looked for.
    #[error("the file has changed: no row had the types {from} and {to} before")]
    Changed {
        /// The type of the records named first.
        from: ObjectType,
        /// The type of the records named second.
        to: ObjectType,
    },
}

impl LabelError {
    /// The hint where the flags of the command are not known.
    #[must_use]
    pub fn plain_hint(&self) -> String {
        let list = self
            .types()
            .map(|[from, to]| format!("{PROGRAM} labels {from} {to}"));
        self.hint(&list.unwrap_or_default(), &format!("{PROGRAM} doctor"))
    }

    /// The exit status of the program.
    #[must_use]
    pub fn exit_status(&self) -> ExitStatus {
        match self {
            Self::Refused { is_forbidden, .. } if *is_forbidden => ExitStatus::Credentials,
            Self::NotResolved { .. }
            | Self::Refused { .. }
            | Self::TooManyTypes { .. }
            | Self::Changed { .. } => ExitStatus::Usage,
            Self::Unread { .. } => ExitStatus::StoppedEarly,
        }
    }

    /// The types whose list helps.
    #[must_use]
    pub fn types(&self) -> Option<[&ObjectType; 2]> {
        match self {
            Self::NotResolved { from, to, .. }
            | Self::Refused { from, to, .. }
            | Self::Unread { from, to, .. }
            | Self::Changed { from, to } => Some([from, to]),
            Self::TooManyTypes { .. } => None,
        }
    }

    /// What the user can do. `list` is the command that lists the labels of the types, `doctor` the one that checks the token.
    #[must_use]
    pub fn hint(&self, list: &str, doctor: &str) -> String {
        match self {
            Self::NotResolved { why, .. } => {
                match why {
                    NotResolved::Unknown { .. } => {
                        format!("`{list}` lists the labels; create a missing one in HubSpot first")
                    }
                    NotResolved::Ambiguous(ids) => {
                        let first = ids.first().map(ToString::to_string).unwrap_or_default();
                        format!("name one of them by its id, such as `--label-id {first}`")
                    }
                    NotResolved::OtherDirection { .. } => format!(
                        "choose a label of this direction (`{list}` lists them), or exchange the two sides of the rows"
                    ),
                    NotResolved::Unlabelled => {
                        "leave the flag out to write the unlabelled association".to_owned()
                    }
                }
            }
            Self::Refused {
                from,
                to,
                is_forbidden,
                ..
            } => {
                if *is_forbidden {
                    format!(
                        "give the token the scopes to read {from} and {to}; `{doctor}` checks it"
                    )
                } else {
                    "check the two object types".to_owned()
                }
            }
            Self::Unread { .. } => "nothing more was sent; run the command again".to_owned(),
            Self::TooManyTypes { .. } => {
                "check that the columns of the object types are the right ones, or split the file".to_owned()
            }
            Self::Changed { .. } => {
                "do not write to the file while it is read: write it under another name, and rename it when it is complete"
                    .to_owned()
            }
        }
    }
}
