//! Why an undo keeps the link of a row, as far as the report shows it. Pure.

use std::borrow::Cow;

/// Why the link of a row is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeepReason {
    /// It existed before the import.
    Existed,
    /// This other row found that it existed before.
    ExistedInRow(u64),
    /// This other row has the same pair, and its link is removed there.
    SamePair(u64),
    /// The import did not ask whether it existed before.
    NotAsked,
    /// The import could not read whether it existed before.
    NotRead,
    /// The line does not name the portal.
    NoPortal,
    /// It was made in this other portal.
    OtherPortal(u64),
}

impl KeepReason {
    /// The reason without the numbers that differ from row to row, by which rows are counted.
    #[must_use]
    pub fn group(self) -> &'static str {
        match self {
            Self::Existed => "the link existed before the import",
            Self::ExistedInRow(_) => "another row shows that the link existed before",
            Self::SamePair(_) => "another row has the same pair, and stands for it",
            Self::NotAsked => {
                "imported without `--check-existing`: the link may have existed before"
            }
            Self::NotRead => {
                "its links could not be read before the import: the link may have existed before"
            }
            Self::NoPortal => "the report does not name the portal of the row",
            Self::OtherPortal(_) => "the link was made in another portal",
        }
    }

    /// The reason as the report of `undo` shows it.
    #[must_use]
    pub fn text(self) -> Cow<'static, str> {
        let group = self.group();
        match self {
            Self::ExistedInRow(row) | Self::SamePair(row) => {
                Cow::Owned(format!("{group}{ROW}{row})"))
            }
            Self::OtherPortal(portal) => Cow::Owned(format!("{group}{PORTAL}{portal})")),
            Self::Existed | Self::NotAsked | Self::NotRead | Self::NoPortal => Cow::Borrowed(group),
        }
    }
}

/// What stands before the number of a row.
const ROW: &str = " (row ";

/// What stands before the number of a portal.
const PORTAL: &str = " (portal ";

/// The reason without its number, from a reason as the report of `undo` shows it.
#[must_use]
pub fn group_of(text: &str) -> &str {
    let found = [ROW, PORTAL].into_iter().find_map(|start| {
        let (group, number) = text.strip_suffix(')')?.rsplit_once(start)?;
        let is_number = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
        is_number.then_some(group)
    });
    found.unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_is_counted_without_its_number() {
        for reason in [
            KeepReason::Existed,
            KeepReason::ExistedInRow(12),
            KeepReason::SamePair(1_000_000),
            KeepReason::NotAsked,
            KeepReason::NotRead,
            KeepReason::NoPortal,
            KeepReason::OtherPortal(222),
        ] {
            assert_eq!(group_of(&reason.text()), reason.group());
        }
        for text in [
            "",
            "has the label A (row x)",
            "has the label A (row )",
            "(row 1",
        ] {
            assert_eq!(group_of(text), text);
        }
    }

    #[test]
    fn a_reason_names_the_row_or_the_portal_that_it_refers_to() {
        for (reason, text) in [
            (
                KeepReason::SamePair(12),
                "another row has the same pair, and stands for it (row 12)",
            ),
            (
                KeepReason::ExistedInRow(3),
                "another row shows that the link existed before (row 3)",
            ),
            (
                KeepReason::OtherPortal(222),
                "the link was made in another portal (portal 222)",
            ),
        ] {
            assert_eq!(reason.text(), text);
        }
    }
}
