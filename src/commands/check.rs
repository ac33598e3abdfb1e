//! `check` and `import --dry-run`: input → findings, printed as text or JSON. Sends nothing.

use crate::check::findings::Findings;
use crate::check::labels::CommonLabels;
use crate::check::tiers::BATCH_SIZE;
use crate::cli::check::{ByteSize, CheckArgs};
use crate::cli::labels::LabelArgs;
use crate::commands::context::Context;
use crate::commands::import::skips;
use crate::error::RunError;
use crate::exit_status::ExitStatus;
use crate::input::csv_input::Input;
use crate::input::error::InputError;
use crate::input::row::CheckedRow;
use crate::input::settings::InputSettings;
use crate::input::skip::{SkipSettings, Skips};
use crate::output::next_command;
use crate::output::text::check::Checked;
use crate::output::text::check_labels::CheckedLabels;
use crate::process::stdout::print;
use crate::report::origin::Origin;

/// The input to check, and how to present the result.
pub(crate) struct CheckPlan {
    pub(crate) input: InputSettings,
    /// The labels of all rows, besides those in the label column.
    pub(crate) labels: CommonLabels,
    pub(crate) skip: SkipSettings,
    /// The kind of run that would send the rows.
    pub(crate) origin: Origin,
    pub(crate) duplicates_memory: ByteSize,
    /// Pairs per batch call.
    pub(crate) per_call: u64,
    pub(crate) json: bool,
    /// The command that imports the checked input.
    pub(crate) import: String,
}

/// Runs `check`.
pub(crate) fn check(flags: CheckArgs, ctx: &Context) -> Result<ExitStatus, RunError> {
    let skip = flags.input.skip_settings();
    let input = flags.labels.apply_to(flags.input.into_settings());
    let plan = CheckPlan {
        labels: common_labels(&flags.labels),
        skip,
        origin: Origin::RealRun,
        duplicates_memory: flags.duplicates_memory,
        per_call: BATCH_SIZE,
        json: flags.json,
        import: next_command::import_of_checked(&ctx.arguments, input.path.file_or_dash()),
        input,
    };
    show(plan, ctx)
}

/// The labels that flags give all rows.
pub(crate) fn common_labels(flags: &LabelArgs) -> CommonLabels {
    CommonLabels::new(flags.names().as_ref(), &flags.label_id)
}

/// Reads and validates the whole input and prints what an import would do.
pub(crate) fn show(mut plan: CheckPlan, ctx: &Context) -> Result<ExitStatus, RunError> {
    let known_pairs = skips::load_by_name(&plan.skip, plan.origin)?;
    let skips = Skips::new(known_pairs.associated, plan.skip.duplicates);
    let mut input = Input::open(&plan.input)?;
    // With --skip-duplicates they are counted as skipped rows.
    let duplicates_memory = if plan.skip.duplicates {
        0
    } else {
        plan.duplicates_memory.0
    };
    let properties = &input.columns().properties;
    let mut findings =
        Findings::new(duplicates_memory).with_keys(properties, plan.duplicates_memory.0);
    findings.per_call = plan.per_call;
    let read = read(&mut input, &mut plan.labels, skips, &mut findings);
    findings.quoted_rows = input.quoted_rows();
    let is_good = findings.invalid == 0 && !findings.has_only_empty_lists();
    let next = match (is_good, findings.to_send) {
        (_, 0) => None,
        (true, _) => Some(plan.import.clone()),
        (false, _) => Some(format!(
            "fix the invalid rows, or import the valid ones: {}",
            plan.import
        )),
    };
    let checked = Checked {
        findings: &findings,
        input: input.name(),
        labels: CheckedLabels::new(
            input.columns().label.as_ref(),
            &findings.labels,
            plan.labels.texts(),
        ),
        complete: read.is_ok(),
        next: next.as_deref().filter(|_| read.is_ok()),
    };
    let text = if plan.json {
        checked.to_json()
    } else {
        checked.to_text()
    };
    let printed = if plan.json || !ctx.output.is_quiet() {
        ctx.screen.flush();
        print(&text)
    } else {
        Ok(())
    };
    read?;
    printed?;
    Ok(if is_good {
        ExitStatus::Done
    } else {
        ExitStatus::SomeRowsNot
    })
}

fn read(
    input: &mut Input,
    common: &mut CommonLabels,
    mut skips: Skips,
    findings: &mut Findings,
) -> Result<(), InputError> {
    let mut row = CheckedRow::default();
    while input.read(&mut row)? {
        let names = common.add_to(&mut row.labels);
        skips.apply(&mut row);
        findings.add(&row);
        if let Some(names) = names
            && row.content.pair_values().is_some()
        {
            findings.labels.add(&names);
        }
    }
    Ok(())
}
