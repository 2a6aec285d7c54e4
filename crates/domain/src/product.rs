//! SKUs and quantities, and the lines that combine them.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

pub const SKU_LENGTH_MAX: usize = 64;
pub const QUANTITY_MAX: u32 = 1_000;
/// Path segments of the API at positions where SKUs are, too.
const RESERVED: [&str; 3] = ["adjustments", "thresholds", "transfers"];

/// A stock keeping unit: 1 to 64 of `A-Z a-z 0-9 . _ -`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Sku(String);

/// The number of units of a line: 1 to 1,000.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "u32", into = "u32")]
pub struct Quantity(u32);

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ProductError {
    #[error("a SKU must be 1 to {SKU_LENGTH_MAX} letters, digits, dots, dashes or underscores")]
    BadSku,
    #[error("a new SKU must begin with a letter or a digit, and not be {}", RESERVED.join(", "))]
    BadNewSku(String),
    #[error("a quantity must be a whole number from 1 to {QUANTITY_MAX}")]
    BadQuantity(i64),
}

/// One line of an order, a reservation or a shipment.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Line {
    pub sku: Sku,
    pub quantity: Quantity,
}

impl Sku {
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The SKU of a new product. It must be usable as a path segment: `..`, for example, is not. Older products may
    /// have other SKUs.
    pub fn for_new(text: String) -> Result<Self, ProductError> {
        let sku = Self::try_from(text)?;
        let is_path_segment = sku.0.starts_with(|first: char| first.is_ascii_alphanumeric());
        if is_path_segment && !RESERVED.contains(&sku.as_str()) { Ok(sku) } else { Err(ProductError::BadNewSku(sku.0)) }
    }
}

impl FromStr for Sku {
    type Err = ProductError;

    fn from_str(text: &str) -> Result<Self, ProductError> {
        Self::try_from(text.to_owned())
    }
}

impl TryFrom<String> for Sku {
    type Error = ProductError;

    fn try_from(text: String) -> Result<Self, ProductError> {
        let legal = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
        if text.is_empty() || text.len() > SKU_LENGTH_MAX || !text.bytes().all(legal) {
            return Err(ProductError::BadSku);
        }
        Ok(Self(text))
    }
}

impl From<Sku> for String {
    fn from(sku: Sku) -> Self {
        sku.0
    }
}

impl fmt::Display for Sku {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Quantity {
    pub const fn get(self) -> u32 {
        self.0
    }
}

impl TryFrom<i64> for Quantity {
    type Error = ProductError;

    fn try_from(units: i64) -> Result<Self, ProductError> {
        match u32::try_from(units) {
            Ok(units @ 1..=QUANTITY_MAX) => Ok(Self(units)),
            _ => Err(ProductError::BadQuantity(units)),
        }
    }
}

impl TryFrom<u32> for Quantity {
    type Error = ProductError;

    fn try_from(units: u32) -> Result<Self, ProductError> {
        Self::try_from(i64::from(units))
    }
}

impl From<Quantity> for u32 {
    fn from(quantity: Quantity) -> Self {
        quantity.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sku_is_short_and_plain() {
        assert!("SKU-HEADPHONES".parse::<Sku>().is_ok());
        for bad in ["", "'; DROP TABLE orders;--", "white space", "nul\0", &"x".repeat(65)] {
            assert_eq!(bad.parse::<Sku>(), Err(ProductError::BadSku), "{bad}");
        }
    }

    #[test]
    fn a_new_sku_is_usable_as_a_path_segment() {
        for good in ["SKU-HEADPHONES", "7.up", "a", "adjustments-2"] {
            assert!(Sku::for_new(good.to_owned()).is_ok(), "{good}");
        }
        for bad in [".", "..", "-x", "_x", "adjustments", "thresholds", "transfers"] {
            assert_eq!(Sku::for_new(bad.to_owned()), Err(ProductError::BadNewSku(bad.to_owned())), "{bad}");
            assert!(bad.parse::<Sku>().is_ok(), "an older product may be called {bad}");
        }
    }

    #[test]
    fn a_quantity_is_one_to_a_thousand() {
        for good in [1_i64, 2, 1_000] {
            assert!(Quantity::try_from(good).is_ok());
        }
        for bad in [0_i64, -1, 1_001, i64::MAX] {
            assert_eq!(Quantity::try_from(bad), Err(ProductError::BadQuantity(bad)));
        }
    }
}
