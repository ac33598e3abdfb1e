//! Why a token without a scope ended a run. Pure.

use crate::output::stop::Stop;

/// The token lacks one of these scopes; none if the reply names none. `writes` says whether the command changes anything:
/// one that only reads needs no scope to write.
pub(super) fn missing_scopes(scopes: &[String], writes: bool) -> Stop {
    let access = if writes { "read and write" } else { "read" };
    match scopes {
        [] => Stop::new("stopped: the token lacks a permission")
            .advice(format!("add the scopes that {access} both object types")),
        some => Stop::new(format!(
            "stopped: the token lacks a scope: {}",
            some.join(", ")
        ))
        .advice(format!(
            "add {}; the token must be able to {access} both object types",
            if some.len() == 1 {
                "this scope"
            } else {
                "one of these scopes"
            }
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_that_only_reads_asks_for_no_scope_to_write() {
        for (scopes, writes, what, hint) in [
            (
                &["crm.objects.contacts.read"][..],
                true,
                "stopped: the token lacks a scope: crm.objects.contacts.read",
                "add this scope; the token must be able to read and write both object types; then run `again`",
            ),
            (
                &["crm.objects.contacts.read"],
                false,
                "stopped: the token lacks a scope: crm.objects.contacts.read",
                "add this scope; the token must be able to read both object types; then run `again`",
            ),
            (
                &["a", "b"],
                false,
                "stopped: the token lacks a scope: a, b",
                "add one of these scopes; the token must be able to read both object types; then run `again`",
            ),
            (
                &[],
                false,
                "stopped: the token lacks a permission",
                "add the scopes that read both object types; then run `again`",
            ),
        ] {
            let scopes: Vec<String> = scopes.iter().map(ToString::to_string).collect();
            let stop = missing_scopes(&scopes, writes);
            assert_eq!(stop.what, what);
            assert_eq!(Stop::hint(stop.advice, "run `again`"), hint);
        }
    }
}
