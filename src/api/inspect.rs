//! Requests about the token and the account, which no row needs.

use reqwest::header::CONTENT_LENGTH;
use reqwest::{Method, Url};
use serde_json::Value;

use crate::api::account::{Account, DailyUsage, account, daily_usage};
use crate::api::auth::session::Session;
use crate::api::client::{HttpEndpoint, request};
use crate::api::response::body::Body;
use crate::api::response::envelope::Envelope;
use crate::api::response::headers::{Answer, ReplyHeaders};
use crate::domain::pair::ObjectType;
use crate::text::one_line;

/// The kept length of an unreadable body, in characters.
const SNIPPET_CHARS: usize = 120;

/// The result of such a request.
#[derive(Clone, Debug, PartialEq)]
pub enum QueryResult<T> {
    /// The requested value.
    Known(T),
    /// HubSpot refuses the request.
    Refused(Box<Answer>),
    /// A success status with a body that does not answer the request: its status, and the start of the body.
    Unreadable(u16, String),
    /// No reply, for this reason.
    Unreachable(String),
}

impl HttpEndpoint {
    /// The account that the token belongs to.
    pub async fn account(&self) -> QueryResult<Account> {
        let query_result = self.account_of(&self.session()).await;
        if let QueryResult::Known(Account {
            portal_id: Some(id),
            ..
        }) = query_result
        {
            self.portal.learn(id);
        }
        query_result
    }

    /// The account of a token, which may not be in use yet.
    pub(crate) async fn account_of(&self, session: &Session) -> QueryResult<Account> {
        let settings = self.settings();
        let url = settings.base_url.account_details(settings.version);
        self.ask_as(session, url, account).await
    }

    /// The share of the daily limit that is used.
    pub async fn daily_usage(&self) -> QueryResult<DailyUsage> {
        let settings = self.settings();
        let url = settings.base_url.api_usage(settings.version);
        self.ask(url, daily_usage).await
    }

    /// Whether HubSpot knows two types and lets the token read links between them. It changes nothing: it reads the
    /// links of a record that almost certainly does not exist.
    pub async fn can_read_links(&self, from: &ObjectType, to: &ObjectType) -> QueryResult<()> {
        let settings = self.settings();
        let url = settings.base_url.links(settings.version, from, to);
        match self.ask(url, links).await {
            // The record does not exist, and everything else is right.
            QueryResult::Refused(answer) if is_about_the_record(&answer) => QueryResult::Known(()),
            query_result => query_result,
        }
    }

    pub(crate) async fn ask<T>(
        &self,
        url: Url,
        read: impl FnOnce(&[u8]) -> Option<T>,
    ) -> QueryResult<T> {
        self.ask_as(&self.session(), url, read).await
    }

    async fn ask_as<T>(
        &self,
        session: &Session,
        url: Url,
        read: impl FnOnce(&[u8]) -> Option<T>,
    ) -> QueryResult<T> {
        let mut headers = session.headers.clone();
        // Only a method that may have a body states that the body is empty (RFC 9110, section 8.6).
        headers.remove(CONTENT_LENGTH);
        let request = request(Method::GET, url, headers, None);
        match self.exchange_whole(request, self.settings().timeout).await {
            Ok((status, mut body)) => {
                session.mask(&mut body);
                result_of(status, &body, read)
            }
            Err(why) => QueryResult::Unreachable(why),
        }
    }
}

/// Parses the result from a whole reply.
fn result_of<T>(status: u16, body: &[u8], read: impl FnOnce(&[u8]) -> Option<T>) -> QueryResult<T> {
    if (200..=299).contains(&status) {
        return read(body).map_or_else(
            || {
                QueryResult::Unreadable(
                    status,
                    one_line(&String::from_utf8_lossy(body), SNIPPET_CHARS),
                )
            },
            QueryResult::Known,
        );
    }
    QueryResult::Refused(Box::new(Answer {
        status,
        headers: ReplyHeaders::default(),
        body: Body::parse(body),
    }))
}

/// The list of links; a page from a gateway or proxy has none.
fn links(body: &[u8]) -> Option<()> {
    let reply: Value = serde_json::from_slice(body).ok()?;
    reply.get("results")?.as_array().map(|_| ())
}

/// Whether HubSpot refuses because of the record alone. A bare 404 may also mean that the path does not exist, which
/// proves nothing about the types.
fn is_about_the_record(answer: &Answer) -> bool {
    let entries = answer.body.envelope().map(Envelope::entries);
    let mut entries = entries.into_iter().flatten();
    matches!(answer.status, 400 | 404)
        && entries.any(|entry| {
            let names_a_record = |word: &str| {
                let word = word.rsplit('.').next().unwrap_or_default();
                [
                    "OBJECT_NOT_FOUND",
                    "FROM_OBJECT_NOT_FOUND",
                    "NO_ASSOCIATIONS_FOUND",
                ]
                .contains(&word)
            };
            let words = [&entry.category, &entry.sub_category];
            words.into_iter().flatten().any(|word| names_a_record(word))
                || entry
                    .context
                    .iter()
                    .any(|(key, _)| key == "INVALID_OBJECT_IDS")
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(status: u16, body: &str) -> Answer {
        match result_of(status, body.as_bytes(), links) {
            QueryResult::Refused(answer) => *answer,
            other => panic!("{body}: {other:?}"),
        }
    }

    #[test]
    fn only_a_refusal_about_the_record_proves_that_the_types_are_known() {
        for (status, body, proves) in [
            (
                404,
                r#"{"status":"error","message":"Object not found","category":"OBJECT_NOT_FOUND"}"#,
                true,
            ),
            (
                404,
                r#"{"category":"VALIDATION_ERROR","subCategory":"crm.associations.NO_ASSOCIATIONS_FOUND"}"#,
                true,
            ),
            (
                404,
                r#"{"message":"x","errors":[{"message":"y","subCategory":"crm.associations.FROM_OBJECT_NOT_FOUND"}]}"#,
                true,
            ),
            (
                400,
                r#"{"category":"VALIDATION_ERROR","context":{"INVALID_OBJECT_IDS":["contact 1"]}}"#,
                true,
            ),
            (
                404,
                r#"{"status":"error","message":"resource not found","correlationId":"c"}"#,
                false,
            ),
            (404, "<html>404 Not Found</html>", false),
            (404, "", false),
            (404, r#"{"category":"PATH_NOT_FOUND"}"#, false),
            (
                400,
                r#"{"message":"Unable to infer object type from: widgets","category":"VALIDATION_ERROR"}"#,
                false,
            ),
            (403, r#"{"category":"OBJECT_NOT_FOUND"}"#, false),
            (500, r#"{"category":"OBJECT_NOT_FOUND"}"#, false),
        ] {
            assert_eq!(
                is_about_the_record(&refused(status, body)),
                proves,
                "{status} {body}"
            );
        }
    }

    #[test]
    fn a_success_proves_only_what_its_body_shows() {
        assert_eq!(
            result_of(200, br#"{"results":[]}"#, links),
            QueryResult::Known(())
        );
        for body in [
            "",
            "<html>log in\nhere</html>",
            "{}",
            "[]",
            r#"{"results":null}"#,
        ] {
            let result = result_of(200, body.as_bytes(), links);
            assert_eq!(
                result,
                QueryResult::Unreadable(200, body.replace('\n', " "))
            );
        }
    }
}
