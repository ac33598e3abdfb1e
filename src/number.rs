//! Formats numbers and times for people. Pure.

use std::time::Duration;

use indicatif::HumanCount;

/// `1234567` as `1,234,567`.
#[must_use]
pub fn grouped(number: u64) -> String {
    HumanCount(number).to_string()
}

/// A number and its noun, such as `1 reply` or `1,204 replies`.
#[must_use]
pub fn counted(number: u64, singular: &str, plural: &str) -> String {
    let noun = if number == 1 { singular } else { plural };
    format!("{} {noun}", HumanCount(number))
}

/// A number of rows, such as `1 row` or `1,204 rows`.
#[must_use]
pub fn rows(number: u64) -> String {
    counted(number, "row", "rows")
}

/// The two largest units: `4d 3h`, `2h 5m`, `3m 7s`, `42s`; below ten seconds with a tenth.
#[must_use]
pub fn span(duration: Duration) -> String {
    let seconds = duration.as_secs();
    let (days, hours, minutes) = (seconds / 86_400, seconds / 3600 % 24, seconds / 60 % 60);
    match seconds {
        86_400.. => format!("{days}d {hours}h"),
        3600.. => format!("{hours}h {minutes}m"),
        60.. => format!("{minutes}m {}s", seconds % 60),
        10.. => format!("{seconds}s"),
        _ => format!("{:.1}s", duration.as_secs_f64()),
    }
}

/// Rows per second: with one decimal below a hundred.
#[must_use]
pub fn per_second(rate: f64) -> String {
    if rate < 99.95 {
        format!("{rate:.1}")
    } else {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a rate is neither huge nor negative"
        )]
        grouped(rate.round() as u64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_grouped_by_thousands() {
        for (number, text) in [
            (0, "0"),
            (999, "999"),
            (1000, "1,000"),
            (1_234_567, "1,234,567"),
        ] {
            assert_eq!(grouped(number), text);
        }
    }

    #[test]
    fn a_noun_has_the_form_of_its_number() {
        for (number, text) in [(0, "0 rows"), (1, "1 row"), (1204, "1,204 rows")] {
            assert_eq!(rows(number), text);
        }
        assert_eq!(counted(1, "reply", "replies"), "1 reply");
    }

    #[test]
    fn times_show_their_two_largest_units() {
        for (seconds, text) in [
            (0.04, "0.0s"),
            (9.94, "9.9s"),
            (42.9, "42s"),
            (187.0, "3m 7s"),
            (7500.0, "2h 5m"),
            (356_400.0, "4d 3h"),
        ] {
            assert_eq!(span(Duration::from_secs_f64(seconds)), text);
        }
    }

    #[test]
    fn rates_from_a_hundred_have_no_decimal() {
        for (rate, text) in [
            (0.0, "0.0"),
            (9.87, "9.9"),
            (99.96, "100"),
            (12_345.6, "12,346"),
        ] {
            assert_eq!(per_second(rate), text);
        }
    }
}
