//! Money: whole minor units (cents, yen, fils) with their ISO 4217 currency. Never a float, never added across
//! currencies, never wrapped.

use iso_currency::Currency as Iso;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// An ISO 4217 currency, written as its three capital letters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Currency(Iso);

/// An amount of money that changes hands; zero or more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Money {
    /// In the currency's minor unit: 1999 in USD is 19.99 dollars, 1999 in JPY is 1999 yen.
    pub amount_minor: i64,
    pub currency: Currency,
}

/// An amount whose currency is known from elsewhere; zero or more minor units.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct AmountMinor(i64);

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MoneyError {
    #[error("a currency must be an ISO 4217 code of three capital letters, such as USD")]
    UnknownCurrency(String),
    #[error("an amount must be 0 or more, got {0}")]
    Negative(i64),
    #[error("{0} and {1} can't be added")]
    MixedCurrencies(Currency, Currency),
    #[error("the amount is too large")]
    Overflow,
}

impl Currency {
    pub fn code(&self) -> &'static str {
        self.0.code()
    }
}

impl FromStr for Currency {
    type Err = MoneyError;

    fn from_str(code: &str) -> Result<Self, MoneyError> {
        Iso::from_code(code).map(Self).ok_or_else(|| MoneyError::UnknownCurrency(code.chars().take(16).collect()))
    }
}

impl TryFrom<String> for Currency {
    type Error = MoneyError;

    fn try_from(code: String) -> Result<Self, MoneyError> {
        code.parse()
    }
}

impl From<Currency> for String {
    fn from(currency: Currency) -> Self {
        currency.code().to_owned()
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl Money {
    pub fn new(amount_minor: i64, currency: Currency) -> Result<Self, MoneyError> {
        if amount_minor < 0 {
            return Err(MoneyError::Negative(amount_minor));
        }
        Ok(Self { amount_minor, currency })
    }

    pub const fn zero(currency: Currency) -> Self {
        Self { amount_minor: 0, currency }
    }

    pub fn plus(self, other: Self) -> Result<Self, MoneyError> {
        if self.currency != other.currency {
            return Err(MoneyError::MixedCurrencies(self.currency, other.currency));
        }
        let amount_minor = self.amount_minor.checked_add(other.amount_minor);
        Ok(Self { amount_minor: amount_minor.ok_or(MoneyError::Overflow)?, ..self })
    }

    pub fn minus(self, other: Self) -> Result<Self, MoneyError> {
        if self.currency != other.currency {
            return Err(MoneyError::MixedCurrencies(self.currency, other.currency));
        }
        // Neither is negative, so the difference does not overflow.
        Self::new(self.amount_minor - other.amount_minor, self.currency)
    }

    /// The price of `quantity` units at this price each.
    pub fn times(self, quantity: u32) -> Result<Self, MoneyError> {
        let amount_minor = self.amount_minor.checked_mul(i64::from(quantity));
        Ok(Self { amount_minor: amount_minor.ok_or(MoneyError::Overflow)?, ..self })
    }
}

impl AmountMinor {
    pub const fn get(self) -> i64 {
        self.0
    }

    pub const fn money(self, currency: Currency) -> Money {
        Money { amount_minor: self.0, currency }
    }
}

impl TryFrom<i64> for AmountMinor {
    type Error = MoneyError;

    fn try_from(amount_minor: i64) -> Result<Self, MoneyError> {
        if amount_minor < 0 { Err(MoneyError::Negative(amount_minor)) } else { Ok(Self(amount_minor)) }
    }
}

impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digits = usize::from(self.currency.0.exponent().unwrap_or(0));
        let unit = 10_i64.pow(u32::try_from(digits).unwrap_or(0));
        match digits {
            0 => write!(f, "{} {}", self.amount_minor, self.currency),
            _ => write!(f, "{}.{:0digits$} {}", self.amount_minor / unit, self.amount_minor % unit, self.currency),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn money(amount_minor: i64, code: &str) -> Money {
        Money::new(amount_minor, code.parse().expect("a currency")).expect("an amount")
    }

    #[test]
    fn amounts_are_printed_with_the_digits_of_their_currency() {
        assert_eq!(money(1999, "USD").to_string(), "19.99 USD");
        assert_eq!(money(5, "USD").to_string(), "0.05 USD");
        assert_eq!(money(1999, "JPY").to_string(), "1999 JPY");
        assert_eq!(money(1999, "KWD").to_string(), "1.999 KWD");
    }

    #[test]
    fn money_refuses_to_wrap_to_mix_and_to_go_negative() {
        assert_eq!(money(i64::MAX, "USD").plus(money(1, "USD")), Err(MoneyError::Overflow));
        assert_eq!(money(i64::MAX / 2, "USD").times(3), Err(MoneyError::Overflow));
        assert!(matches!(money(1, "USD").plus(money(1, "EUR")), Err(MoneyError::MixedCurrencies(..))));
        assert_eq!(money(1, "USD").minus(money(2, "USD")), Err(MoneyError::Negative(-1)));
        assert_eq!(AmountMinor::try_from(-1), Err(MoneyError::Negative(-1)));
        assert_eq!(Money::new(-1, "USD".parse().expect("a currency")), Err(MoneyError::Negative(-1)));
    }

    #[test]
    fn only_iso_codes_are_currencies() {
        for bad in ["usd", "ZZZ", "USDX", "", "US"] {
            assert!(bad.parse::<Currency>().is_err(), "{bad}");
        }
    }
}
