//! The terminal as one shared thing: bar and log lines never overwrite each other.

use std::io::{self, IsTerminal, Write};
use std::sync::{Arc, OnceLock};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::terminal::{BarTerminal, Drawer};
use crate::cli::{LogFormat, MannerArgs, WhenArg};
use crate::error::Problem;

/// How often the bar is drawn, per second, at most.
const DRAWS_PER_SECOND: u8 = 10;

/// How progress is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ProgressForm {
    Bar,
    Lines { every: std::time::Duration },
    None,
}

/// How much is said, and in which form. Terminal facts are read once, here.
#[derive(Clone, Copy, Debug)]
pub struct Manner {
    pub(super) quiet: bool,
    pub(super) verbose: u8,
    pub(super) log_format: LogFormat,
    pub(super) progress: ProgressForm,
}

impl Manner {
    /// What the flags and the terminal make of it.
    #[must_use]
    pub fn new(flags: MannerArgs) -> Self {
        let terminal = io::stderr().is_terminal()
            && std::env::var_os("TERM").is_none_or(|terminal| terminal != "dumb");
        Self::decide(flags, terminal)
    }

    /// Whether only errors are to be said.
    #[must_use]
    pub fn is_quiet(&self) -> bool {
        self.quiet
    }

    fn decide(flags: MannerArgs, terminal: bool) -> Self {
        let bar = terminal && flags.log_format == LogFormat::Text;
        let progress = match flags.progress {
            WhenArg::Never => ProgressForm::None,
            WhenArg::Auto if flags.quiet => ProgressForm::None,
            _ if bar => ProgressForm::Bar,
            WhenArg::Auto => ProgressForm::Lines {
                every: std::time::Duration::from_mins(1),
            },
            WhenArg::Always => ProgressForm::Lines {
                every: std::time::Duration::from_secs(10),
            },
        };
        Self {
            quiet: flags.quiet,
            verbose: flags.verbose,
            log_format: flags.log_format,
            progress,
        }
    }
}

/// Standard error with a bar at its bottom. Clones share the bar.
#[derive(Clone, Debug)]
pub struct Screen {
    bar: ProgressBar,
    /// Once there is a bar to be seen.
    drawer: Arc<OnceLock<Drawer>>,
}

impl Default for Screen {
    fn default() -> Self {
        Self {
            bar: ProgressBar::with_draw_target(None, ProgressDrawTarget::hidden()),
            drawer: Arc::default(),
        }
    }
}

impl Screen {
    pub(super) fn bar(&self) -> &ProgressBar {
        &self.bar
    }

    /// Shows the bar from now on. Where the system has no thread for it, there is none.
    pub(super) fn show_bar(&self, style: ProgressStyle) {
        let Ok(drawer) = Drawer::start() else {
            return;
        };
        let terminal = BarTerminal::new(self.drawer.get_or_init(|| drawer).clone());
        self.bar.set_style(style);
        self.bar
            .set_draw_target(ProgressDrawTarget::term_like_with_hz(
                Box::new(terminal),
                DRAWS_PER_SECOND,
            ));
    }

    /// Takes the bar away; what was written above it stays.
    pub(super) fn take_bar_away(&self) {
        self.bar.finish_and_clear();
        if let Some(drawer) = self.drawer.get() {
            drawer.give_way();
        }
    }

    /// Writes above the bar. A terminal that went away is no reason to stop.
    pub fn write(&self, text: &str) {
        self.bar.suspend(|| {
            if let Some(drawer) = self.drawer.get() {
                drawer.give_way();
            }
            let mut stderr = anstream::stderr().lock();
            drop(
                stderr
                    .write_all(text.as_bytes())
                    .and_then(|()| stderr.flush()),
            );
        });
    }
}

impl Screen {
    /// Shows what went wrong, in the form of the log.
    pub fn problem(&self, manner: Manner, problem: &Problem) {
        match manner.log_format {
            LogFormat::Text => self.write(&problem.to_text()),
            LogFormat::Json => tracing::error!(
                caused_by = (!problem.causes.is_empty()).then(|| problem.causes.join(": ")),
                hint = problem.hint,
                "{}",
                problem.what
            ),
        }
    }
}

/// Lets the log write above the bar.
impl Write for Screen {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        Self::write(self, &String::from_utf8_lossy(bytes));
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn the_form_of_progress_follows_the_terminal_and_the_flags() {
        use {LogFormat::*, WhenArg::*};
        let lines = |seconds| ProgressForm::Lines {
            every: Duration::from_secs(seconds),
        };
        for (progress, quiet, log_format, terminal, expected) in [
            (Auto, false, Text, true, ProgressForm::Bar),
            (Auto, false, Text, false, lines(60)),
            (Auto, false, Json, true, lines(60)),
            (Auto, true, Text, true, ProgressForm::None),
            (Auto, true, Text, false, ProgressForm::None),
            (Always, true, Text, true, ProgressForm::Bar),
            (Always, false, Text, false, lines(10)),
            (Always, false, Json, true, lines(10)),
            (Never, false, Text, true, ProgressForm::None),
        ] {
            let flags = MannerArgs {
                progress,
                log_format,
                verbose: 0,
                quiet,
            };
            let manner = Manner::decide(flags, terminal);
            assert_eq!(
                manner.progress, expected,
                "{progress:?} {quiet} {log_format:?} {terminal}"
            );
        }
    }
}
