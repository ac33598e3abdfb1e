//! Refusals whose status says the reason. Pure.

use crate::api::response::headers::Answer;
use crate::doctor::remark::{Level, Remark, remark};
use crate::verdict::describe::{describe_refusal, scopes};

/// The remark about a request for `subject` that HubSpot refuses.
pub(crate) fn refused(about: &'static str, subject: &str, answer: &Answer) -> Remark {
    let message = describe_refusal(answer).message;
    let says = |what: &str| format!("{subject}: {what}: {message}");
    match answer.status {
        401 => remark(Level::Problem, about, &says("the token is refused")).credentials(),
        403 => {
            let missing = scopes(answer).join(", ");
            if missing.is_empty() {
                return remark(Level::Problem, about, &says("access is refused")).credentials();
            }
            remark(Level::Problem, about, &says("the token lacks a scope"))
                .credentials()
                .hint(&format!("add one of these scopes: {missing}"))
        }
        404 => remark(Level::Warning, about, &says("not known (status 404)"))
            .hint("maybe the path does not exist: check `--base-url` and `--api-version`"),
        status => {
            let says = format!("{subject}: not known (status {status})");
            remark(Level::Warning, about, &says)
        }
    }
}
