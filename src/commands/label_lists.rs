//! Lists the labels of types in HubSpot, for the rows that ask for labels.

use std::sync::mpsc;
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::time::sleep;
use tracing::debug;

use crate::api::client::HttpEndpoint;
use crate::api::endpoint::{Endpoint, RefreshOutcome};
use crate::api::inspect::QueryResult;
use crate::api::response::headers::{Answer, Reply};
use crate::commands::connection::Connection;
use crate::domain::association_type::AssociationType;
use crate::domain::pair::ObjectType;
use crate::error::RunError;
use crate::input::columns::resolve::TypeSource;
use crate::input::csv_input::Input;
use crate::input::decode::source::InputSource;
use crate::input::row::{CheckedRow, RowContent};
use crate::input::settings::InputSettings;
use crate::labels::error::LabelError;
use crate::labels::labeler::{Labeler, ListLabels, Listed, MAX_TYPE_PAIRS};
use crate::labels::type_labels::TypeLabels;
use crate::report::existing_file::IfExists;
use crate::settings::labels::LabelSettings;
use crate::verdict::classify::{Class, classify_unread};
use crate::verdict::describe::describe_refusal;

/// The pauses before a list is asked for again. Two failures may be chance, a third one is not.
const PAUSES: [Duration; 2] = [Duration::from_millis(500), Duration::from_secs(3)];

/// Whether a refused token may be replaced. Two exchanges at once could lose the refresh token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refresh {
    /// Nothing else replaces it.
    Allowed,
    /// The run replaces it, so that the list waits for that.
    ByTheRun,
}

/// Prepares the labels of an input: lists those of all its types, and resolves those that all rows have. Where the types of a
/// stream stand in columns, they are listed when the first row with them is read. `if_exists` is about the report of the run:
/// one that exists may have lines for more rows than this run reads.
pub(crate) fn labeler(
    settings: &LabelSettings,
    input: &Input,
    input_settings: &InputSettings,
    if_exists: IfExists,
    connection: &Connection,
) -> Result<Labeler, RunError> {
    let types = match if_exists {
        IfExists::Refuse => types_of(input, input_settings)?,
        _ => types_of(
            input,
            &InputSettings {
                first: None,
                ..input_settings.clone()
            },
        )?,
    };
    let later = if matches!(input_settings.path, InputSource::File(_)) {
        not_listed()
    } else {
        list_when_read(connection)
    };
    let column = input.columns().label.clone();
    let mut labeler = Labeler::new(settings.names.clone(), settings.ids.clone(), column, later);
    for [from, to] in &types {
        let listed = connection
            .wait_for(list(&connection.endpoint, from, to, Refresh::Allowed))
            .map_err(RunError::Stopped)??;
        labeler.add([from, to], listed)?;
    }
    Ok(labeler)
}

/// The list for a file: all types are listed before.
fn not_listed() -> ListLabels {
    Box::new(|from, to| {
        Err(LabelError::Changed {
            from: from.clone(),
            to: to.clone(),
        })
    })
}

/// Lists labels while the run reads its input on a thread of its own.
fn list_when_read(connection: &Connection) -> ListLabels {
    let (endpoint, runtime) = (connection.endpoint.clone(), connection.handle());
    Box::new(move |from, to| list_from_thread(&runtime, &endpoint, from, to))
}

/// The pairs of types of an input, as far as they are known before its rows are sent.
fn types_of(input: &Input, settings: &InputSettings) -> Result<Vec<[ObjectType; 2]>, RunError> {
    let columns = input.columns();
    if let (TypeSource::Fixed(from), TypeSource::Fixed(to)) = (&columns.from_type, &columns.to_type)
    {
        return Ok(vec![[from.clone(), to.clone()]]);
    }
    if !matches!(settings.path, InputSource::File(_)) {
        return Ok(Vec::new());
    }
    let mut found: Vec<[ObjectType; 2]> = Vec::new();
    let mut last: Option<[ObjectType; 2]> = None;
    let mut input = Input::open(settings)?;
    let mut row = CheckedRow::default();
    while input.read(&mut row)? {
        let types = match &row.content {
            RowContent::Pair(pair) => [&pair.from.object_type, &pair.to.object_type],
            RowContent::Keyed(pair) => [pair.from.object_type(), pair.to.object_type()],
            _ => continue,
        };
        if last.as_ref().is_some_and(|last| last.each_ref() == types) {
            continue;
        }
        last = Some(types.map(Clone::clone));
        let [from, to] = types;
        let is_known =
            |known: &[ObjectType; 2]| known[0].is_same_as(from) && known[1].is_same_as(to);
        if found.iter().any(is_known) {
            continue;
        }
        if found.len() == MAX_TYPE_PAIRS {
            let max = MAX_TYPE_PAIRS;
            return Err(LabelError::TooManyTypes { max }.into());
        }
        found.push(types.map(Clone::clone));
    }
    debug!(
        pairs_of_types = found.len(),
        "looked for the types of the input"
    );
    Ok(found)
}

/// Lists the labels from a thread that is not one of the runtime. If the run ends, so does the wait.
fn list_from_thread(
    runtime: &Handle,
    endpoint: &HttpEndpoint,
    from: &ObjectType,
    to: &ObjectType,
) -> Result<Listed, LabelError> {
    let (sender, receiver) = mpsc::channel();
    let (endpoint, types) = (endpoint.clone(), [from.clone(), to.clone()]);
    runtime.spawn(async move {
        let listed = list(&endpoint, &types[0], &types[1], Refresh::ByTheRun).await;
        // The receiver waits for it.
        drop(sender.send(listed));
    });
    receiver
        .recv()
        .unwrap_or_else(|_| Err(unread(from, to, "the run ended".to_owned())))
}

/// Lists the labels between two types, in both directions.
pub(crate) async fn list(
    endpoint: &HttpEndpoint,
    from: &ObjectType,
    to: &ObjectType,
    refresh: Refresh,
) -> Result<Listed, LabelError> {
    let forward = match ask(endpoint, from, to, refresh).await? {
        Ok(types) => types,
        Err(why) => return Ok(Listed::Refused(why)),
    };
    let inverse = if from.is_same_as(to) {
        forward.clone()
    } else {
        match ask(endpoint, to, from, refresh).await? {
            Ok(types) => types,
            Err(why) => return Ok(Listed::Refused(why)),
        }
    };
    Ok(Listed::Known(TypeLabels {
        from_type: from.clone(),
        to_type: to.clone(),
        forward,
        inverse,
    }))
}

/// The association types in one direction, or why HubSpot refuses to list them.
async fn ask(
    endpoint: &HttpEndpoint,
    from: &ObjectType,
    to: &ObjectType,
    refresh: Refresh,
) -> Result<Result<Vec<AssociationType>, String>, LabelError> {
    let mut pauses = PAUSES.into_iter();
    let mut may_refresh = refresh == Refresh::Allowed && endpoint.can_refresh();
    loop {
        let (why, can_pass) = match endpoint.association_labels(from, to).await {
            QueryResult::Known(types) => return Ok(Ok(types)),
            QueryResult::Unreachable(why) => (why, true),
            QueryResult::Unreadable(status, _) => (
                format!("the reply (status {status}) is no list of labels"),
                true,
            ),
            QueryResult::Refused(answer) => match refusal(*answer) {
                (why, Class::Unauthorized)
                    if may_refresh && endpoint.refresh().await == RefreshOutcome::New =>
                {
                    may_refresh = false;
                    debug!(why, "listing the labels again with another token");
                    continue;
                }
                (why, Class::Unauthorized)
                    if refresh == Refresh::ByTheRun
                        && endpoint.can_refresh()
                        && pauses.len() > 0 =>
                {
                    (why, true)
                }
                (why, Class::Unauthorized | Class::MissingScopes | Class::Forbidden) => {
                    return Err(LabelError::Refused {
                        from: from.clone(),
                        to: to.clone(),
                        why,
                        is_forbidden: true,
                    });
                }
                (why, Class::Refused) => return Ok(Err(why)),
                (why, Class::DailyLimit) => (why, false),
                (why, _) => (why, true),
            },
        };
        match pauses.next().filter(|_| can_pass) {
            Some(pause) => {
                debug!(why, "listing the labels again after a pause");
                sleep(pause).await;
            }
            None => return Err(unread(from, to, why)),
        }
    }
}

fn refusal(answer: Answer) -> (String, Class) {
    let details = describe_refusal(&answer);
    let why = if details.message.is_empty() {
        format!("status {}", answer.status)
    } else {
        details.message
    };
    (why, classify_unread(&Reply::Answered(answer)))
}

fn unread(from: &ObjectType, to: &ObjectType, why: String) -> LabelError {
    LabelError::Unread {
        from: from.clone(),
        to: to.clone(),
        why,
    }
}
