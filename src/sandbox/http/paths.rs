//! Maps a method and a path to a call.
//!
//! Every version of the API has the same calls under another path. Segments are percent-decoded, and a path with an
//! empty segment is unknown.

use percent_encoding::percent_decode_str;

use crate::sandbox::http::route::{LabelsPath, Route};

/// The dated versions; v4 has differently shaped paths.
const DATED: &[&str] = &["2025-09", "2026-03", "2026-09"];

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
        if let (Self::Labelled { .. }, "DELETE") = (&route, method) {
            return route.unlinking();
        }
        if let (Self::Sandbox { .. }, _) | (_, true) = (&route, its_method == method) {
            route
        } else {
            Self::WrongMethod {
                allowed: its_method,
            }
        }
    }

    /// The call at a path, and its method.
    fn of_segments(segments: &[&str]) -> Option<(Self, &'static str)> {
        match segments {
            ["crm", "v4", "objects", rest @ ..] => Self::of_record(rest),
            ["crm", "objects", version, rest @ ..] if DATED.contains(version) => {
                Self::of_record(rest).or_else(|| Self::of_objects(rest))
            }
            ["crm", "v4", "associations", rest @ ..] => Self::of_types(rest, LabelsPath::Old),
            ["crm", "associations", "v4", from_type, to_type, "labels"] => {
                Self::of_types(&[from_type, to_type, "labels"], LabelsPath::New)
            }
            ["crm", "associations", version, rest @ ..] if DATED.contains(version) => {
                Self::of_types(rest, LabelsPath::Dated)
            }
            ["sandbox", rest @ ..] => {
                let segments = rest.iter().map(|segment| (*segment).to_owned()).collect();
                Some((Self::Sandbox { segments }, "GET"))
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
            [from_type, from_id, "associations", to_type, to_id] => Some((
                Self::Labelled {
                    from_type: from_type.to_owned(),
                    from_id: from_id.to_owned(),
                    to_type: to_type.to_owned(),
                    to_id: to_id.to_owned(),
                },
                "PUT",
            )),
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

    /// The calls for links from one type to another.
    fn of_types(rest: &[&str], path: LabelsPath) -> Option<(Self, &'static str)> {
        let [from_type, to_type, call @ ..] = rest else {
            return None;
        };
        let (from_type, to_type) = ((*from_type).to_owned(), (*to_type).to_owned());
        let is_dated = path == LabelsPath::Dated;
        let route = match call {
            ["batch", "associate", "default"] => Self::Batch { from_type, to_type },
            ["batch", "create"] => Self::Create { from_type, to_type },
            ["batch", "read"] => Self::Links { from_type, to_type },
            ["batch", "archive"] => Self::Archive {
                from_type,
                to_type,
                is_dated,
            },
            ["batch", "labels", "archive"] => Self::ArchiveLabels {
                from_type,
                to_type,
                is_dated,
            },
            ["labels"] => {
                let labels = Self::Labels {
                    from_type,
                    to_type,
                    path,
                };
                return Some((labels, "GET"));
            }
            _ => return None,
        };
        Some((route, "POST"))
    }

    /// The call with method DELETE at the path of a labelled pair.
    fn unlinking(self) -> Self {
        match self {
            Self::Labelled {
                from_type,
                from_id,
                to_type,
                to_id,
            } => Self::Unlink {
                from_type,
                from_id,
                to_type,
                to_id,
            },
            other => other,
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
        let [from_type, to_type] = ["contacts", "companies"].map(str::to_owned);
        let [from_id, to_id] = ["7", "8"].map(str::to_owned);
        let labelled = Route::Labelled {
            from_type,
            from_id,
            to_type,
            to_id,
        };
        assert_eq!(Route::of("PUT", path), labelled);
        assert_eq!(Route::of("DELETE", path), labelled.unlinking());
        assert_eq!(
            Route::of("GET", path),
            Route::WrongMethod { allowed: "PUT" }
        );
    }

    #[test]
    fn the_calls_for_several_links_differ_by_their_ends() {
        for (base, is_dated) in [
            ("/crm/v4/associations/0-1/0-2", false),
            ("/crm/associations/2026-03/0-1/0-2", true),
        ] {
            let ends = || ("0-1".to_owned(), "0-2".to_owned());
            let at = |end: &str| Route::of("POST", &format!("{base}/batch/{end}"));
            let (from_type, to_type) = ends();
            assert_eq!(at("create"), Route::Create { from_type, to_type });
            let (from_type, to_type) = ends();
            assert_eq!(at("read"), Route::Links { from_type, to_type });
            let (from_type, to_type) = ends();
            let archive = Route::Archive {
                from_type,
                to_type,
                is_dated,
            };
            assert_eq!(at("archive"), archive);
            let (from_type, to_type) = ends();
            let labels = Route::ArchiveLabels {
                from_type,
                to_type,
                is_dated,
            };
            assert_eq!(at("labels/archive"), labels);
        }
    }

    #[test]
    fn the_list_of_labels_has_three_places() {
        for (base, path) in [
            ("/crm/v4/associations", LabelsPath::Old),
            ("/crm/associations/v4", LabelsPath::New),
            ("/crm/associations/2026-09", LabelsPath::Dated),
        ] {
            let labels = Route::Labels {
                from_type: "0-1".into(),
                to_type: "0-2".into(),
                path,
            };
            assert_eq!(Route::of("GET", &format!("{base}/0-1/0-2/labels")), labels);
        }
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
            "/crm/associations/v4/contacts/companies/batch/read",
            "/account-info/v3",
        ] {
            assert_eq!(Route::of("PUT", path), Route::Unknown, "{path}");
            assert_eq!(Route::of("GET", path), Route::Unknown, "{path}");
        }
    }
}
