//! Recognises a key that stands where an id is expected. Pure.

use crate::domain::key_kind::KeyKind;
use crate::input::columns::key_header::KeyHeader;
use crate::input::validate::key::domain_name::domain_of;
use crate::input::validate::key::read_key::read_key;

/// Whether a cell has an email address or a domain where an id is expected.
pub(crate) fn key_in(cell: &str) -> Option<KeyHeader> {
    let cell = cell.trim();
    if read_key(cell, KeyKind::Email).is_ok() {
        return Some(KeyHeader::Email);
    }
    let domain = domain_of(cell).ok()?;
    let (_, last) = domain.rsplit_once('.')?;
    let is_top = last.chars().count() >= 2 && last.chars().all(char::is_alphabetic);
    is_top.then_some(KeyHeader::Domain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn emails_and_domains_are_recognised_and_damaged_ids_are_not() {
        for (cell, key) in [
            (" ann@acme.com", Some(KeyHeader::Email)),
            ("acme.com", Some(KeyHeader::Domain)),
            ("https://www.acme.com/x", Some(KeyHeader::Domain)),
            ("5.12E+11", None),
            ("51200.0", None),
            ("1.234.567", None),
            ("10.0.0.1", None),
            ("A.1", None),
            ("x7", None),
            ("3;4", None),
            ("", None),
        ] {
            assert_eq!(key_in(cell), key, "{cell}");
        }
    }
}
