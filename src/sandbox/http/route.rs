//! Maps a method and a path to a call.
//!
//! Every version of the API has the same calls under another path. Segments are percent-decoded, and a path with an
//! empty segment is unknown.

use percent_encoding::percent_decode_str;

/// The dated versions; v4 has differently shaped paths.
const DATED: &[&str] = &["2025-09", "2026-03", "2026-09"];

/// A call, with its path's parameters as received.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Route {
    /// Associate two records without a label.
    Pair {
        from_type: String,
        from_id: String,
        to_type: String,
        to_id: String,
    },
    /// Associate two records with a label; recognised only to explain that it is not supported.
    Labelled,
    /// Associate several pairs of two types.
    Batch {
        from_type: String,
        to_type: String,
    },
    /// Read a record's associations.
    Read {
        from_type: String,
        from_id: String,
        to_type: String,
    },
    /// Read records by id or by a unique property.
    Records {
        object_type: String,
    },
    /// Search for records by the values of a property.
    Search {
        object_type: String,
    },
    /// List a type's properties.
    Properties {
        object_type: String,
    },
    /// Read the definition of a property.
    Property {
        object_type: String,
        name: String,
    },
    AccountDetails,
    ApiUsage,
    Token,
    Introspection,
    /// A known path, but not for this method.
    WrongMethod {
        /// The supported method.
        allowed: &'static str,
    },
    Unknown,
}

impl Route {
    pub(crate) fn of(method: &str, path: &str) -> Self {
        let Some(path) = path.strip_prefix('/') else {
            return Self::Unknown;
        };
        let segments: Vec<String> = path
            .split('/')
            .map(|segment| percent_decode_str(segment).decode_utf8_lossy().into_owned())
            .collect();
        if segments.iter().any(String::is_empty) {
            return Self::Unknown;
        }
        let segments: Vec<&str> = segments.iter().map(String::as_str).collect();
        let Some((route, its_method)) = Self::of_segments(&segments) else {
            return Self::Unknown;
        };
        if its_method == method {
            route
        } else {
            Self::WrongMethod {
                allowed: its_method,
            }
        }
    }

    /// The call's name in the counts of requests.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Pair { .. } => "pair",
            Self::Labelled => "labelled",
            Self::Batch { .. } => "batch",
            Self::Read { .. } => "read",
            Self::Records { .. } => "records",
            Self::Search { .. } => "search",
            Self::Properties { .. } | Self::Property { .. } => "properties",
            Self::AccountDetails | Self::ApiUsage => "account",
            Self::Token | Self::Introspection => "oauth",
            Self::WrongMethod { .. } | Self::Unknown => "unknown",
        }
    }

    /// The call at a path, and its method.
    fn of_segments(segments: &[&str]) -> Option<(Self, &'static str)> {
        match segments {
            ["crm", "v4", "objects", rest @ ..] => Self::of_record(rest),
            ["crm", "objects", version, rest @ ..] if DATED.contains(version) => {
                Self::of_record(rest).or_else(|| Self::of_objects(rest))
            }
            ["crm", "v4", "associations", rest @ ..] => Self::of_types(rest),
            ["crm", "associations", version, rest @ ..] if DATED.contains(version) => {
                Self::of_types(rest)
            }
            ["crm", "v3", "objects", rest @ ..] => Self::of_objects(rest),
            ["crm", "v3", "properties", rest @ ..] => Self::of_properties(rest),
            ["crm", "properties", version, rest @ ..] if DATED.contains(version) => {
                Self::of_properties(rest)
            }
            ["account-info", version, rest @ ..] if *version == "v3" || DATED.contains(version) => {
                match rest {
                    ["details"] => Some((Self::AccountDetails, "GET")),
                    ["api-usage", "daily", "private-apps"] => Some((Self::ApiUsage, "GET")),
                    _ => None,
                }
            }
            ["oauth", version, rest @ ..] if *version == "v3" || DATED.contains(version) => {
                match rest {
                    ["token"] => Some((Self::Token, "POST")),
                    ["token", "introspect"] => Some((Self::Introspection, "POST")),
                    _ => None,
                }
            }
            _ => None,
        }
    }

    fn of_record(rest: &[&str]) -> Option<(Self, &'static str)> {
        match *rest {
            [
                from_type,
                from_id,
                "associations",
                "default",
                to_type,
                to_id,
            ] => Some((
                Self::Pair {
                    from_type: from_type.to_owned(),
                    from_id: from_id.to_owned(),
                    to_type: to_type.to_owned(),
                    to_id: to_id.to_owned(),
                },
                "PUT",
            )),
            [_, _, "associations", _, _] => Some((Self::Labelled, "PUT")),
            [from_type, from_id, "associations", to_type] => Some((
                Self::Read {
                    from_type: from_type.to_owned(),
                    from_id: from_id.to_owned(),
                    to_type: to_type.to_owned(),
                },
                "GET",
            )),
            _ => None,
        }
    }

    /// The calls for records of one type.
    fn of_objects(rest: &[&str]) -> Option<(Self, &'static str)> {
        match *rest {
            [object_type, "batch", "read"] => Some((
                Self::Records {
                    object_type: object_type.to_owned(),
                },
                "POST",
            )),
            [object_type, "search"] => Some((
                Self::Search {
                    object_type: object_type.to_owned(),
                },
                "POST",
            )),
            _ => None,
        }
    }

    fn of_properties(rest: &[&str]) -> Option<(Self, &'static str)> {
        match *rest {
            [object_type] => Some((
                Self::Properties {
                    object_type: object_type.to_owned(),
                },
                "GET",
            )),
            [object_type, name] => Some((
                Self::Property {
                    object_type: object_type.to_owned(),
                    name: name.to_owned(),
                },
                "GET",
            )),
            _ => None,
        }
    }

    fn of_types(rest: &[&str]) -> Option<(Self, &'static str)> {
        match *rest {
            [from_type, to_type, "batch", "associate", "default"] => Some((
                Self::Batch {
                    from_type: from_type.to_owned(),
                    to_type: to_type.to_owned(),
                },
                "POST",
            )),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pair_call_has_the_same_suffix_under_every_version() {
        for base in [
            "/crm/v4/objects",
            "/crm/objects/2025-09",
            "/crm/objects/2026-03",
            "/crm/objects/2026-09",
        ] {
            let path = format!("{base}/line%5Fitems/17/associations/default/0-3/42");
            assert_eq!(
                Route::of("PUT", &path),
                Route::Pair {
                    from_type: "line_items".into(),
                    from_id: "17".into(),
                    to_type: "0-3".into(),
                    to_id: "42".into(),
                }
            );
            assert_eq!(
                Route::of("POST", &path),
                Route::WrongMethod { allowed: "PUT" }
            );
        }
    }

    #[test]
    fn the_other_calls_have_their_own_versions() {
        let batch = Route::Batch {
            from_type: "contacts".into(),
            to_type: "companies".into(),
        };
        let read = Route::Read {
            from_type: "contacts".into(),
            from_id: "7".into(),
            to_type: "companies".into(),
        };
        let records = Route::Records {
            object_type: "contacts".into(),
        };
        let search = Route::Search {
            object_type: "0-2".into(),
        };
        let properties = Route::Properties {
            object_type: "deals".into(),
        };
        let property = Route::Property {
            object_type: "deals".into(),
            name: "dealname".into(),
        };
        let batch_tail = "contacts/companies/batch/associate/default";
        for (method, path, route) in [
            ("POST", format!("/crm/v4/associations/{batch_tail}"), &batch),
            (
                "POST",
                format!("/crm/associations/2026-09/{batch_tail}"),
                &batch,
            ),
            (
                "GET",
                "/crm/v4/objects/contacts/7/associations/companies".into(),
                &read,
            ),
            (
                "GET",
                "/crm/objects/2026-03/contacts/7/associations/companies".into(),
                &read,
            ),
            (
                "GET",
                "/account-info/v3/details".into(),
                &Route::AccountDetails,
            ),
            (
                "GET",
                "/account-info/2026-09/details".into(),
                &Route::AccountDetails,
            ),
            (
                "GET",
                "/account-info/v3/api-usage/daily/private-apps".into(),
                &Route::ApiUsage,
            ),
            (
                "POST",
                "/crm/v3/objects/contacts/batch/read".into(),
                &records,
            ),
            (
                "POST",
                "/crm/objects/2026-03/contacts/batch/read".into(),
                &records,
            ),
            ("POST", "/crm/v3/objects/0-2/search".into(), &search),
            ("POST", "/crm/objects/2026-09/0-2/search".into(), &search),
            ("GET", "/crm/v3/properties/deals".into(), &properties),
            ("GET", "/crm/properties/2026-03/deals".into(), &properties),
            ("GET", "/crm/v3/properties/deals/dealname".into(), &property),
            (
                "GET",
                "/crm/properties/2026-09/deals/dealname".into(),
                &property,
            ),
            ("POST", "/oauth/v3/token".into(), &Route::Token),
            ("POST", "/oauth/2026-03/token".into(), &Route::Token),
            (
                "POST",
                "/oauth/2026-03/token/introspect".into(),
                &Route::Introspection,
            ),
        ] {
            assert_eq!(Route::of(method, &path), *route, "{path}");
        }
    }

    #[test]
    fn without_default_the_path_is_the_labelled_call() {
        let path = "/crm/v4/objects/contacts/7/associations/companies/8";
        assert_eq!(Route::of("PUT", path), Route::Labelled);
        assert_eq!(
            Route::of("GET", path),
            Route::WrongMethod { allowed: "PUT" }
        );
    }

    #[test]
    fn every_other_path_is_unknown() {
        for path in [
            "",
            "/",
            "/crm/v4/objects/contacts/7/associations",
            "/crm/v4/objects/contacts//associations/default/companies/8",
            "/crm/v4/objects/contacts/7/associations/default/companies/8/",
            "/crm/v5/objects/contacts/7/associations/default/companies/8",
            "/crm/objects/2024-03/contacts/7/associations/default/companies/8",
            "/CRM/v4/objects/contacts/7/associations/default/companies/8",
            "/oauth/v1/token",
            "/crm/v4/objects/contacts/batch/read",
            "/crm/v3/properties",
            "/account-info/v3",
        ] {
            assert_eq!(Route::of("PUT", path), Route::Unknown, "{path}");
            assert_eq!(Route::of("GET", path), Route::Unknown, "{path}");
        }
    }
}
