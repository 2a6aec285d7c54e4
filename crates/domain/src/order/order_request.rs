//! Placing: what a customer may ask for, and what it costs. Everything is checked here once; what comes out is good.

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

/// What the customer asked for, parsed; not yet priced. Its serialized form is what an idempotency key stands for,
/// so a new member must be left out of it while it is absent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct OrderRequest {
    /// The currency that the customer counts on, if they named one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub currency: Option<Currency>,
    pub lines: OrderLines,
    pub payment_method: PaymentMethod,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<Note>,
}

/// 1 to 100 lines, each SKU on one of them only.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct OrderLines(Vec<Line>);

/// The name of a payment method: 1 to 64 of `a-z 0-9 _ . -`. Which names work is the gateway's business.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct PaymentMethod(String);

/// Words to the vendor: 1 to 1,000 characters, without control characters but line breaks and tabs.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Note(String);

/// What the catalogue says of a SKU that can be ordered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Offer {
    pub name: String,
    pub vendor_id: UserId,
    pub unit_price: Money,
}

/// A line as the order keeps it: the offer of that moment, whatever the catalogue says later.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PricedLine {
    pub sku: Sku,
    pub name: String,
    pub vendor_id: UserId,
    pub quantity: Quantity,
    pub unit_price: Money,
}

/// The lines of an order with their prices, all in one currency, and what they come to.
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
    #[error("prices are in {priced}, not in {asked}")]
    OtherCurrency { asked: Currency, priced: Currency },
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

    /// Prices the lines with `offers`: one a line, in their order, `None` where there is nothing to be had.
    pub fn price(&self, offers: Vec<Option<Offer>>, asked: Option<Currency>) -> Result<PricedLines, PlacingError> {
        let offered = self.offered(offers)?;
        let lines: Vec<_> = self.0.iter().zip(offered).map(|(line, offer)| PricedLine::new(line, offer)).collect();
        let priced = one_currency(&lines)?;
        match asked {
            Some(asked) if asked != priced => Err(PlacingError::OtherCurrency { asked, priced }),
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

    /// What the saga's commands name of it.
    pub fn line(&self) -> Line {
        Line { sku: self.sku.clone(), quantity: self.quantity }
    }
}

/// The SKUs that stand on more than one line, each once.
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

    fn lines(pieces: &[(&str, u32)]) -> OrderLines {
        OrderLines::parse(pieces.iter().map(|(sku, quantity)| line(sku, *quantity)).collect()).expect("good lines")
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
        let asked = lines(&[("A", 1), ("B", 1), ("C", 1)]);

        let refused = asked.price(vec![None, Some(offer(1, "USD")), None], None).expect_err("unknown SKUs");

        assert_eq!(refused.to_string(), "not in the catalogue, or withdrawn: A, C");
    }

    #[test]
    fn all_prices_are_in_the_one_currency_that_was_asked_for() {
        let asked = lines(&[("A", 1), ("B", 1)]);
        let usd = "USD".parse().expect("a currency");
        let eur = "EUR".parse().expect("a currency");

        let mixed = asked.price(vec![Some(offer(1, "USD")), Some(offer(1, "EUR"))], None);
        let other = asked.price(vec![Some(offer(1, "USD")), Some(offer(1, "USD"))], Some(eur));

        assert_eq!(mixed, Err(PlacingError::MixedCurrencies(vec![usd, eur])));
        assert_eq!(other, Err(PlacingError::OtherCurrency { asked: eur, priced: usd }));
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
            pieces in prop::collection::vec((1_u32..=1_000, 0_i64..=i64::MAX), 1..=LINES_MAX),
            cheap in any::<bool>(),
        ) {
            let price = |amount: i64| if cheap { amount % 1_000_000 } else { amount };
            let asked = pieces.iter().enumerate().map(|(number, (quantity, _))| line(&format!("S{number}"), *quantity));
            let asked = OrderLines::parse(asked.collect()).expect("good lines");
            let sum: i128 = pieces.iter().map(|(quantity, amount)| i128::from(*quantity) * i128::from(price(*amount))).sum();

            let priced = asked.price(pieces.iter().map(|(_, amount)| Some(offer(price(*amount), "USD"))).collect(), None);

            match priced {
                Ok(priced) => {
                    prop_assert_eq!(i128::from(priced.total.amount_minor), sum);
                    let kept: Vec<_> = priced.lines.iter().map(PricedLine::line).collect();
                    prop_assert_eq!(&kept[..], asked.as_slice());
                }
                Err(refused) => {
                    prop_assert_eq!(refused, PlacingError::TotalTooLarge);
                    prop_assert!(sum > i128::from(i64::MAX));
                }
            }
        }

        #[test]
        fn lines_are_taken_exactly_when_they_are_few_and_their_skus_differ(
            numbers in prop::collection::vec(0_u8..120, 0..=110),
        ) {
            let distinct: HashSet<_> = numbers.iter().collect();
            let good = distinct.len() == numbers.len() && (1..=LINES_MAX).contains(&numbers.len());

            let parsed = OrderLines::parse(numbers.iter().map(|number| line(&format!("S{number}"), 1)).collect());

            prop_assert_eq!(parsed.is_ok(), good);
        }
    }
}
