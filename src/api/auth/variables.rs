//! The names of variables and credentials that may hold a token.

/// The environment variable that holds the access token. No command-line flag takes it.
pub const ACCESS_TOKEN_VARIABLE: &str = "HUBSPOT_ACCESS_TOKEN";

/// The environment variables of an app: client id, client secret and refresh token.
pub const OAUTH_VARIABLES: [&str; 3] = [
    "HUBSPOT_CLIENT_ID",
    "HUBSPOT_CLIENT_SECRET",
    "HUBSPOT_REFRESH_TOKEN",
];

/// The name under which systemd passes a service its token
/// (<https://systemd.io/CREDENTIALS/>).
pub const SYSTEMD_CREDENTIAL: &str = "hubspot-access-token";
