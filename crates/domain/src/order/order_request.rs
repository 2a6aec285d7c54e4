//! A request for a new order and its prices. Parsing checks every rule once, so the types hold valid values only.

use crate::ids::UserId;
use crate::money::{Currency, Money, MoneyError};
use crate::product::{Line, Quantity, Sku};
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

/// The catalogue's entry for a SKU that can be ordered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Offer {
    pub name: String,
    pub vendor_id: UserId,
    pub unit_price: Money,
}

/// A line as the order stores it: with the offer at that time, unaffected by later changes of the catalogue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PricedLine {
    pub sku: Sku,
    pub name: String,
    pub vendor_id: UserId,
    pub quantity: Quantity,
    pub unit_price: Money,
}

/// The lines of an order with their prices, all in one currency, and their total.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PricedLines {
    pub lines: Vec<PricedLine>,
    pub total: Money,
}

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

    /// Prices the lines with `offers`: one per line, in the same order, `None` for a SKU that can't be ordered.
    pub fn price(&self, offers: Vec<Option<Offer>>, requested: Option<Currency>) -> Result<PricedLines, PlacingError> {
        let offered = self.offered(offers)?;
        let lines: Vec<_> = self.0.iter().zip(offered).map(|(line, offer)| PricedLine::new(line, offer)).collect();
        let priced = one_currency(&lines)?;
        match requested {
            Some(requested) if requested != priced => Err(PlacingError::OtherCurrency { requested, priced }),
            _ => Ok(PricedLines { total: total(&lines, priced)?, lines }),
        }
    }

    fn offered(&self, offers: Vec<Option<Offer>>) -> Result<Vec<Offer>, PlacingError> {
        let mut offers = offers.into_iter();
        let mut known = Vec::with_capacity(self.0.len());
        let mut unknown = Vec::new();
        for line in &self.0 {
            match offers.next().flatten() {
                Some(offer) => known.push(offer),
                None => unknown.push(line.sku.clone()),
            }
        }
        if unknown.is_empty() { Ok(known) } else { Err(PlacingError::UnknownSkus(unknown)) }
    }
}

impl PricedLine {
    fn new(line: &Line, offer: Offer) -> Self {
        Self {
            sku: line.sku.clone(),
            name: offer.name,
            vendor_id: offer.vendor_id,
            quantity: line.quantity,
            unit_price: offer.unit_price,
        }
    }

    /// The SKU and quantity, which the saga's commands contain.
    pub fn line(&self) -> Line {
        Line { sku: self.sku.clone(), quantity: self.quantity }
    }
}

/// The SKUs that are on more than one line, each once.
fn duplicates(lines: &[Line]) -> Vec<Sku> {
    let mut seen = HashSet::with_capacity(lines.len());
    let mut named = HashSet::new();
    let again = lines.iter().filter(|line| !seen.insert(&line.sku));
    again.filter(|line| named.insert(&line.sku)).map(|line| line.sku.clone()).collect()
}

fn one_currency(lines: &[PricedLine]) -> Result<Currency, PlacingError> {
    let mut currencies: Vec<Currency> = Vec::new();
    for line in lines {
        if !currencies.contains(&line.unit_price.currency) {
            currencies.push(line.unit_price.currency);
        }
    }
    match currencies[..] {
        [] => Err(PlacingError::NoLines),
        [currency] => Ok(currency),
        _ => Err(PlacingError::MixedCurrencies(currencies)),
    }
}

fn total(lines: &[PricedLine], currency: Currency) -> Result<Money, PlacingError> {
    let add = |sum: Money, line: &PricedLine| sum.plus(line.unit_price.times(line.quantity.get())?);
    let total = lines.iter().try_fold(Money::zero(currency), add);
    total.map_err(|_: MoneyError| PlacingError::TotalTooLarge)
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

    fn offer(amount_minor: i64, currency: &str) -> Offer {
        let unit_price = Money::new(amount_minor, currency.parse().expect("a currency")).expect("an amount");
        Offer { name: "A thing".to_owned(), vendor_id: UserId::from_uuid(uuid::Uuid::nil()), unit_price }
    }

    fn lines(quantities: &[(&str, u32)]) -> OrderLines {
        OrderLines::parse(quantities.iter().map(|(sku, quantity)| line(sku, *quantity)).collect()).expect("good lines")
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
    fn every_unknown_sku_is_named() {
        let requested = lines(&[("A", 1), ("B", 1), ("C", 1)]);

        let refused = requested.price(vec![None, Some(offer(1, "USD")), None], None).expect_err("unknown SKUs");

        assert_eq!(refused.to_string(), "not in the catalogue, or withdrawn: A, C");
    }

    #[test]
    fn all_prices_are_in_the_one_requested_currency() {
        let requested = lines(&[("A", 1), ("B", 1)]);
        let usd = "USD".parse().expect("a currency");
        let eur = "EUR".parse().expect("a currency");

        let mixed = requested.price(vec![Some(offer(1, "USD")), Some(offer(1, "EUR"))], None);
        let other = requested.price(vec![Some(offer(1, "USD")), Some(offer(1, "USD"))], Some(eur));

        assert_eq!(mixed, Err(PlacingError::MixedCurrencies(vec![usd, eur])));
        assert_eq!(other, Err(PlacingError::OtherCurrency { requested: eur, priced: usd }));
    }

    #[test]
    fn a_total_that_does_not_fit_is_refused() {
        let one = lines(&[("A", 1_000)]);
        let two = lines(&[("A", 1), ("B", 1)]);

        assert_eq!(one.price(vec![Some(offer(i64::MAX / 999, "USD"))], None), Err(PlacingError::TotalTooLarge));
        assert_eq!(
            two.price(vec![Some(offer(i64::MAX, "USD")), Some(offer(1, "USD"))], None),
            Err(PlacingError::TotalTooLarge)
        );
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
        fn the_total_is_the_sum_of_the_lines_or_it_is_refused(
            rows in prop::collection::vec((1_u32..=1_000, 0_i64..=i64::MAX), 1..=LINES_MAX),
            cheap in any::<bool>(),
        ) {
            let price = |amount: i64| if cheap { amount % 1_000_000 } else { amount };
            let lines = rows.iter().enumerate().map(|(number, (quantity, _))| line(&format!("S{number}"), *quantity));
            let requested = OrderLines::parse(lines.collect()).expect("good lines");
            let line_total = |(quantity, amount): &(u32, i64)| i128::from(*quantity) * i128::from(price(*amount));
            let sum: i128 = rows.iter().map(line_total).sum();
            let offers = rows.iter().map(|(_, amount)| Some(offer(price(*amount), "USD"))).collect();

            let priced = requested.price(offers, None);

            match priced {
                Ok(priced) => {
                    prop_assert_eq!(i128::from(priced.total.amount_minor), sum);
                    let kept: Vec<_> = priced.lines.iter().map(PricedLine::line).collect();
                    prop_assert_eq!(&kept[..], requested.as_slice());
                }
                Err(refused) => {
                    prop_assert_eq!(refused, PlacingError::TotalTooLarge);
                    prop_assert!(sum > i128::from(i64::MAX));
                }
            }
        }

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
