//! A well-formed reply, as plain data.

use bytes::Bytes;
use serde_json::Value;

const JSON: &str = "application/json;charset=utf-8";
const CSV: &str = "text/csv; charset=UTF-8";
const PAGE: &str = "text/html; charset=UTF-8";

/// Status, headers and body. Header names are in lower case, as HTTP allows.
#[derive(Clone, Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(&'static str, String)>,
    pub(crate) body: Bytes,
}

impl Reply {
    pub(crate) fn empty(status: u16) -> Self {
        Self {
            status,
            headers: Vec::new(),
            body: Bytes::new(),
        }
    }

    pub(crate) fn json(status: u16, body: &Value) -> Self {
        Self::text(status, JSON, body.to_string())
    }

    pub(crate) fn page(status: u16, body: String) -> Self {
        Self::text(status, PAGE, body)
    }

    pub(crate) fn csv(body: String) -> Self {
        Self::text(200, CSV, body)
    }

    /// A body labelled as JSON, whatever it contains.
    pub(crate) fn so_called_json(status: u16, body: String) -> Self {
        Self::text(status, JSON, body)
    }

    fn text(status: u16, content_type: &str, body: String) -> Self {
        Self {
            status,
            headers: vec![("content-type", content_type.to_owned())],
            body: Bytes::from(body),
        }
    }

    pub(crate) fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }
}
