//! The exit statuses of the commands, as their help shows them.

pub(super) const RESOLVE_STATUSES: &[(&str, &str)] = &[
    ("0", "every row has both ids, or an empty list"),
    (
        "1",
        "the output is complete; some of its rows have a problem",
    ),
    ("2", "usage, settings or input are wrong"),
    (
        "3",
        "stopped: the credentials are refused, or lack a permission",
    ),
    (
        "4",
        "stopped early: daily limit, outage, no key of a property found",
    ),
    ("6", "the output cannot be written"),
    ("130", "interrupted (Ctrl-C)"),
    ("143", "terminated (SIGTERM)"),
];

pub(super) const UNDO_STATUSES: &[(&str, &str)] = &[
    (
        "0",
        "the plan was shown, or every link is removed, kept or gone",
    ),
    (
        "1",
        "the undo finished; some links could not be removed or read",
    ),
    (
        "2",
        "usage, settings or the report are wrong; nothing was removed",
    ),
    (
        "3",
        "stopped: the credentials are refused, or lack a permission",
    ),
    (
        "4",
        "stopped early: daily limit, failure limit, --until and others; --resume continues it",
    ),
    ("5", "another run is using the report, or the undo report"),
    ("6", "the undo report cannot be written"),
    ("130", "interrupted (Ctrl-C)"),
    ("143", "terminated (SIGTERM)"),
];

pub(super) const VERIFY_STATUSES: &[(&str, &str)] = &[
    ("0", "every pair is as expected"),
    (
        "1",
        "the run finished; some pairs are not as expected or unknown, or some rows are invalid",
    ),
    ("2", "usage, settings, the report or the input are wrong"),
    (
        "3",
        "stopped: the credentials are refused, or lack a permission",
    ),
    (
        "4",
        "stopped early: daily limit, outage and others; --resume continues it",
    ),
    ("5", "another run is using the output"),
    ("6", "the output or another file cannot be written"),
    ("130", "interrupted (Ctrl-C)"),
    ("143", "terminated (SIGTERM)"),
];

pub(super) const IMPORT_STATUSES: &[(&str, &str)] = &[
    ("0", "every row is associated or skipped"),
    (
        "1",
        "the run finished; some rows are rejected, failed or invalid, or all lists of ids are empty",
    ),
    (
        "2",
        "usage, settings or input are wrong; nothing (more) was sent",
    ),
    (
        "3",
        "stopped: the credentials are refused, or lack a permission",
    ),
    (
        "4",
        "stopped early: daily limit, failure limit, --until and others; --resume continues it",
    ),
    ("5", "another run is using the report"),
    ("6", "the report or another output cannot be written"),
    ("130", "interrupted (Ctrl-C)"),
    ("143", "terminated (SIGTERM)"),
];
