//! The name of the company that transports a shipment, as a person entered it.

use crate::text;
use std::fmt;
use std::str::FromStr;

pub const CARRIER_NAME_LENGTH_MAX: usize = 60;

/// 1 to 60 visible characters on one line, in NFC.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CarrierName(String);

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a carrier's name must be 1 to {CARRIER_NAME_LENGTH_MAX} characters on one line")]
pub struct BadCarrierName;

impl CarrierName {
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for CarrierName {
    type Err = BadCarrierName;

    fn from_str(text: &str) -> Result<Self, BadCarrierName> {
        text::one_line(text, CARRIER_NAME_LENGTH_MAX).map(Self).ok_or(BadCarrierName)
    }
}

impl fmt::Display for CarrierName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_carriers_name_is_one_short_line() {
        assert_eq!(" Deutsche Post ".parse::<CarrierName>().unwrap().as_str(), "Deutsche Post");
        for bad in ["", " ", "two\nlines", "nul\0", &"x".repeat(61)] {
            assert_eq!(bad.parse::<CarrierName>(), Err(BadCarrierName), "{bad}");
        }
    }
}
