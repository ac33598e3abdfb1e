//! Files of an earlier run, known by their content: only these are replaced unasked.

use std::io::{self, Read};
use std::path::Path;

use crate::atomic_file::AtomicFile;
use crate::page::is_page;
use crate::summary::{is_metrics, is_summary};

/// A file of this program is far shorter.
const MAX_FILE_BYTES: u64 = 16 * 1024 * 1024;

/// A kind of file that a run writes besides the report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// One page of HTML.
    Page,
    /// JSON for scripts.
    Summary,
    /// Metrics for Prometheus.
    Metrics,
}

impl Kind {
    /// How messages call it.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Page => "page",
            Self::Summary => "summary",
            Self::Metrics => "file of metrics",
        }
    }

    /// Whether a file with this content is one of this kind, or empty, as `mktemp` makes it.
    fn is(self, content: &[u8]) -> bool {
        content.is_empty()
            || match self {
                Self::Page => is_page(content),
                Self::Summary => is_summary(content),
                Self::Metrics => is_metrics(content),
            }
    }

    /// Whether there is nothing at `path` that another program wrote.
    pub(super) fn may_replace(self, path: &Path) -> io::Result<bool> {
        let Some(file) = AtomicFile::existing(path)? else {
            return Ok(true);
        };
        let mut content = Vec::new();
        file.take(MAX_FILE_BYTES + 1).read_to_end(&mut content)?;
        Ok(content.len() as u64 <= MAX_FILE_BYTES && self.is(&content))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_recognized_as_ours_by_its_content() {
        let page = include_str!("../page/page.html");
        let summary = r#"{"version": 1, "program": {"name": "hubspot-associate", "version": "0.1.0"}, "exit": {"status": 0}}"#;
        let metrics = "# HELP hubspot_associate_running Whether the run continues.\n\
             # TYPE hubspot_associate_running gauge\nhubspot_associate_running{import=\"a\"} 1\n";
        let kinds = [Kind::Page, Kind::Summary, Kind::Metrics];
        for (content, of) in [
            (page, Some(Kind::Page)),
            (summary, Some(Kind::Summary)),
            (metrics, Some(Kind::Metrics)),
            ("name,email\nA,a@example.com\n", None),
            ("<!DOCTYPE html>\n<title>hubspot-associate</title>\n", None),
            (
                r#"{"version": 1, "program": {"name": "npm"}, "exit": {}}"#,
                None,
            ),
            (r#"{"name": "hubspot-associate", "version": "0.1.0"}"#, None),
            (r#"{"version": 1, "program": {"name": "hubspot-ass"#, None),
            ("up 1\nhubspot_associate_running 1\n", None),
            ("\n\n", None),
        ] {
            for kind in kinds {
                assert_eq!(
                    kind.is(content.as_bytes()),
                    of == Some(kind),
                    "{kind:?} {content}"
                );
            }
        }
        for kind in kinds {
            assert!(kind.is(b""));
        }
    }

    #[test]
    fn what_is_not_there_or_no_regular_file_destroys_nothing() {
        let folder = tempfile::tempdir().unwrap();
        for path in [Path::new("/dev/null"), &folder.path().join("new.html")] {
            assert!(Kind::Page.may_replace(path).unwrap(), "{}", path.display());
        }
    }
}
