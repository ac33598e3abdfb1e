//! Questions about the token and the account, which no row needs.

use hyper::Method;

use super::account::{Account, DailyUsage, account, daily_usage};
use super::body::Body;
use super::client::HttpEndpoint;
use super::reply::{Answer, ReplyHeaders};
use crate::pair::ObjectType;

/// What came of a question.
#[derive(Clone, Debug, PartialEq)]
pub enum Told<T> {
    /// The answer.
    Known(T),
    /// HubSpot does not answer it, or in a way that cannot be read.
    Refused(Box<Answer>),
    /// Nobody answered, for this reason.
    Unreachable(String),
}

impl HttpEndpoint {
    /// The account that the token belongs to.
    pub async fn account(&self) -> Told<Account> {
        let settings = self.settings();
        let url = settings.base_url.account_details(settings.version);
        self.ask(url, account).await
    }

    /// How much of the day's requests is used.
    pub async fn daily_usage(&self) -> Told<DailyUsage> {
        let settings = self.settings();
        let url = settings.base_url.api_usage(settings.version);
        self.ask(url, daily_usage).await
    }

    /// Whether HubSpot knows two types and lets the token read links between them. Nothing is changed by it: the
    /// links of a record that hardly exists are read.
    pub async fn can_read_links(&self, from: &ObjectType, to: &ObjectType) -> Told<()> {
        let settings = self.settings();
        let url = settings.base_url.links(settings.version, from, to);
        match self.ask(url, |_| Some(())).await {
            // The record is not there, and everything else is right.
            Told::Refused(answer) if answer.status == 404 => Told::Known(()),
            told => told,
        }
    }

    async fn ask<T>(&self, url: String, read: impl FnOnce(&[u8]) -> Option<T>) -> Told<T> {
        let (status, body) = match self.exchange_whole(Method::GET, url).await {
            Ok(reply) => reply,
            Err(why) => return Told::Unreachable(why),
        };
        let known = if (200..=299).contains(&status) {
            read(&body)
        } else {
            None
        };
        known.map_or_else(
            || {
                Told::Refused(Box::new(Answer {
                    status,
                    headers: ReplyHeaders::default(),
                    body: Body::parse(&body),
                }))
            },
            Told::Known,
        )
    }
}
