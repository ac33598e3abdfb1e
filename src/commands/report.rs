//! `report`: reads a report → a summary as text, JSON or HTML, and a rejects file.

use std::path::Path;

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
use crate::report::rejects_error::RejectsError;
use crate::report::stats::statistics::Statistics;
use crate::settings::report_path::input_of;

/// Runs `report`.
pub(crate) fn report(flags: &ReportArgs, ctx: &Context) -> Result<ExitStatus, RunError> {
    let html = page_file(flags)?;
    let statistics = Statistics::read(&flags.report)?;
    let rejects = flags.rejects.as_deref();
    let rejects = rejects.map(|path| write_rejects(path, flags)).transpose()?;
    let step = next_step(&statistics, rejects, &flags.report, ctx);
    let steps: Vec<_> = step.into_iter().collect();
    if let Some(html) = &html {
        let page = Page {
            statistics: &statistics,
            report: &flags.report,
            summary: None,
            steps: &steps,
            made_at: now(),
        };
        html.write(&page.to_html())?;
    }
    let summary = ReportSummary {
        statistics: &statistics,
        report: &flags.report,
        rejects,
        html: html.as_ref().map(Output::path),
        next: steps.first(),
    };
    if flags.json {
        print(&summary.to_json())?;
    } else if !ctx.output.is_quiet() {
        print(&summary.to_text())?;
    }
    Ok(statistics.counts().exit_status())
}

/// The file for the page. Checked first: an error in a flag is found before a long report is read.
fn page_file(flags: &ReportArgs) -> Result<Option<Output>, RunError> {
    let Some(html) = Output::named("--html", Kind::Page, flags.html.as_ref()) else {
        return Ok(None);
    };
    let input = flags.input.clone().or_else(|| input_of(&flags.report));
    let mut others = vec![(flags.report.as_path(), "report")];
    others.extend(input.as_deref().map(|path| (path, "input")));
    others.extend(flags.rejects.as_deref().map(|path| (path, "rejects file")));
    html.ensure_distinct(&others)?;
    html.check_existing()?;
    html.prepare()?;
    Ok(Some(html))
}

/// Writes the rows of the input that are not associated.
fn write_rejects<'f>(path: &'f Path, flags: &ReportArgs) -> Result<RejectsFile<'f>, RunError> {
    let input = match &flags.input {
        Some(input) => InputSource::from(input.clone()),
        None => InputSource::File(input_of(&flags.report).ok_or(RejectsError::NoInput)?),
    };
    let settings = flags.reading.clone().into_settings(input);
    rejects::prepare(path, &settings, &flags.report)?;
    let rows = rejects::write(path, &settings, &flags.report)?;
    Ok(RejectsFile { path, rows })
}

/// What to do about rows that are not associated.
fn next_step(
    statistics: &Statistics,
    rejects: Option<RejectsFile<'_>>,
    report: &Path,
    ctx: &Context,
) -> Option<NextStep> {
    match rejects {
        Some(RejectsFile { path, rows: 1.. }) => Some(NextStep {
            what: "fix the causes, then import the rejects with the flags of the run".to_owned(),
            command: next_command::import_of_rejects(
                &ctx.arguments,
                path,
                statistics.rehearsed() > 0,
            ),
        }),
        None if statistics.counts().with_problems() > 0 => {
            Some(make_rejects(&ctx.arguments, report, None))
        }
        _ => None,
    }
}
