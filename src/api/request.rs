//! Builds requests: base URL, API version and pair become the URL of one request. Pure.

use std::fmt;
use std::str::FromStr;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, PercentEncode, utf8_percent_encode};
use url::{Position, Url};

use crate::api::auth::oauth;
use crate::api::link_call::{LinkCall, LinkRoute};
use crate::api::lookup_call::{LookupCall, Route};
use crate::domain::pair::{ObjectType, Pair, Record};

/// All characters except RFC 3986's unreserved ones are encoded in a path segment.
const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// The length of the path of a pair with the usual short types; a longer one reallocates the string.
const USUAL_PATH: usize = 160;

/// Which published version of the API the path names. Request and reply are the same in all of them
/// (<https://github.com/HubSpot/HubSpot-public-api-spec-collection>); the end of support is listed in
/// <https://developers.hubspot.com/changelog/legacy-apis-and-legacy-apps-whats-going-unsupported-and-when>.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum ApiVersion {
    /// The numbered version; its support ends on 2027-03-30
    #[default]
    #[value(name = "v4")]
    V4,
    /// The dated version of March 2026
    #[value(name = "2026-03")]
    Of202603,
    /// The dated version of September 2026
    #[value(name = "2026-09")]
    Of202609,
}

impl ApiVersion {
    fn associations_path(self) -> &'static str {
        match self {
            Self::V4 => "/crm/v4/associations",
            Self::Of202603 => "/crm/associations/2026-03",
            Self::Of202609 => "/crm/associations/2026-09",
        }
    }

    fn objects_path(self) -> &'static str {
        match self {
            Self::V4 => "/crm/v4/objects",
            Self::Of202603 => "/crm/objects/2026-03",
            Self::Of202609 => "/crm/objects/2026-09",
        }
    }

    fn account_path(self) -> &'static str {
        match self {
            Self::V4 => "v3",
            Self::Of202603 => "2026-03",
            Self::Of202609 => "2026-09",
        }
    }
}

/// Why a base URL was refused.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum BaseUrlError {
    /// It does not parse.
    #[error("`{url}` is not a URL: {why}")]
    Malformed {
        /// The given text.
        url: String,
        /// The parser's error.
        why: String,
    },
    /// Neither `https` nor `http`.
    #[error("the base URL starts with `{scheme}://`, expected `https://`")]
    Scheme {
        /// The given scheme.
        scheme: String,
    },
    /// Plain HTTP would expose the token on the network.
    #[error(
        "plain `http://` would send the token unencrypted to `{host}`: it is allowed for loopback only"
    )]
    PlainHttp {
        /// The given host.
        host: String,
    },
    /// Secrets do not belong on the command line.
    #[error("the base URL must not hold a user name or password")]
    Credentials,
    /// A path cannot be appended to these.
    #[error("the base URL must end with its host, port or path: no `?` and no `#`")]
    QueryOrFragment,
}

/// The API's location: scheme, host, port and an optional path prefix.
///
/// Valid by construction: `https`, or `http` to loopback; no credentials, query or fragment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BaseUrl {
    /// The URL with a path that means nothing, but is as long as any usual one: a copy holds the path of a pair without
    /// growing.
    url: Url,
    /// The URL as given, without a trailing slash.
    prefix: String,
}

impl BaseUrl {
    /// The documented host of the API
    /// (<https://developers.hubspot.com/docs/api-reference/latest/overview>).
    pub const DEFAULT: &str = "https://api.hubapi.com";

    /// Whether the host is loopback.
    #[must_use]
    pub fn is_loopback(&self) -> bool {
        is_loopback(&self.url)
    }

    /// Whether the scheme is `https`.
    #[must_use]
    pub fn is_encrypted(&self) -> bool {
        self.url.scheme() == "https"
    }

    /// The URL of the account's details
    /// (<https://developers.hubspot.com/docs/api-reference/account-account-info-v3/guide>).
    #[must_use]
    pub fn account_details(&self, version: ApiVersion) -> Url {
        self.at(&format!("/account-info/{}/details", version.account_path()))
    }

    /// The URL of the account's daily usage
    /// (<https://developers.hubspot.com/docs/api-reference/account-account-info-v3/guide>).
    #[must_use]
    pub fn api_usage(&self, version: ApiVersion) -> Url {
        let path = "api-usage/daily/private-apps";
        self.at(&format!("/account-info/{}/{path}", version.account_path()))
    }

    /// The URL that lists the links between a record and the records of a type.
    #[must_use]
    pub(crate) fn links(&self, version: ApiVersion, from: &ObjectType, to: &ObjectType) -> Url {
        let (from, to) = (segment(from.as_str()), segment(to.as_str()));
        let path = format!("{}/{from}/1/associations/{to}", version.objects_path());
        let mut url = self.at(&path);
        url.set_query(Some("limit=1"));
        url
    }

    /// The URL that lists the properties of a type
    /// (<https://developers.hubspot.com/docs/api-reference/crm-properties-v3/core/get-crm-v3-properties-objectType>).
    #[must_use]
    pub(crate) fn properties(&self, version: ApiVersion, object_type: &ObjectType) -> Url {
        let properties = match version {
            ApiVersion::V4 => "/crm/v3/properties".to_owned(),
            dated => format!("/crm/properties/{}", dated.account_path()),
        };
        self.at(&format!("{properties}/{}", segment(object_type.as_str())))
    }

    /// The URL that exchanges an OAuth app's tokens.
    #[must_use]
    pub(crate) fn oauth_token(&self) -> Url {
        self.at(oauth::PATH)
    }

    /// The URL that introspects an OAuth app's token.
    #[must_use]
    pub(crate) fn oauth_introspection(&self) -> Url {
        self.at(oauth::INTROSPECTION_PATH)
    }

    /// The URL of the request that links `pair` with the default association
    /// (<https://developers.hubspot.com/docs/api-reference/latest/crm/associations/associate-records/guide>).
    #[must_use]
    pub fn association(&self, version: ApiVersion, pair: &Pair) -> Url {
        self.between(version, pair, "/associations/default")
    }

    /// The URL of the request that links `pair` with labels.
    #[must_use]
    pub fn labelled_association(&self, version: ApiVersion, pair: &Pair) -> Url {
        self.between(version, pair, "/associations")
    }

    /// The URL of a request about the records of a pair, with this part of the path between them.
    fn between(&self, version: ApiVersion, Pair { from, to }: &Pair, part: &str) -> Url {
        let mut path = String::with_capacity(self.path().len() + USUAL_PATH);
        path.push_str(self.path());
        path.push_str(version.objects_path());
        push_record(&mut path, from);
        path.push_str(part);
        push_record(&mut path, to);
        self.with_path(&path)
    }

    /// The URL of the request that links several pairs of these types
    /// (<https://developers.hubspot.com/docs/api-reference/legacy/crm/associations/associate-records/guide>).
    #[must_use]
    pub fn batch(&self, version: ApiVersion, from_type: &str, to_type: &str) -> Url {
        self.of_types(version, [from_type, to_type], "batch/associate/default")
    }

    /// The URL of the request that links several pairs of these types with labels.
    #[must_use]
    pub fn labelled_batch(&self, version: ApiVersion, from_type: &str, to_type: &str) -> Url {
        self.of_types(version, [from_type, to_type], "batch/create")
    }

    /// The URL of a call that reads or removes links.
    #[must_use]
    pub(crate) fn link_call(&self, version: ApiVersion, call: &LinkCall) -> Url {
        let route = match call.route {
            LinkRoute::Read => "batch/read",
            LinkRoute::Archive => "batch/archive",
            LinkRoute::ArchiveLabels => "batch/labels/archive",
        };
        let types = [call.from_type.as_str(), call.to_type.as_str()];
        self.of_types(version, types, route)
    }

    /// The URLs that list the association types from one type to another, the newer one first
    /// (<https://developers.hubspot.com/docs/api-reference/latest/crm/associations/associate-records/guide>).
    #[must_use]
    pub(crate) fn labels(
        &self,
        version: ApiVersion,
        from: &ObjectType,
        to: &ObjectType,
    ) -> (Url, Option<Url>) {
        let older = self.of_types(version, [from.as_str(), to.as_str()], "labels");
        if version != ApiVersion::V4 {
            return (older, None);
        }
        let (from, to) = (segment(from.as_str()), segment(to.as_str()));
        let newer = self.at(&format!("/crm/associations/v4/{from}/{to}/labels"));
        (newer, Some(older))
    }

    /// The URL of a call about the links between records of these types.
    fn of_types(&self, version: ApiVersion, types: [&str; 2], call: &str) -> Url {
        let [from_type, to_type] = types.map(segment);
        let path = version.associations_path();
        self.at(&format!("{path}/{from_type}/{to_type}/{call}"))
    }

    /// The URL of a call that finds records.
    #[must_use]
    pub(crate) fn lookup(&self, version: ApiVersion, call: &LookupCall) -> Url {
        let objects = match version {
            // The numbered version of these two calls is v3.
            ApiVersion::V4 => "/crm/v3/objects",
            other => other.objects_path(),
        };
        let object_type = segment(call.object_type.as_str());
        let call = match call.route {
            Route::BatchRead => "batch/read",
            Route::Search => "search",
        };
        self.at(&format!("{objects}/{object_type}/{call}"))
    }

    /// The path prefix, without a trailing slash.
    fn path(&self) -> &str {
        &self.prefix[self.url[..Position::BeforePath].len()..]
    }

    /// The URL of a path below the prefix.
    fn at(&self, path: &str) -> Url {
        self.with_path(&[self.path(), path].concat())
    }

    /// The URL of a path that includes the prefix. Less work than parsing it all.
    fn with_path(&self, path: &str) -> Url {
        let mut url = self.url.clone();
        url.set_path(path);
        url
    }
}

impl fmt::Display for BaseUrl {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.prefix)
    }
}

impl FromStr for BaseUrl {
    type Err = BaseUrlError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut url = Url::parse(text).map_err(|error| BaseUrlError::Malformed {
            // Only the part after an `@` may be shown as the error; the part before it may be secret.
            url: text.rsplit('@').next().unwrap_or_default().to_owned(),
            why: error.to_string(),
        })?;
        if !url.username().is_empty() || url.password().is_some() {
            return Err(BaseUrlError::Credentials);
        }
        match url.scheme() {
            "https" => {}
            "http" if is_loopback(&url) => {}
            "http" => {
                return Err(BaseUrlError::PlainHttp {
                    host: url.host_str().unwrap_or_default().to_owned(),
                });
            }
            scheme => {
                return Err(BaseUrlError::Scheme {
                    scheme: scheme.to_owned(),
                });
            }
        }
        if url.query().is_some() || url.fragment().is_some() {
            return Err(BaseUrlError::QueryOrFragment);
        }
        let prefix = url.as_str().trim_end_matches('/').to_owned();
        let length = url.path().len() + USUAL_PATH;
        url.set_path(&"-".repeat(length));
        Ok(Self { url, prefix })
    }
}

fn is_loopback(url: &Url) -> bool {
    let Some(host) = url.host_str() else {
        return false;
    };
    // An IPv6 address is enclosed in brackets.
    let address = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost"
        || address
            .parse::<std::net::IpAddr>()
            .is_ok_and(|address| address.is_loopback())
}

fn push_record(path: &mut String, record: &Record) {
    // Neither has a character that would have to be encoded.
    for part in ["/", record.object_type.as_str(), "/", record.id.as_str()] {
        path.push_str(part);
    }
}

fn segment(text: &str) -> PercentEncode<'_> {
    utf8_percent_encode(text, SEGMENT)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::pair::{MAX_TYPE_LENGTH, RecordId};

    fn pair(from_type: &str, from_id: &str, to_type: &str, to_id: &str) -> Pair {
        let record = |object_type, id| Record {
            object_type: ObjectType::new(object_type).unwrap(),
            id: RecordId::new(id).unwrap(),
        };
        Pair {
            from: record(from_type, from_id),
            to: record(to_type, to_id),
        }
    }

    #[test]
    fn each_version_has_its_own_path_prefix_and_the_same_suffix() {
        let base: BaseUrl = BaseUrl::DEFAULT.parse().unwrap();
        let pair = pair("contacts", "41001", "2-1234567", "52002");
        for (version, expected) in [
            (
                ApiVersion::V4,
                "https://api.hubapi.com/crm/v4/objects/contacts/41001/associations/default/2-1234567/52002",
            ),
            (
                ApiVersion::Of202603,
                "https://api.hubapi.com/crm/objects/2026-03/contacts/41001/associations/default/2-1234567/52002",
            ),
            (
                ApiVersion::Of202609,
                "https://api.hubapi.com/crm/objects/2026-09/contacts/41001/associations/default/2-1234567/52002",
            ),
        ] {
            assert_eq!(base.association(version, &pair).as_str(), expected);
            let labelled = expected.replace("/associations/default/", "/associations/");
            assert_eq!(base.labelled_association(version, &pair).as_str(), labelled);
        }
        let base: BaseUrl = "http://127.0.0.1:8787/proxy/".parse().unwrap();
        let longest = "p".repeat(MAX_TYPE_LENGTH);
        let pair = self::pair(&longest, "1", &longest, "2");
        let expected = format!(
            "http://127.0.0.1:8787/proxy/crm/v4/objects/{longest}/1/associations/default/{longest}/2"
        );
        assert_eq!(base.association(ApiVersion::V4, &pair).as_str(), expected);
    }

    #[test]
    fn a_batch_call_names_the_types_in_its_path() {
        let base: BaseUrl = "http://127.0.0.1:8787/proxy/".parse().unwrap();
        for (version, expected) in [
            (ApiVersion::V4, "/crm/v4/associations/0-1/2-7"),
            (ApiVersion::Of202603, "/crm/associations/2026-03/0-1/2-7"),
            (ApiVersion::Of202609, "/crm/associations/2026-09/0-1/2-7"),
        ] {
            assert_eq!(
                base.batch(version, "0-1", "2-7").as_str(),
                format!("http://127.0.0.1:8787/proxy{expected}/batch/associate/default")
            );
            assert_eq!(
                base.labelled_batch(version, "0-1", "2-7").as_str(),
                format!("http://127.0.0.1:8787/proxy{expected}/batch/create")
            );
        }
    }

    #[test]
    fn no_character_of_a_type_has_to_be_encoded() {
        for character in '\0'..='\u{ff}' {
            let text = character.to_string();
            if ObjectType::new(&text).is_some() {
                assert_eq!(segment(&text).to_string(), text);
            }
        }
    }

    #[test]
    fn a_segment_cannot_change_the_route() {
        assert_eq!(segment("a/b").to_string(), "a%2Fb");
        assert_eq!(segment("ü ?#%").to_string(), "%C3%BC%20%3F%23%25");
        assert_eq!(segment("p_vendor-1.x~").to_string(), "p_vendor-1.x~");
    }

    #[test]
    fn a_path_in_the_base_url_is_kept_and_a_trailing_slash_is_removed() {
        let base: BaseUrl = "http://127.0.0.1:8787/proxy/".parse().unwrap();
        assert_eq!(base.to_string(), "http://127.0.0.1:8787/proxy");
    }

    #[test]
    fn plain_http_is_allowed_for_loopback_only() {
        for url in [
            "http://localhost:1",
            "http://127.0.0.1",
            "http://127.8.9.1:80",
            "http://[::1]:80",
        ] {
            assert!(url.parse::<BaseUrl>().unwrap().is_loopback(), "{url}");
        }
        for (url, host) in [
            ("http://api.hubapi.com", "api.hubapi.com"),
            ("http://10.0.0.1", "10.0.0.1"),
            ("http://localhost.example.com", "localhost.example.com"),
            ("http://0.0.0.0", "0.0.0.0"),
            ("http://127.0.0.1.example.com", "127.0.0.1.example.com"),
        ] {
            let host = host.to_owned();
            assert_eq!(
                url.parse::<BaseUrl>(),
                Err(BaseUrlError::PlainHttp { host }),
                "{url}"
            );
        }
        assert!(!BaseUrl::DEFAULT.parse::<BaseUrl>().unwrap().is_loopback());
    }

    #[test]
    fn a_base_url_that_cannot_be_prefixed_is_refused_without_repeating_a_secret() {
        for (url, message) in [
            (
                "api.hubapi.com",
                "`api.hubapi.com` is not a URL: relative URL without a base",
            ),
            (
                "ftp://example.com",
                "the base URL starts with `ftp://`, expected `https://`",
            ),
            (
                "https://user:secret@example.com",
                "the base URL must not hold a user name or password",
            ),
            (
                "https://user:secret@exa mple.com",
                "`exa mple.com` is not a URL: invalid international domain name",
            ),
            (
                "https://example.com?x=1",
                "the base URL must end with its host, port or path: no `?` and no `#`",
            ),
        ] {
            assert_eq!(
                url.parse::<BaseUrl>().unwrap_err().to_string(),
                message,
                "{url}"
            );
        }
    }

    #[test]
    fn each_version_has_its_own_path_of_a_lookup() {
        for (version, route, expected) in [
            (
                ApiVersion::V4,
                Route::BatchRead,
                "/crm/v3/objects/contacts/batch/read",
            ),
            (
                ApiVersion::V4,
                Route::Search,
                "/crm/v3/objects/contacts/search",
            ),
            (
                ApiVersion::Of202603,
                Route::BatchRead,
                "/crm/objects/2026-03/contacts/batch/read",
            ),
            (
                ApiVersion::Of202609,
                Route::Search,
                "/crm/objects/2026-09/contacts/search",
            ),
        ] {
            let call = LookupCall {
                object_type: ObjectType::new("contacts").unwrap(),
                route,
                body: Vec::new(),
            };
            let url = BaseUrl::from_str("https://api.hubapi.com")
                .unwrap()
                .lookup(version, &call);
            assert_eq!(url.path(), expected);
        }
    }
}
