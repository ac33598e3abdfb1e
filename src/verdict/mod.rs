//! Decides what a reply means for its row. Pure: no clock, no randomness, no network.
//!
//! Two steps: [`classify`](classify::classify) determines what a reply *is*;
//! [`judge`](retry::RetryPolicy::judge) decides what to do *now*, given the previous attempts of the row.
//! [`describe`](describe::describe) makes the text for the report.
//!
//! | reply | class | then |
//! |---|---|---|
//! | 2xx, `COMPLETE`, pair in `results` with all labels of the row, no errors | `Associated` | `associated` |
//! | 2xx with errors inside; 4xx not named below | `Refused` | `rejected` |
//! | 2xx: no result, another pair, a label is missing, canceled, no status | `Unconfirmed` | retried once, then `rejected` |
//! | 409 | `Conflict` | up to 3 attempts, then `rejected` |
//! | 2xx `PENDING`/`PROCESSING`, 2xx unreadable, 4xx incomplete | `Transient` | all attempts, then `failed` |
//! | 408, 425, 502 to 504, 520 to 524, 527, 530, timeout, no connection, not HTTP | `Transient` | all attempts, then `failed` |
//! | 525, 526 | `BrieflyTransient` | up to 3 attempts, then `failed`; after 5 such rows in sequence the run stops |
//! | other 5xx, 1xx, 3xx | `BrieflyTransient` | up to 3 attempts, then `failed` |
//! | 423 | `Locked` | as `Transient`, waits at least 2 s |
//! | 429, 477 | `Throttled` | all requests pause; counts as no attempt; the 20th makes it `failed` |
//! | 429 of the daily limit | `DailyLimit` | the run stops, resumable |
//! | 401 | `Unauthorized` | if another request showed that the token is valid: all requests pause, one more attempt; then the run stops (*) |
//! | 403 that names scopes | `MissingScopes` | the run stops (*) |
//! | other 403 | `Forbidden` | all requests pause, one more attempt, then the run stops (*) |
//! | certificate refused | `Untrusted` | the run stops |
//!
//! (*) If other rows are accepted, before and after it, the row is `rejected` instead; see `run`.
//!
//! While the API is unreachable, failures do not count as attempts, so `Transient` uses up no attempts;
//! see `run`.
//!
//! The reply to a batch is first read pair by pair: [`attribute`](batch::attribute::attribute). A reply that mentions no pair is
//! classified as above, for the batch as a whole.
//!
//! The statuses follow <https://developers.hubspot.com/docs/api-reference/error-handling>.

pub mod backoff;
pub mod batch;
pub mod classify;
pub mod confirm;
pub mod describe;
pub mod error_text;
pub mod labels;
pub mod retry;
pub mod sanitize;
#[cfg(test)]
mod tests;
