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
use crate::input::error::InputError;
use crate::input::row::{CheckedRow, RowContent};
use crate::input::settings::InputSettings;
use crate::labels::error::LabelError;
use crate::labels::labeler::{Labeler, Listed};
use crate::labels::type_labels::TypeLabels;
use crate::settings::labels::LabelSettings;
use crate::verdict::classify::{Class, classify_unread};
use crate::verdict::describe::describe_refusal;

/// The pauses before a list is asked for again. Two failures may be chance, a third one is not.
const PAUSES: [Duration; 2] = [Duration::from_millis(500), Duration::from_secs(3)];

/// Prepares the labels of an input: lists those of all its types, and resolves those that all rows have. Where the types of a
/// stream stand in columns, they are listed when the first row with them is read.
pub(crate) fn labeler(
    settings: &LabelSettings,
    input: &Input,
    input_settings: &InputSettings,
    connection: &Connection,
) -> Result<Labeler, RunError> {
    let types = types_of(input, input_settings)?;
    let (endpoint, runtime) = (connection.endpoint.clone(), connection.handle());
    let later = Box::new(move |from: &ObjectType, to: &ObjectType| {
        list_from_thread(&runtime, &endpoint, from, to)
    });
    let column = input.columns().label.clone();
    let mut labeler = Labeler::new(settings.names.clone(), settings.ids.clone(), column, later);
    for [from, to] in &types {
        let listed = connection
            .wait_for(list(&connection.endpoint, from, to))
            .map_err(RunError::Stopped)??;
        labeler.add([from, to], listed)?;
    }
    Ok(labeler)
}

/// The pairs of types of an input, as far as they are known before its rows are sent.
fn types_of(input: &Input, settings: &InputSettings) -> Result<Vec<[ObjectType; 2]>, InputError> {
    let columns = input.columns();
    if let (TypeSource::Fixed(from), TypeSource::Fixed(to)) = (&columns.from_type, &columns.to_type)
    {
        return Ok(vec![[from.clone(), to.clone()]]);
    }
    if !matches!(settings.path, InputSource::File(_)) {
        return Ok(Vec::new());
    }
    let mut found: Vec<[ObjectType; 2]> = Vec::new();
    let mut input = Input::open(settings)?;
    let mut row = CheckedRow::default();
    while input.read(&mut row)? {
        let types = match &row.content {
            RowContent::Pair(pair) => [&pair.from.object_type, &pair.to.object_type],
            RowContent::Keyed(pair) => [pair.from.object_type(), pair.to.object_type()],
            _ => continue,
        };
        // Nearly always those of the row before.
        let is_known = |known: &[ObjectType; 2]| known.each_ref() == types;
        if let Some(place) = found.iter().rposition(is_known) {
            let last = found.len() - 1;
            found.swap(place, last);
        } else {
            found.push(types.map(Clone::clone));
        }
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
        let listed = list(&endpoint, &types[0], &types[1]).await;
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
) -> Result<Listed, LabelError> {
    let forward = match ask(endpoint, from, to).await? {
        Ok(types) => types,
        Err(why) => return Ok(Listed::Refused(why)),
    };
    let inverse = if from.is_same_as(to) {
        forward.clone()
    } else {
        match ask(endpoint, to, from).await? {
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
) -> Result<Result<Vec<AssociationType>, String>, LabelError> {
    let mut pauses = PAUSES.into_iter();
    let mut may_refresh = endpoint.can_refresh();
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
