//! `report`: reads a report → a summary as text, JSON or HTML, and a rejects file.

use crate::cli::report::ReportArgs;
use crate::clock::now;
use crate::commands::context::Context;
use crate::commands::next_steps::make_rejects;
use crate::error::RunError;
use crate::exit_status::ExitStatus;
use crate::input::decode::source::InputSource;
use crate::output::files::Output;
use crate::output::html::page::Page;
use crate::output::next_command;
use crate::output::own_files::Kind;
use crate::output::summary::{NextStep, RejectsFile};
use crate::output::text::report::ReportSummary;
use crate::process::stdout::print;
use crate::report::rejects;
use crate::report::rejects::RejectsError;
use crate::report::stats::statistics::Statistics;
use crate::settings::report_path::input_of;

/// Runs `report`.
pub(crate) fn report(flags: ReportArgs, ctx: &Context) -> Result<ExitStatus, RunError> {
    let ReportArgs {
        report,
        rejects,
        html,
        json,
        input,
        reading,
    } = flags;
    let html = Output::named("--html", Kind::Page, html.as_ref());
    if let Some(html) = &html {
        let beside = input.clone().or_else(|| input_of(&report));
        let mut others = vec![(report.as_path(), "report")];
        others.extend(beside.as_deref().map(|path| (path, "input")));
        others.extend(rejects.as_deref().map(|path| (path, "rejects file")));
        html.ensure_distinct(&others)?;
        html.check_existing()?;
        html.prepare()?;
    }
    let statistics = Statistics::read(&report)?;
    let counts = statistics.counts();
    let mut file = None;
    if let Some(path) = &rejects {
        let input = match input {
            Some(input) => InputSource::from(input),
            None => InputSource::File(input_of(&report).ok_or(RejectsError::NoInput)?),
        };
        let settings = reading.into_settings(input);
        rejects::prepare(path, &settings, &report)?;
        let rows = rejects::write(path, &settings, &report)?;
        file = Some(RejectsFile { path, rows });
    }
    let steps: Vec<NextStep> = match file {
        Some(RejectsFile { path, rows: 1.. }) => vec![NextStep {
            what: "fix the causes, then import the rejects with the flags of the run".to_owned(),
            command: next_command::import_of_rejects(
                &ctx.arguments,
                path,
                statistics.rehearsed() > 0,
            ),
        }],
        None if counts.with_problems() > 0 => vec![make_rejects(&ctx.arguments, &report, None)],
        _ => Vec::new(),
    };
    if let Some(html) = &html {
        let page = Page {
            statistics: &statistics,
            report: &report,
            summary: None,
            steps: &steps,
            made_at: now(),
        };
        html.write(&page.to_html())?;
    }
    let summary = ReportSummary {
        statistics: &statistics,
        report: &report,
        rejects: file,
        html: html.as_ref().map(Output::path),
        next: steps.first(),
    };
    if json {
        print(&summary.to_json())?;
    } else if !ctx.output.is_quiet() {
        print(&summary.to_text())?;
    }
    Ok(counts.exit_status())
}
