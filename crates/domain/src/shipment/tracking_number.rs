//! The number under which a carrier tracks a shipment.

use std::fmt;
use std::str::FromStr;

pub const TRACKING_NUMBER_LENGTH_MAX: usize = 40;

/// 1 to 40 of `A-Z 0-9 -`; lower case is read as upper case.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TrackingNumber(String);

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a tracking number must be 1 to {TRACKING_NUMBER_LENGTH_MAX} letters, digits or dashes")]
pub struct BadTrackingNumber;

impl TrackingNumber {
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for TrackingNumber {
    type Err = BadTrackingNumber;

    fn from_str(text: &str) -> Result<Self, BadTrackingNumber> {
        let legal = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
        if text.is_empty() || text.len() > TRACKING_NUMBER_LENGTH_MAX || !text.bytes().all(legal) {
            return Err(BadTrackingNumber);
        }
        Ok(Self(text.to_ascii_uppercase()))
    }
}

impl fmt::Display for TrackingNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tracking_number_is_short_and_plain_and_read_in_either_case() {
        assert_eq!("of-1a".parse::<TrackingNumber>().unwrap().as_str(), "OF-1A");
        for bad in ["", "white space", "nul\0", "ö", &"X".repeat(41)] {
            assert_eq!(bad.parse::<TrackingNumber>(), Err(BadTrackingNumber), "{bad}");
        }
    }
}
