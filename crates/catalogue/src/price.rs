//! The prices that a product has had.

use domain::Timestamp;
use domain::money::Money;
use std::fmt;
use std::str::FromStr;

/// A price, valid until the next one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PastPrice {
    pub(crate) id: i64,
    pub price: Money,
    pub valid_from: Timestamp,
    /// `vendor:<id>` or `admin:<id>`. `None` for the price that the product had when the history began.
    pub changed_by: Option<String>,
}

/// The last price of a page; the next page has older ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PriceCursor(pub(crate) i64);

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("this is not a `next_cursor` of a page of prices")]
pub struct InvalidPriceCursor;

impl PastPrice {
    pub(crate) fn cursor(&self) -> PriceCursor {
        PriceCursor(self.id)
    }
}

impl fmt::Display for PriceCursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for PriceCursor {
    type Err = InvalidPriceCursor;

    fn from_str(text: &str) -> Result<Self, InvalidPriceCursor> {
        text.parse().map(Self).map_err(|_| InvalidPriceCursor)
    }
}
