//! A request for a new order, before it is priced. Parsing checks every rule once, so the types hold valid values only.

use super::adjustments::Adjustments;
use super::details::OrderDetails;
use crate::allocation_policy::AllocationPolicy;
use crate::money::Currency;
use crate::product::{Line, Sku};
use crate::text;
use serde::{Deserialize, Serialize};
use std::collections::HashSet;
use std::fmt;
use std::str::FromStr;

pub const LINES_MAX: usize = 100;
pub const NOTE_LENGTH_MAX: usize = 1_000;
pub const PAYMENT_METHOD_LENGTH_MAX: usize = 64;

/// A parsed request, not yet priced. Its serialized form is the fingerprint of an idempotency key, so a new field must
/// be omitted while it is absent: otherwise the keys of running clients no longer match.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct OrderRequest {
    /// The currency that the customer expects, if they named one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub currency: Option<Currency>,
    pub lines: OrderLines,
    pub payment_method: PaymentMethod,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<Note>,
    #[serde(flatten)]
    pub details: OrderDetails,
    #[serde(skip_serializing_if = "Adjustments::is_none")]
    pub adjustments: Adjustments,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub allocation_policy: Option<AllocationPolicy>,
}

/// 1 to 100 lines, each with another SKU.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct OrderLines(Vec<Line>);

/// The name of a payment method: 1 to 64 of `a-z 0-9 _ . -`. The gateway decides which names it accepts.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct PaymentMethod(String);

/// Free text for the vendor: 1 to 1,000 characters, without control characters but line breaks and tabs.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Note(String);

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PlacingError {
    #[error("an order must have at least one line")]
    NoLines,
    #[error("an order must have at most {LINES_MAX} lines, got {0}")]
    TooManyLines(usize),
    #[error("on more than one line: {}; put each SKU on one line", listed(.0))]
    DuplicateSkus(Vec<Sku>),
    #[error("not in the catalogue, or withdrawn: {}", listed(.0))]
    UnknownSkus(Vec<Sku>),
    #[error("prices are in more than one currency: {}; place one order per currency", listed(.0))]
    MixedCurrencies(Vec<Currency>),
    #[error("prices are in {priced}, not in {requested}")]
    OtherCurrency { requested: Currency, priced: Currency },
    #[error("the total is too large; order fewer units")]
    TotalTooLarge,
    /// Counted from zero.
    #[error("a discount must be at most the price of the line with its tax")]
    DiscountTooLarge(usize),
    #[error(
        "a payment method must be 1 to {PAYMENT_METHOD_LENGTH_MAX} lower-case letters, digits, dots, dashes or underscores"
    )]
    BadPaymentMethod,
    #[error("a note must be 1 to {NOTE_LENGTH_MAX} characters, without control characters")]
    BadNote,
}

impl OrderLines {
    pub fn parse(lines: Vec<Line>) -> Result<Self, PlacingError> {
        match lines.len() {
            0 => return Err(PlacingError::NoLines),
            1..=LINES_MAX => {}
            too_many => return Err(PlacingError::TooManyLines(too_many)),
        }
        let duplicates = duplicates(&lines);
        if duplicates.is_empty() { Ok(Self(lines)) } else { Err(PlacingError::DuplicateSkus(duplicates)) }
    }

    pub fn as_slice(&self) -> &[Line] {
        &self.0
    }

    pub fn skus(&self) -> Vec<Sku> {
        self.0.iter().map(|line| line.sku.clone()).collect()
    }
}

/// The SKUs that are on more than one line, each once.
fn duplicates(lines: &[Line]) -> Vec<Sku> {
    let mut seen = HashSet::with_capacity(lines.len());
    let mut named = HashSet::new();
    let again = lines.iter().filter(|line| !seen.insert(&line.sku));
    again.filter(|line| named.insert(&line.sku)).map(|line| line.sku.clone()).collect()
}

fn listed<T: fmt::Display>(things: &[T]) -> String {
    things.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

impl PaymentMethod {
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for PaymentMethod {
    type Error = PlacingError;

    fn try_from(name: String) -> Result<Self, PlacingError> {
        let legal = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'_' | b'.' | b'-');
        let good = (1..=PAYMENT_METHOD_LENGTH_MAX).contains(&name.len()) && name.bytes().all(legal);
        if good { Ok(Self(name)) } else { Err(PlacingError::BadPaymentMethod) }
    }
}

impl FromStr for PaymentMethod {
    type Err = PlacingError;

    fn from_str(name: &str) -> Result<Self, PlacingError> {
        Self::try_from(name.to_owned())
    }
}

impl From<PaymentMethod> for String {
    fn from(method: PaymentMethod) -> Self {
        method.0
    }
}

impl Note {
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for Note {
    type Error = PlacingError;

    fn try_from(text: String) -> Result<Self, PlacingError> {
        let text = text::lines(&text, NOTE_LENGTH_MAX).filter(|text| !text.is_empty());
        text.map(Self).ok_or(PlacingError::BadNote)
    }
}

impl FromStr for Note {
    type Err = PlacingError;

    fn from_str(text: &str) -> Result<Self, PlacingError> {
        Self::try_from(text.to_owned())
    }
}

impl From<Note> for String {
    fn from(note: Note) -> Self {
        note.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn line(sku: &str, quantity: u32) -> Line {
        Line { sku: sku.parse().expect("a SKU"), quantity: quantity.try_into().expect("a quantity") }
    }

    #[test]
    fn an_order_has_one_to_a_hundred_lines() {
        let many = |count: usize| (0..count).map(|number| line(&format!("SKU-{number}"), 1)).collect::<Vec<_>>();

        assert_eq!(OrderLines::parse(vec![]), Err(PlacingError::NoLines));
        assert!(OrderLines::parse(many(LINES_MAX)).is_ok());
        assert_eq!(OrderLines::parse(many(LINES_MAX + 1)), Err(PlacingError::TooManyLines(101)));
    }

    #[test]
    fn a_sku_on_several_lines_is_named_once() {
        let twice = vec![line("A", 1), line("B", 1), line("A", 2), line("A", 3), line("C", 1), line("C", 1)];

        let refused = OrderLines::parse(twice).expect_err("duplicates");

        assert_eq!(refused.to_string(), "on more than one line: A, C; put each SKU on one line");
    }

    #[test]
    fn notes_and_payment_methods_are_short_and_plain() {
        for good in ["Ring twice", "<script>alert(1)</script>", "two\nlines", "Grüße"] {
            assert!(good.parse::<Note>().is_ok(), "{good}");
        }
        for bad in ["", "nul\0", "escape\u{1b}", &"x".repeat(NOTE_LENGTH_MAX + 1)] {
            assert_eq!(bad.parse::<Note>(), Err(PlacingError::BadNote), "{bad}");
        }
        for bad in ["", "SIM_OK", "sim ok", "sim\0", &"x".repeat(PAYMENT_METHOD_LENGTH_MAX + 1)] {
            assert_eq!(bad.parse::<PaymentMethod>(), Err(PlacingError::BadPaymentMethod), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn lines_are_accepted_exactly_when_they_are_few_and_their_skus_differ(
            numbers in prop::collection::vec(0_u8..120, 0..=110),
        ) {
            let distinct: HashSet<_> = numbers.iter().collect();
            let good = distinct.len() == numbers.len() && (1..=LINES_MAX).contains(&numbers.len());

            let parsed = OrderLines::parse(numbers.iter().map(|number| line(&format!("S{number}"), 1)).collect());

            prop_assert_eq!(parsed.is_ok(), good);
        }
    }
}
