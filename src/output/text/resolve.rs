//! Renders how `resolve` ended: the rows with ids, the reasons of the others, and the next command. Pure.

use std::path::Path;
use std::time::Duration;

use crate::domain::run_counts::RunCounts;
use crate::number::{counted, grouped, span};
use crate::output::lookups::lookups;
use crate::output::summary::shown;
use crate::output::text::lines::Lines;
use crate::output::text::run::add_categories;
use crate::resolve::writer::LineTotals;

/// How `resolve` ended.
#[derive(Debug)]
pub struct Resolved<'r> {
    /// The lines of the output.
    pub totals: LineTotals,
    /// The counts of the run.
    pub counts: &'r RunCounts,
    /// How long it took.
    pub elapsed: Duration,
    /// The output, if it is complete.
    pub output: Option<&'r Path>,
    /// The command that imports the output.
    pub next: Option<&'r str>,
}

impl Resolved<'_> {
    /// The text; each line ends with a line break.
    #[must_use]
    pub fn to_text(&self) -> String {
        let LineTotals {
            resolved,
            empty,
            problems,
        } = self.totals;
        let state = match self.output {
            Some(_) => "finished",
            None => "stopped",
        };
        let lines = counted(resolved + empty + problems, "line", "lines");
        let mut text = Lines::default();
        text.add(format!("{state}: {lines} in {}", span(self.elapsed)));
        for (what, lines) in [
            ("both ids", resolved),
            ("empty list", empty),
            ("problem", problems),
        ] {
            if lines > 0 {
                text.add(format!("  {what:<11}{:>12}", grouped(lines)));
            }
        }
        add_categories(self.counts, &mut text);
        if let Some(lookups) = lookups(&self.counts.lookup) {
            text.add(format!("looked up {lookups}"));
        }
        match self.output {
            Some(path) => text.about("output", shown(path)),
            None => text.add("output: not written"),
        }
        text.about_some("next", self.next);
        text.into_text()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_shows_the_lines_of_the_output_and_the_next_command() {
        let mut counts = RunCounts::default();
        counts.lookup.calls = 2;
        counts.lookup.exact = 150;
        let mut resolved = Resolved {
            totals: LineTotals {
                resolved: 1200,
                empty: 0,
                problems: 3,
            },
            counts: &counts,
            elapsed: Duration::from_secs(130),
            output: Some(Path::new("ids.csv")),
            next: Some("hubspot-associate import ids.csv"),
        };
        assert_eq!(
            resolved.to_text(),
            "\
finished: 1,203 lines in 2m 10s
  both ids          1,200
  problem               3
looked up 150 keys with 2 calls: 150 exact, 0 folded, 0 secondary, 0 by search, 0 not found, 0 ambiguous
output: ids.csv
next: hubspot-associate import ids.csv
"
        );
        resolved.output = None;
        resolved.next = None;
        let text = resolved.to_text();
        assert!(text.starts_with("stopped: "), "{text}");
        assert!(text.ends_with("output: not written\n"), "{text}");
    }
}
