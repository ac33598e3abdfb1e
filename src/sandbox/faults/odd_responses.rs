//! Builds the response of each fault: a reply or a sequence of bytes, and whether the pairs are associated despite it.

use std::time::Duration;

use serde_json::{Value, json};

use crate::sandbox::api::bodies::{Directions, Side};
use crate::sandbox::api::refusals::{ScopesForm, WRITE_SCOPES};
use crate::sandbox::api::{bodies, refusals};
use crate::sandbox::faults::connection;
use crate::sandbox::faults::effect::{Action, Effect, FaultContext, success};
use crate::sandbox::faults::fault::Fault;
use crate::sandbox::faults::table::merged_into;
use crate::sandbox::http::pages;
use crate::sandbox::http::reply::Reply;

/// Large enough to be slow to receive, small enough to create quickly.
const HUGE: usize = 8 * 1024 * 1024;
/// The age of an expired token's expiry in its message, in seconds.
const EXPIRED_AGO: u64 = 12;

/// Builds the response of a fault.
pub(crate) fn build_response(fault: Fault, context: &FaultContext<'_>) -> (Effect, Action) {
    if let Some(reply) = refusal(fault, context) {
        return (Effect::Nothing, Action::Answer(reply));
    }
    if let Some((effect, reply)) = odd_success(fault, context) {
        return (effect, Action::Answer(reply));
    }
    connection::connection_fault(fault, context)
}

/// The faults that refuse the request.
fn refusal(fault: Fault, context: &FaultContext<'_>) -> Option<Reply> {
    let correlation = context.correlation;
    let portal_id = context.settings.portal_id;
    let form = context.settings.bodies;
    let reply = match fault {
        Fault::Status(477) => refusals::bare(477, "migration in progress", correlation)
            .with("retry-after", retry_seconds(context)),
        Fault::Status(status @ 300..=399) => {
            Reply::empty(status).with("location", "/crm/elsewhere")
        }
        Fault::Status(status @ 400..) => refusals::of_status(status, portal_id, form, correlation),
        Fault::Missing => refusals::invalid_object_ids(&culprits(context), false, correlation),
        Fault::MissingOldForm => {
            refusals::invalid_object_ids(&culprits(context), true, correlation)
        }
        Fault::BareRefusal => refusals::bare(400, "Invalid input", correlation),
        Fault::AssociationLimit => refusals::association_limit(correlation),
        Fault::ExpiredToken => refusals::expired(EXPIRED_AGO, &context.span.started, correlation),
        Fault::OldScopes => {
            refusals::missing_scopes(ScopesForm::Required, &WRITE_SCOPES, correlation)
        }
        Fault::SpecScopes => {
            refusals::missing_scopes(ScopesForm::Missing, &WRITE_SCOPES, correlation)
        }
        Fault::BlockedPage => Reply::page(403, pages::page(403)),
        Fault::DailyLimit => refusals::daily(form, correlation),
        Fault::BurstRetrySeconds => refusals::burst(portal_id, form, correlation)
            .with("retry-after", retry_seconds(context)),
        Fault::BurstRetryDate => {
            // Dates have whole seconds; one more compensates for the truncated fraction.
            let due = context.wall + context.settings.retry_after + Duration::from_secs(1);
            refusals::burst(portal_id, form, correlation)
                .with("retry-after", httpdate::fmt_http_date(due))
        }
        Fault::SecondlyLimit => refusals::secondly(form, correlation),
        Fault::BareThrottle => Reply::empty(429),
        Fault::UnavailableRetry => refusals::bare(503, "service unavailable", correlation)
            .with("retry-after", retry_seconds(context)),
        Fault::InternalPage => Reply::page(500, pages::page(500)),
        Fault::EmptyInternal => Reply::empty(500),
        _ => return None,
    };
    Some(reply)
}

fn retry_seconds(context: &FaultContext<'_>) -> String {
    let asked = context.settings.retry_after;
    (asked.as_secs() + u64::from(asked.subsec_nanos() > 0)).to_string()
}

/// The culprits as a refusal lists them.
pub(crate) fn culprits(context: &FaultContext<'_>) -> Vec<(String, String)> {
    let mut named = Vec::new();
    for (index, side) in context.culprits {
        let Some(pair) = context.pairs.get(*index) else {
            continue;
        };
        let record = pair.side(*side);
        let name = (record.type_name.to_uppercase(), record.id.to_owned());
        if !named.contains(&name) {
            named.push(name);
        }
    }
    named
}

/// The culprits as `errors` lists them.
pub(crate) fn errors(context: &FaultContext<'_>) -> Vec<Value> {
    let mut errors = Vec::new();
    for (index, side) in context.culprits {
        let Some(pair) = context.pairs.get(*index) else {
            continue;
        };
        let error = bodies::not_found(pair.side(*side), *side, context.settings.bodies);
        if !errors.contains(&error) {
            errors.push(error);
        }
    }
    errors
}

/// The success body with other fields in place of the results.
fn nothing_done(context: &FaultContext<'_>, fields: Value) -> (Effect, Value) {
    let body = match context.own {
        Some(own) if own.nothing.get("results").is_some() => {
            overlaid(own.nothing.clone(), json!({"results": []}))
        }
        Some(own) => own.nothing.clone(),
        None => bodies::complete(&[], context.span),
    };
    (Effect::Nothing, overlaid(body, fields))
}

/// The success body with additional fields.
fn done(context: &FaultContext<'_>, fields: Value) -> (Effect, Value) {
    (
        Effect::Associate,
        overlaid(success(context, Directions::Usual), fields),
    )
}

fn overlaid(mut body: Value, fields: Value) -> Value {
    bodies::extend(&mut body, fields);
    body
}

fn without(mut body: Value, field: &str) -> Value {
    if let Value::Object(body) = &mut body {
        body.remove(field);
    }
    body
}

/// The faults with a success status and a complete reply.
fn odd_success(fault: Fault, context: &FaultContext<'_>) -> Option<(Effect, Reply)> {
    let reply = match fault {
        Fault::Status(status @ (204 | 205)) => (Effect::Associate, Reply::empty(status)),
        Fault::Status(status) => {
            let body = success(context, Directions::Usual);
            (Effect::Associate, Reply::json(status, &body))
        }
        Fault::InvalidJson => {
            let text = "{\"status\": \"COMPLETE\", \"results\": [".to_owned();
            (Effect::Nothing, Reply::so_called_json(200, text))
        }
        Fault::PageWithOk => (Effect::Nothing, Reply::page(200, pages::page(200))),
        Fault::EmptyOk => (Effect::Associate, Reply::empty(200)),
        _ => {
            let (effect, body) = odd_body(fault, context)?;
            (effect, Reply::json(200, &body))
        }
    };
    Some(reply)
}

/// The faults with status 200 and an unusual JSON body.
fn odd_body(fault: Fault, context: &FaultContext<'_>) -> Option<(Effect, Value)> {
    let shown = |directions| (Effect::Associate, success(context, directions));
    let odd = match fault {
        Fault::EmbeddedError => {
            let errors = errors(context);
            let fields = bodies::with_errors(&errors, context.span, context.settings.bodies);
            nothing_done(context, fields)
        }
        Fault::OnlyCount => nothing_done(context, json!({"numErrors": 1})),
        Fault::OnlyErrors => nothing_done(context, json!({"errors": errors(context)})),
        Fault::EmptyResults => nothing_done(context, json!({})),
        Fault::NullResults => nothing_done(context, json!({"results": null})),
        Fault::NoResults => {
            let (effect, body) = nothing_done(context, json!({}));
            (effect, without(body, "results"))
        }
        Fault::Pending => nothing_done(context, json!({"status": "PENDING"})),
        Fault::Processing => nothing_done(context, json!({"status": "PROCESSING"})),
        Fault::Canceled => nothing_done(context, json!({"status": "CANCELED"})),
        Fault::Cancelled => nothing_done(context, json!({"status": "CANCELLED"})),
        Fault::ZeroErrors => done(
            context,
            bodies::with_errors(&[], context.span, context.settings.bodies),
        ),
        Fault::NumericIds if context.own.is_some() => done(context, json!({})),
        Fault::NumericIds => done(
            context,
            json!({"results": bodies::results_with_numbers(context.pairs)}),
        ),
        Fault::UnknownFields => done(
            context,
            json!({"warnings": [{"message": "a warning"}], "traceId": 7, "extra": {"a": [null]}}),
        ),
        Fault::Huge => done(context, json!({"links": {"padding": "x".repeat(HUGE)}})),
        Fault::NoStatus => {
            let (effect, body) = done(context, json!({}));
            (effect, without(body, "status"))
        }
        Fault::ForwardOnly => shown(Directions::Forward),
        Fault::InverseOnly => shown(Directions::Inverse),
        Fault::InverseFirst => shown(Directions::InverseFirst),
        Fault::Merged => merged(context),
        _ => return None,
    };
    Some(odd)
}

/// The first culprit was merged into another id.
fn merged(context: &FaultContext<'_>) -> (Effect, Value) {
    let Some((index, side)) = context.culprits.first().copied() else {
        return done(context, json!({}));
    };
    let mut pairs = context.pairs.to_vec();
    let Some(pair) = pairs.get_mut(index) else {
        return done(context, json!({}));
    };
    let id = pair.side(side).id;
    let other = merged_into(id);
    match side {
        Side::From => pair.from.id = &other,
        Side::To => pair.to.id = &other,
    }
    let body = match context.own {
        Some(own) => own.success.clone(),
        None => bodies::complete(&bodies::results(&pairs, Directions::Usual), context.span),
    };
    (Effect::AssociateOther(other), body)
}
