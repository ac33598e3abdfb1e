//! What the account says of itself. Pure.

use serde_json::Value;

/// The account's time zone, by its IANA name, from the details of the account
/// (<https://developers.hubspot.com/docs/api-reference/account-account-info-v3/guide>).
pub(super) fn time_zone(body: &[u8]) -> Option<String> {
    let details: Value = serde_json::from_slice(body).ok()?;
    details.get("timeZone")?.as_str().map(ToOwned::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_time_zone_is_read_if_it_is_there() {
        let body = br#"{"portalId":1,"timeZone":"US/Eastern","utcOffset":"-04:00"}"#;
        assert_eq!(time_zone(body).as_deref(), Some("US/Eastern"));
        for body in [&b"{}"[..], b"[]", b"<html>", b"", br#"{"timeZone":7}"#] {
            assert_eq!(time_zone(body), None);
        }
    }
}
