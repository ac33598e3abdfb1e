//! What the caller does after a reply to a request about links or records. Pure.

/// What follows from a reply. `Q` is the request.
#[derive(Debug)]
pub(crate) enum AfterReply<Q> {
    /// Nothing: the results are stored, and more requests may be ready.
    Stored,
    /// A 2xx that cannot be read: retry the request, or let it fail.
    Unreadable {
        /// The request.
        request: Q,
        /// What is wrong with the reply.
        why: &'static str,
    },
    /// The status decides by the rules of all requests.
    ByStatus(Q),
}
