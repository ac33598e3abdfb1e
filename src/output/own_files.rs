//! Recognizes files of an earlier run by their content: only these are replaced without `--overwrite`.

use std::io::{self, Read};
use std::path::Path;

use crate::files::atomic_file::AtomicFile;
use crate::output::html::page::is_page;
use crate::output::json::run::is_summary;
use crate::output::metrics::is_metrics;

/// Files of this program are far smaller.
const MAX_FILE_BYTES: u64 = 16 * 1024 * 1024;

/// A kind of file that a run writes besides the report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// The HTML report.
    Page,
    /// The JSON summary.
    Summary,
    /// The Prometheus metrics.
    Metrics,
}

impl Kind {
    /// The name in messages.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Page => "page",
            Self::Summary => "summary",
            Self::Metrics => "metrics file",
        }
    }

    /// Whether a file with this content is of this kind, or empty, as `mktemp` creates it.
    fn is(self, content: &[u8]) -> bool {
        content.is_empty()
            || match self {
                Self::Page => is_page(content),
                Self::Summary => is_summary(content),
                Self::Metrics => is_metrics(content),
            }
    }

    /// Whether `path` may be replaced: no file of another program is there.
    pub(crate) fn may_replace(self, path: &Path) -> io::Result<bool> {
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
    fn a_file_of_this_program_is_recognized_by_its_content() {
        let page = include_str!("html/frame.html");
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
    fn a_missing_or_non_regular_file_may_be_written() {
        let folder = tempfile::tempdir().unwrap();
        for path in [Path::new("/dev/null"), &folder.path().join("new.html")] {
            assert!(Kind::Page.may_replace(path).unwrap(), "{}", path.display());
        }
    }
}
