//! Faults drawn at random, with their probabilities.
//!
//! Written `status:502=1%,reset=0.5%`. One draw decides for each request, so the shares add up and must not exceed 100
//! %.

use std::str::FromStr;

use crate::sandbox::faults::fault::Fault;
use crate::sandbox::faults::table::{KNOWN_FAULTS, fault_named};

/// The random faults of a sandbox, each with its share of the requests. None by default.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Faults {
    shares: Vec<(Fault, f64)>,
}

impl Faults {
    /// The fault for `draw`, a number from 0.0 up to 1.0.
    pub(crate) fn at(&self, draw: f64) -> Option<Fault> {
        let mut below = 0.0;
        self.shares.iter().find_map(|(fault, share)| {
            below += share;
            (draw < below).then_some(*fault)
        })
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.shares.is_empty()
    }
}

/// Which part of a fault spec is invalid.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FaultsError {
    /// A part without `=`.
    #[error("`{part}` is not of the form `NAME=SHARE`, e.g. `status:502=1%`")]
    NoShare {
        /// The part as given.
        part: String,
    },
    /// A name that is not a fault.
    #[error(
        "`{name}` is not a known fault; known are `status:200` to `status:599`, {}",
        known_names()
    )]
    UnknownName {
        /// The name as given.
        name: String,
    },
    /// A share that is not a number from 0 to 100 %.
    #[error("`{share}` in `{part}` is not a share; write `1%` or `0.01`")]
    BadShare {
        /// The part as given.
        part: String,
        /// Its share as given.
        share: String,
    },
    /// The same fault twice.
    #[error("`{name}` is given twice")]
    Twice {
        /// The name as given.
        name: String,
    },
    /// Shares that add up to more than 100 %.
    #[error("the shares add up to more than 100%")]
    TooMuch,
}

fn known_names() -> String {
    let names: Vec<String> = KNOWN_FAULTS
        .iter()
        .filter(|known| !matches!(known.fault, Fault::Status(_)))
        .map(|known| format!("`{}`", known.name))
        .collect();
    names.join(", ")
}

impl FromStr for Faults {
    type Err = FaultsError;

    fn from_str(text: &str) -> Result<Self, FaultsError> {
        let mut shares: Vec<(Fault, f64)> = Vec::new();
        let parts = text.split(',').map(str::trim);
        for part in parts.filter(|part| !part.is_empty()) {
            let (name, share) = part.split_once('=').ok_or_else(|| FaultsError::NoShare {
                part: part.to_owned(),
            })?;
            let (name, share) = (name.trim(), share.trim());
            let fault = fault_named(name).ok_or_else(|| FaultsError::UnknownName {
                name: name.to_owned(),
            })?;
            if shares.iter().any(|(other, _)| *other == fault) {
                return Err(FaultsError::Twice {
                    name: name.to_owned(),
                });
            }
            let share = parse_share(share).ok_or_else(|| FaultsError::BadShare {
                part: part.to_owned(),
                share: share.to_owned(),
            })?;
            shares.push((fault, share));
        }
        // A small tolerance, because ten times 0.1 is not exactly 1 in binary.
        if shares.iter().map(|(_, share)| share).sum::<f64>() > 1.0 + 1e-9 {
            return Err(FaultsError::TooMuch);
        }
        Ok(Self { shares })
    }
}

fn parse_share(text: &str) -> Option<f64> {
    let (number, whole) = match text.strip_suffix('%') {
        Some(number) => (number.trim(), 100.0),
        None => (text, 1.0),
    };
    let share = number.parse::<f64>().ok()? / whole;
    (0.0..=1.0).contains(&share).then_some(share)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_draw_falls_into_the_share_of_one_fault_or_of_none() {
        let faults: Faults = "status:502=10%, reset=0.2,stall=5%".parse().unwrap();
        for (draw, fault) in [
            (0.0, Some(Fault::Status(502))),
            (0.09, Some(Fault::Status(502))),
            (0.1, Some(Fault::Reset)),
            (0.29, Some(Fault::Reset)),
            (0.32, Some(Fault::Stall)),
            (0.36, None),
            (0.99, None),
        ] {
            assert_eq!(faults.at(draw), fault, "{draw}");
        }
    }

    #[test]
    fn an_empty_spec_draws_nothing() {
        assert_eq!("".parse(), Ok(Faults::default()));
        assert_eq!(Faults::default().at(0.0), None);
    }

    #[test]
    fn an_invalid_spec_is_refused_with_the_invalid_part() {
        let message = |spec: &str| spec.parse::<Faults>().unwrap_err().to_string();
        assert_eq!(
            message("reset=1%,stall"),
            "`stall` is not of the form `NAME=SHARE`, e.g. `status:502=1%`"
        );
        assert_eq!(
            message("reset=lots"),
            "`lots` in `reset=lots` is not a share; write `1%` or `0.01`"
        );
        assert_eq!(
            message("reset=101%"),
            "`101%` in `reset=101%` is not a share; write `1%` or `0.01`"
        );
        assert_eq!(message("reset=1%,reset=2%"), "`reset` is given twice");
        assert_eq!(
            message("reset=60%,stall=41%"),
            "the shares add up to more than 100%"
        );
        let unknown = message("rest=1%");
        assert!(
            unknown.starts_with("`rest` is not a known fault"),
            "{unknown}"
        );
        assert!(unknown.contains("`reset`, `close`"), "{unknown}");
        assert!(message("status:99=1%").contains("`status:99` is not a known fault"));
    }
}
