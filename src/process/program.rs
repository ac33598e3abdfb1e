//! The program's version, and the commit that it was built from, if the build provided it.

use serde::Serialize;

/// A program and its version.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Program {
    /// Its name.
    pub name: &'static str,
    /// Its version.
    pub version: &'static str,
    /// The commit that it was built from.
    pub commit: Option<&'static str>,
}

impl Program {
    /// This program. The commit is the value of [`Self::COMMIT_VARIABLE`] at build time: there is no build
    /// script that would determine it.
    pub const THIS: Self = Self {
        name: env!("CARGO_PKG_NAME"),
        version: env!("CARGO_PKG_VERSION"),
        commit: match option_env!("HUBSPOT_ASSOCIATE_COMMIT") {
            Some(commit) if !commit.is_empty() => Some(commit),
            _ => None,
        },
    };

    /// The variable that contains the commit at build time.
    pub const COMMIT_VARIABLE: &str = "HUBSPOT_ASSOCIATE_COMMIT";

    /// `0.1.0`, or `0.1.0 (944fd0d)`.
    #[must_use]
    pub fn version_and_commit(&self) -> String {
        match self.commit {
            Some(commit) => format!("{} ({commit})", self.version),
            None => self.version.to_owned(),
        }
    }
}
