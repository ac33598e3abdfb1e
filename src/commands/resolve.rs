//! `resolve`: input → the ids of the records that its keys name → a CSV beside it. Links nothing.

use std::fs;
use std::io::Write as _;
use std::num::NonZeroU64;
use std::path::Path;

use tokio::sync::mpsc;

use crate::cli::resolve::ResolveArgs;
use crate::clock::now;
use crate::commands::connection::{ClosedConnection, Connection};
use crate::commands::context::Context;
use crate::commands::observers::Observers;
use crate::commands::portal::Access;
use crate::commands::read_ahead::read_ahead;
use crate::domain::property_name::PropertyName;
use crate::domain::run_counts::RunCounts;
use crate::error::RunError;
use crate::exit_status::ExitStatus;
use crate::files::atomic_file::AtomicFile;
use crate::files::output_error::OutputError;
use crate::input::columns::resolve::Columns;
use crate::input::csv_input::Input;
use crate::input::decode::encoding::TextEncoding;
use crate::input::decode::source::InputSource;
use crate::input::error::InputError;
use crate::input::row::CheckedRow;
use crate::input::skip::Skips;
use crate::output::files::ensure_distinct;
use crate::output::lookup_notes::LookupNote;
use crate::output::next_command;
use crate::output::outputs::credential_files;
use crate::output::stop_message::FollowUpCommand;
use crate::output::text::resolve::Resolved;
use crate::process::stdout::print;
use crate::rate_limit::controller::RateController;
use crate::rate_limit::limiter::RateLimiter;
use crate::resolve::columns::OutputColumns;
use crate::resolve::error::ResolveError;
use crate::resolve::line::LineFormat;
use crate::resolve::raw_rows::{RawRow, RawRowSender, raw_rows};
use crate::resolve::writer::OutputWriter;
use crate::run::context::{RunContext, RunOutcome, RunSettings};
use crate::run::dispatcher::run;
use crate::run::stop_reason::{PropertyRefusal, StopReason};
use crate::settings::resolve::ResolveSettings;
use crate::text::BYTE_ORDER_MARK;

/// The flag of the output, for messages.
const OUTPUT: &str = "--output";

/// Looks the ids up, and writes them.
pub(crate) fn resolve(flags: &ResolveArgs, ctx: &Context) -> Result<ExitStatus, RunError> {
    check_output(flags)?;
    let settings = resolved_settings(flags, ctx)?;
    let input = Input::open(&settings.input)?;
    let format = line_format(&settings, &input)?;
    let file = create_output(&settings, &input)?;
    LookupNote::of(input.columns())
        .iter()
        .for_each(LookupNote::log);
    let mut connection = Connection::open(
        &settings.destination,
        &settings.transport,
        settings.run.concurrency.get(),
        &ctx.signals,
    )?;
    connection.prepare(settings.expect_portal, Access::Read)?;
    let daily_reset = settings
        .wait_for_daily_reset
        .then(|| connection.daily_reset());
    // With --split, one row can become several pairs, so the number of rows is not the total.
    let total = match &settings.input.split {
        Some(_) => None,
        None => settings.input.first.map(NonZeroU64::get),
    };
    let mut observers = Observers::start(ctx, None, input.progress(), total, now())?;
    let run_settings = RunSettings {
        daily_reset,
        ..settings.run.clone()
    };
    let ready = ReadyRun {
        settings: &settings,
        header: format.header(&header_fields(&input)),
        format,
        input,
        file,
    };
    let (result, writer) = ready.send(run_settings, &connection, &mut observers, ctx)?;
    observers.finish();
    let is_daily_limit = result.stop.as_ref().is_some_and(StopReason::is_daily_limit);
    let connection = connection.close(is_daily_limit);
    finish(result, writer, &settings, connection, ctx)
}

/// Fails if the output is another file of the run, or exists. Runs before anything else.
fn check_output(flags: &ResolveArgs) -> Result<(), RunError> {
    let input = InputSource::from(flags.input.clone());
    let mut others = credential_files(&flags.connection);
    others.push((input.path(), "input"));
    ensure_distinct(OUTPUT, &flags.output, &others)?;
    let existing = AtomicFile::existing(&flags.output);
    let existing = existing.map_err(|source| unwritten(&flags.output, source))?;
    let is_empty = |file: &fs::File| file.metadata().is_ok_and(|file| file.len() == 0);
    match existing {
        // `mktemp` makes an empty file.
        Some(file) if !flags.overwrite && !is_empty(&file) => {
            let path = flags.output.clone();
            Err(ResolveError::Exists { path }.into())
        }
        _ => Ok(()),
    }
}

/// Checks flags and environment; as for an import, the header of the input before the token.
fn resolved_settings(flags: &ResolveArgs, ctx: &Context) -> Result<ResolveSettings, RunError> {
    match ResolveSettings::resolve(flags.clone(), &ctx.environment) {
        Err(error) if error.is_about_token() => {
            Input::open(&flags.input_settings())?;
            Err(error.into())
        }
        settings => Ok(settings?),
    }
}

fn line_format(settings: &ResolveSettings, input: &Input) -> Result<LineFormat, ResolveError> {
    let splits = settings.input.split.is_some();
    let columns = OutputColumns::of(input.name(), input.headers(), input.columns(), splits)?;
    Ok(LineFormat::new(columns, input.delimiter(), splits))
}

/// The fields of the header verbatim, or the numbers of the columns: an import without flags needs a header.
fn header_fields(input: &Input) -> Vec<Vec<u8>> {
    let verbatim = input
        .raw_header()
        .map(|fields| fields.into_iter().map(<[u8]>::to_vec).collect());
    let numbers = || {
        input
            .headers()
            .iter()
            .map(|name| name.clone().into_bytes())
            .collect()
    };
    verbatim.unwrap_or_else(numbers)
}

/// Only users who may read the input may read the output.
fn create_output(settings: &ResolveSettings, input: &Input) -> Result<AtomicFile, RunError> {
    let path = &settings.output;
    let create = || {
        let mut file = match &settings.input.path {
            InputSource::File(source) => {
                AtomicFile::create_no_more_readable_than(path, &fs::metadata(source)?)?
            }
            InputSource::Stream(_) | InputSource::Stdin => AtomicFile::create(path)?,
        };
        if input.encoding() != TextEncoding::UTF_8 {
            file.write_all(BYTE_ORDER_MARK.as_bytes())?;
        }
        Ok(file)
    };
    create().map_err(|source| unwritten(path, source))
}

fn unwritten(path: &Path, source: std::io::Error) -> RunError {
    RunError::Output(OutputError::Io {
        flag: OUTPUT,
        path: path.to_owned(),
        source,
    })
}

/// A run that can start.
struct ReadyRun<'r> {
    settings: &'r ResolveSettings,
    input: Input,
    format: LineFormat,
    header: Vec<u8>,
    file: AtomicFile,
}

impl ReadyRun<'_> {
    /// Looks the rows up. The output is not complete before [`finish`].
    fn send(
        self,
        settings: RunSettings,
        connection: &Connection,
        observer: &mut Observers,
        ctx: &Context,
    ) -> Result<(RunOutcome, OutputWriter<AtomicFile>), RunError> {
        let (sender, raw) = raw_rows();
        let mut writer = OutputWriter::new(self.format, self.header, raw, self.file);
        let rate = RateController::new(self.settings.rate, self.settings.share);
        let context = RunContext {
            rate_limiter: RateLimiter::new(rate),
            report: &mut writer,
            observer,
            rows: read(self.input, sender).map_err(RunError::System)?,
            previous_counts: RunCounts::default(),
            // Rows with keys alone would be skipped here, and none is.
            skips: Skips::default(),
            failed_before: Box::new(|_| false),
            stop: ctx.signals.begin_run(),
            now,
            draw: Box::new(fastrand::f64),
        };
        let endpoint = connection.endpoint.clone();
        let result = connection.block_on(run(endpoint, settings, context));
        Ok((result, writer))
    }
}

/// Reads the rows, and adds the text of each before it is sent.
fn read(
    mut input: Input,
    raw_rows: RawRowSender,
) -> std::io::Result<mpsc::Receiver<Result<CheckedRow, InputError>>> {
    let Columns { from_id, to_id, .. } = input.columns();
    let ids = [from_id.index, to_id.index];
    let mut added = 0;
    read_ahead(move || {
        let mut row = CheckedRow::default();
        if !input.read(&mut row)? {
            return Ok(None);
        }
        // With --split, a row can become several pairs.
        if row.key.row != added {
            added = row.key.row;
            let record = input.record();
            raw_rows.push(RawRow {
                row: added,
                text: record.raw().into(),
                misquoted: ids.map(|index| record.is_misquoted(index)),
            });
        }
        Ok(Some(row))
    })
}

/// Completes the output, or leaves none if the run was stopped, and says how it ended.
fn finish(
    result: RunOutcome,
    writer: OutputWriter<AtomicFile>,
    settings: &ResolveSettings,
    mut connection: ClosedConnection,
    ctx: &Context,
) -> Result<ExitStatus, RunError> {
    let totals = writer.totals();
    let path = &settings.output;
    let mut resolved = Resolved {
        totals,
        counts: &result.counts,
        elapsed: result.elapsed,
        output: None,
        next: None,
    };
    let lost_token = connection.lost_token.take();
    let status = match result.stop {
        Some(StopReason::Report(source)) => return Err(unwritten(path, source)),
        Some(reason) => {
            drop(writer);
            let status = reason.exit_status();
            show(&resolved, ctx)?;
            let again = command_after_stop(&reason, settings, ctx);
            let stop = connection.stop_message(&reason, &result.counts, &again, None);
            ctx.screen.problem(ctx.output, &stop);
            status
        }
        None => {
            let file = writer.into_file().and_then(AtomicFile::finish);
            file.map_err(|source| unwritten(path, source))?;
            let next = next_command::import_of_resolved(&ctx.arguments, path);
            resolved.output = Some(path);
            resolved.next = (totals.resolved > 0).then_some(next.as_str());
            show(&resolved, ctx)?;
            if totals.problems == 0 {
                ExitStatus::Done
            } else {
                ExitStatus::SomeRowsNot
            }
        }
    };
    match lost_token {
        Some(error) => Err(error.into()),
        None => Ok(status),
    }
}

/// The command to run after a stop. There is nothing to resume: it starts again.
fn command_after_stop(
    reason: &StopReason,
    settings: &ResolveSettings,
    ctx: &Context,
) -> FollowUpCommand {
    let StopReason::PropertyRefused {
        refusal, property, ..
    } = reason
    else {
        return next_command::repeated(&ctx.arguments).into();
    };
    match refusal {
        PropertyRefusal::NotUnique => next_command::repeated_with_search(&ctx.arguments).into(),
        PropertyRefusal::Unknown => {
            let given = settings.input.properties();
            let given = given.map(|name| name.map(PropertyName::as_str));
            next_command::with_another_property(&ctx.arguments, property, given)
        }
    }
}

fn show(resolved: &Resolved<'_>, ctx: &Context) -> Result<(), RunError> {
    if !ctx.output.is_quiet() {
        ctx.screen.flush();
        print(&resolved.to_text())?;
    }
    Ok(())
}
