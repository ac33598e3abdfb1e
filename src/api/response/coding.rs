//! Decodes the content coding of reply bodies. Pure.
//!
//! Requests ask for `identity`, but a server may ignore that (RFC 9110, section 12.5.3). A body labelled as gzip is
//! decoded within the same size limit as any other; an unsupported coding is reported as the problem.

use std::io::{self, Read};

use flate2::read::MultiGzDecoder;
use reqwest::header::{CONTENT_ENCODING, HeaderMap, HeaderValue};

use crate::api::response::body::Unreadable;

/// The `Accept-Encoding` of every request.
pub(crate) const ACCEPTED: HeaderValue = HeaderValue::from_static("identity");

/// The first bytes of every gzip member (RFC 1952, section 2.3.1).
const GZIP_MAGIC: &[u8] = b"\x1f\x8b";

/// The content coding that the headers declare.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Coding {
    Identity,
    Gzip,
    Unknown,
}

impl Coding {
    pub(crate) fn of(headers: &HeaderMap) -> Self {
        let Some(first) = headers.get(CONTENT_ENCODING) else {
            return Self::Identity;
        };
        if headers.get_all(CONTENT_ENCODING).iter().nth(1).is_some() {
            return Self::Unknown;
        }
        let name = first.to_str().unwrap_or("?").trim();
        if name.is_empty() || name.eq_ignore_ascii_case("identity") {
            Self::Identity
        } else if name.eq_ignore_ascii_case("gzip") || name.eq_ignore_ascii_case("x-gzip") {
            Self::Gzip
        } else {
            Self::Unknown
        }
    }

    /// Decodes the body, to at most `max` bytes.
    pub(crate) fn decode(self, bytes: Vec<u8>, max: usize) -> Result<Vec<u8>, Unreadable> {
        match self {
            Self::Identity => Ok(bytes),
            // An empty body has no coding, and a proxy may decode a body but keep the label.
            Self::Gzip if !bytes.starts_with(GZIP_MAGIC) => Ok(bytes),
            Self::Gzip => gunzip(&bytes, max),
            Self::Unknown if bytes.is_empty() => Ok(bytes),
            Self::Unknown => Err(Unreadable::Coded),
        }
    }
}

fn gunzip(bytes: &[u8], max: usize) -> Result<Vec<u8>, Unreadable> {
    let mut decoded = Vec::new();
    // Reading one byte more than allowed detects an oversized body without decoding all of it.
    let bound = max as u64 + 1;
    let read = MultiGzDecoder::new(bytes)
        .take(bound)
        .read_to_end(&mut decoded);
    match read {
        _ if decoded.len() > max => Err(Unreadable::TooLong),
        Ok(_) => Ok(decoded),
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Err(Unreadable::Cut),
        Err(_) => Err(Unreadable::Coded),
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::Compression;
    use flate2::write::GzEncoder;
    use proptest::prelude::*;

    use super::*;

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    fn labelled(values: &[&'static str]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(CONTENT_ENCODING, HeaderValue::from_static(value));
        }
        headers
    }

    #[test]
    fn the_coding_is_read_from_the_header() {
        for (values, coding) in [
            (&[][..], Coding::Identity),
            (&[""], Coding::Identity),
            (&["identity"], Coding::Identity),
            (&["gzip"], Coding::Gzip),
            (&[" GZIP "], Coding::Gzip),
            (&["x-gzip"], Coding::Gzip),
            (&["br"], Coding::Unknown),
            (&["gzip, gzip"], Coding::Unknown),
            (&["gzip", "gzip"], Coding::Unknown),
        ] {
            assert_eq!(Coding::of(&labelled(values)), coding, "{values:?}");
        }
    }

    #[test]
    fn a_body_is_decoded_up_to_its_limit_or_the_problem_is_named() {
        let packed = gzip(b"{\"a\":1}");
        let twice = [packed.clone(), packed.clone()].concat();
        let mut broken = packed.clone();
        broken[12] ^= 0xff;
        let decoded = |text: &str| Ok(text.as_bytes().to_vec());
        for (coding, bytes, max, expected) in [
            (Coding::Identity, packed.clone(), 7, Ok(packed.clone())),
            (Coding::Gzip, packed.clone(), 7, decoded("{\"a\":1}")),
            (Coding::Gzip, twice, 14, decoded("{\"a\":1}{\"a\":1}")),
            (Coding::Gzip, packed.clone(), 6, Err(Unreadable::TooLong)),
            (Coding::Gzip, b"{}".to_vec(), 7, decoded("{}")),
            (Coding::Gzip, Vec::new(), 7, decoded("")),
            (
                Coding::Gzip,
                packed[..packed.len() - 9].to_vec(),
                7,
                Err(Unreadable::Cut),
            ),
            (Coding::Gzip, broken, 7, Err(Unreadable::Coded)),
            (
                Coding::Unknown,
                b"\x0b\x02".to_vec(),
                7,
                Err(Unreadable::Coded),
            ),
            (Coding::Unknown, Vec::new(), 7, decoded("")),
        ] {
            assert_eq!(
                coding.decode(bytes.clone(), max),
                expected,
                "{coding:?} {bytes:?}"
            );
        }
    }

    #[test]
    fn a_small_body_that_decompresses_to_a_large_one_is_decoded_only_up_to_the_limit() {
        let bomb = gzip(&vec![0; 64 * 1024 * 1024]);
        assert!(bomb.len() < 256 * 1024);
        let bombs = bomb.repeat(3);
        assert_eq!(Coding::Gzip.decode(bombs, 1000), Err(Unreadable::TooLong));
    }

    proptest! {
        #[test]
        fn arbitrary_bytes_never_panic_and_never_exceed_the_limit(tail in proptest::collection::vec(any::<u8>(), 0..200), max in 0..300_usize) {
            let bytes = [GZIP_MAGIC, &[8, 0][..], &tail].concat();
            if let Ok(decoded) = Coding::Gzip.decode(bytes, max) {
                prop_assert!(decoded.len() <= max);
            }
        }
    }
}
