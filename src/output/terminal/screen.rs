//! Coordinates the bar and the log lines on standard error, so that they never overwrite each other.

use std::io::{self, IsTerminal, Write};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::cli::command_line::{LogFormat, OutputArgs, ProgressWhen};
use crate::clock::now;
use crate::diagnostic::Problem;
use crate::output::terminal::capabilities::BarTerminal;
use crate::output::terminal::stderr::StderrQueue;

/// The maximum number of times per second that the bar is drawn.
const DRAWS_PER_SECOND: u8 = 10;

/// How progress is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ProgressForm {
    Bar,
    Lines { every: std::time::Duration },
    None,
}

/// The verbosity and the format of the output. The properties of the terminal are read once, here.
#[derive(Clone, Copy, Debug)]
pub struct OutputOptions {
    pub(crate) quiet: bool,
    pub(crate) verbose: u8,
    pub(crate) log_format: LogFormat,
    pub(crate) progress: ProgressForm,
}

impl OutputOptions {
    /// Derives the options from the flags and the terminal.
    #[must_use]
    pub fn new(flags: OutputArgs) -> Self {
        let terminal = io::stderr().is_terminal()
            && std::env::var_os("TERM").is_none_or(|terminal| terminal != "dumb");
        Self::decide(flags, terminal)
    }

    /// Whether to print only errors.
    #[must_use]
    pub fn is_quiet(&self) -> bool {
        self.quiet
    }

    fn decide(flags: OutputArgs, terminal: bool) -> Self {
        let bar = terminal && flags.log_format == LogFormat::Text;
        let progress = match flags.progress {
            ProgressWhen::Never => ProgressForm::None,
            ProgressWhen::Auto if flags.quiet => ProgressForm::None,
            _ if bar => ProgressForm::Bar,
            ProgressWhen::Auto => ProgressForm::Lines {
                every: std::time::Duration::from_mins(1),
            },
            ProgressWhen::Always => ProgressForm::Lines {
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

/// Standard error with a bar below the log lines. Clones share both.
#[derive(Clone, Debug)]
pub struct Screen {
    bar: ProgressBar,
    /// None if the system refused the thread: then output is written directly, and there is no bar.
    queue: Option<StderrQueue>,
}

impl Screen {
    /// Prepares standard error for `output`.
    #[must_use]
    pub fn new(output: OutputOptions) -> Self {
        let lost_line = match output.log_format {
            LogFormat::Text => lost_line_as_text,
            LogFormat::Json => lost_line_as_json,
        };
        Self {
            bar: ProgressBar::with_draw_target(None, ProgressDrawTarget::hidden()),
            queue: StderrQueue::start(lost_line).ok(),
        }
    }

    pub(crate) fn bar(&self) -> &ProgressBar {
        &self.bar
    }

    /// Starts to show the bar.
    pub(crate) fn show_bar(&self, style: ProgressStyle) {
        let Some(queue) = &self.queue else {
            return;
        };
        let terminal = BarTerminal::new(queue.clone());
        self.bar.set_style(style);
        self.bar
            .set_draw_target(ProgressDrawTarget::term_like_with_hz(
                Box::new(terminal),
                DRAWS_PER_SECOND,
            ));
    }

    /// Removes the bar and keeps the lines above it.
    pub(crate) fn remove_bar(&self) {
        self.bar.finish_and_clear();
        if let Some(queue) = &self.queue {
            queue.end_bar();
        }
        self.flush();
    }

    /// Writes log lines above the bar, or drops them if standard error is too slow.
    pub(crate) fn log(&self, lines: &str) {
        match &self.queue {
            Some(queue) => queue.log(lines),
            None => write_at_once(lines),
        }
    }

    /// Shows an error in the format of the log.
    pub fn problem(&self, output: OutputOptions, problem: &Problem) {
        match (output.log_format, &self.queue) {
            (LogFormat::Text, Some(queue)) => queue.say(&problem.to_text()),
            (LogFormat::Text, None) => write_at_once(&problem.to_text()),
            (LogFormat::Json, _) => {
                // Log lines are dropped when the queue is full; make room, so that this one is kept.
                self.flush();
                tracing::error!(
                    caused_by = (!problem.causes.is_empty()).then(|| problem.causes.join(": ")),
                    hint = problem.hint,
                    "{}",
                    problem.what
                );
            }
        }
    }

    /// Waits until everything is written, or until standard error has accepted nothing for some seconds.
    pub fn flush(&self) {
        if let Some(queue) = &self.queue {
            queue.flush();
        }
    }
}

/// Ignores errors: a closed terminal does not stop the run.
fn write_at_once(text: &str) {
    let mut stderr = anstream::stderr().lock();
    drop(
        stderr
            .write_all(text.as_bytes())
            .and_then(|()| stderr.flush()),
    );
}

fn lost_line_as_text(lost: usize) -> String {
    format!("{}\n", lost_message(lost))
}

fn lost_line_as_json(lost: usize) -> String {
    let line = serde_json::json!({
        "timestamp": now().to_string(),
        "level": "WARN",
        "message": lost_message(lost),
    });
    format!("{line}\n")
}

fn lost_message(lost: usize) -> String {
    let lines = if lost == 1 { "line is" } else { "lines are" };
    format!("{lost} {lines} missing here: standard error was too slow")
}

/// Lets the log write above the bar.
impl Write for Screen {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.log(&String::from_utf8_lossy(bytes));
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
    fn the_form_of_progress_depends_on_the_terminal_and_the_flags() {
        use {LogFormat::*, ProgressWhen::*};
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
            let flags = OutputArgs {
                progress,
                log_format,
                verbose: 0,
                quiet,
            };
            let output = OutputOptions::decide(flags, terminal);
            assert_eq!(
                output.progress, expected,
                "{progress:?} {quiet} {log_format:?} {terminal}"
            );
        }
    }
}
