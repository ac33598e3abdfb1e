//! A well-formed reply, as plain data.

use bytes::Bytes;
use serde_json::Value;

const JSON: &str = "application/json;charset=utf-8";
const PAGE: &str = "text/html; charset=UTF-8";

/// Status, headers and body. Header names are in lower case, as HTTP allows.
#[derive(Clone, Debug)]
pub(super) struct Reply {
    pub(super) status: u16,
    pub(super) headers: Vec<(&'static str, String)>,
    pub(super) body: Bytes,
}

impl Reply {
    pub(super) fn empty(status: u16) -> Self {
        Self {
            status,
            headers: Vec::new(),
            body: Bytes::new(),
        }
    }

    pub(super) fn json(status: u16, body: &Value) -> Self {
        Self::text(status, JSON, body.to_string())
    }

    pub(super) fn page(status: u16, body: String) -> Self {
        Self::text(status, PAGE, body)
    }

    /// A body labelled as JSON, whatever it contains.
    pub(super) fn so_called_json(status: u16, body: String) -> Self {
        Self::text(status, JSON, body)
    }

    fn text(status: u16, content_type: &str, body: String) -> Self {
        Self {
            status,
            headers: vec![("content-type", content_type.to_owned())],
            body: Bytes::from(body),
        }
    }

    pub(super) fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }
}
