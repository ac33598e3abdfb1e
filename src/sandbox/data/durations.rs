//! Parses durations as typed: `40ms`, `10s`, `5m`, `2h`, and a bare `0`.

use std::time::Duration;

/// Longer durations do not fit every clock.
const MAX_DURATION: Duration = Duration::from_hours(366 * 24);

/// Parses one duration; `None` if it is not a whole number with a known unit, or longer than a year.
pub(crate) fn parse(text: &str) -> Option<Duration> {
    let text = text.trim();
    if text == "0" {
        return Some(Duration::ZERO);
    }
    let unit_at = text.find(|letter: char| !letter.is_ascii_digit())?;
    let (number, unit) = text.split_at(unit_at);
    let number: u64 = number.parse().ok()?;
    let duration = match unit {
        "ms" => Duration::from_millis(number),
        "s" => Duration::from_secs(number),
        "m" => Duration::from_secs(number.checked_mul(60)?),
        "h" => Duration::from_secs(number.checked_mul(3600)?),
        _ => return None,
    };
    (duration <= MAX_DURATION).then_some(duration)
}

/// [`parse`] for clap, with an error that says what is expected.
pub(crate) fn parse_argument(text: &str) -> Result<Duration, String> {
    parse(text).ok_or_else(|| {
        "expected a duration such as `40ms`, `10s` or `5m`, a year at most".to_owned()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_duration_needs_a_whole_number_and_a_known_unit() {
        for (text, expected) in [
            ("0", Some(Duration::ZERO)),
            ("40ms", Some(Duration::from_millis(40))),
            (" 10s ", Some(Duration::from_secs(10))),
            ("5m", Some(Duration::from_mins(5))),
            ("2h", Some(Duration::from_hours(2))),
            ("10", None),
            ("s", None),
            ("-1s", None),
            ("1.5s", None),
            ("1d", None),
            ("99999999999999999999s", None),
            ("8784h", Some(Duration::from_hours(8784))),
            ("8785h", None),
            ("18446744073709551615ms", None),
            ("", None),
        ] {
            assert_eq!(parse(text), expected, "{text:?}");
        }
    }
}
