//! The prices of an order: those of the catalogue at the time of the order, with the adjustments of its caller.

use super::adjustments::Adjustments;
use super::order_request::{OrderLines, PlacingError};
use crate::ids::UserId;
use crate::money::{AmountMinor, Currency, Money, MoneyError};
use crate::product::{Line, Quantity, Sku};

/// The catalogue's entry for a SKU that can be ordered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Offer {
    pub name: String,
    pub vendor_id: UserId,
    pub unit_price: Money,
    /// Whether an order waits for units that are out of stock.
    pub may_wait: bool,
}

/// A line as the order stores it: with the offer at that time, unaffected by later changes of the catalogue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PricedLine {
    pub sku: Sku,
    pub name: String,
    pub vendor_id: UserId,
    pub quantity: Quantity,
    pub unit_price: Money,
    /// For all units together; in the currency of the price.
    pub tax_minor: AmountMinor,
    pub discount_minor: AmountMinor,
    /// Whether the order waits for units that are out of stock. Not stored with the line: only the saga needs it.
    pub may_wait: bool,
}

/// The lines of an order with their prices, all in one currency, and their total with shipping.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PricedLines {
    pub lines: Vec<PricedLine>,
    pub shipping_minor: AmountMinor,
    pub total: Money,
}

impl OrderLines {
    /// Prices the lines with `offers`: one per line, in the same order, `None` for a SKU that can't be ordered.
    pub fn price(&self, offers: Vec<Option<Offer>>, requested: Option<Currency>) -> Result<PricedLines, PlacingError> {
        let offered = self.offered(offers)?;
        let lines: Vec<_> =
            self.as_slice().iter().zip(offered).map(|(line, offer)| PricedLine::new(line, offer)).collect();
        let priced = one_currency(&lines)?;
        match requested {
            Some(requested) if requested != priced => Err(PlacingError::OtherCurrency { requested, priced }),
            _ => Ok(PricedLines { total: total(&lines, priced)?, shipping_minor: AmountMinor::default(), lines }),
        }
    }

    fn offered(&self, offers: Vec<Option<Offer>>) -> Result<Vec<Offer>, PlacingError> {
        let mut offers = offers.into_iter();
        let mut known = Vec::with_capacity(self.as_slice().len());
        let mut unknown = Vec::new();
        for line in self.as_slice() {
            match offers.next().flatten() {
                Some(offer) => known.push(offer),
                None => unknown.push(line.sku.clone()),
            }
        }
        if unknown.is_empty() { Ok(known) } else { Err(PlacingError::UnknownSkus(unknown)) }
    }
}

impl PricedLines {
    /// The lines with their taxes and discounts, and the total with shipping.
    pub fn adjusted(mut self, adjustments: &Adjustments) -> Result<Self, PlacingError> {
        for (line, adjustment) in self.lines.iter_mut().zip(&adjustments.lines) {
            (line.tax_minor, line.discount_minor) = (adjustment.tax_minor, adjustment.discount_minor);
        }
        let currency = self.total.currency;
        let shipping = adjustments.shipping_minor.money(currency);
        let add = |sum: Money, line: &PricedLine| sum.plus(line.total()?);
        let total = self.lines.iter().try_fold(shipping, add);
        match total {
            Ok(total) => Ok(Self { total, shipping_minor: adjustments.shipping_minor, ..self }),
            Err(MoneyError::Negative(_)) => {
                let too_large = |line: &PricedLine| matches!(line.total(), Err(MoneyError::Negative(_)));
                Err(PlacingError::DiscountTooLarge(self.lines.iter().position(too_large).unwrap_or_default()))
            }
            Err(_) => Err(PlacingError::TotalTooLarge),
        }
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
            tax_minor: AmountMinor::default(),
            discount_minor: AmountMinor::default(),
            may_wait: offer.may_wait,
        }
    }

    /// The SKU and quantity, which the saga's commands contain.
    pub fn line(&self) -> Line {
        Line { sku: self.sku.clone(), quantity: self.quantity }
    }

    /// The price of all units, plus tax, minus discount.
    pub fn total(&self) -> Result<Money, MoneyError> {
        let currency = self.unit_price.currency;
        let with_tax = self.unit_price.times(self.quantity.get())?.plus(self.tax_minor.money(currency))?;
        with_tax.minus(self.discount_minor.money(currency))
    }
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
    let add = |sum: Money, line: &PricedLine| sum.plus(line.total()?);
    let total = lines.iter().try_fold(Money::zero(currency), add);
    total.map_err(|_: MoneyError| PlacingError::TotalTooLarge)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::order::LineAdjustment;
    use crate::order::order_request::LINES_MAX;
    use proptest::prelude::*;
    use rstest::rstest;

    fn line(sku: &str, quantity: u32) -> Line {
        Line { sku: sku.parse().expect("a SKU"), quantity: quantity.try_into().expect("a quantity") }
    }

    fn offer(amount_minor: i64, currency: &str) -> Offer {
        let unit_price = Money::new(amount_minor, currency.parse().expect("a currency")).expect("an amount");
        let vendor_id = UserId::from_uuid(uuid::Uuid::nil());
        Offer { name: "A thing".to_owned(), vendor_id, unit_price, may_wait: false }
    }

    fn lines(quantities: &[(&str, u32)]) -> OrderLines {
        OrderLines::parse(quantities.iter().map(|(sku, quantity)| line(sku, *quantity)).collect()).expect("good lines")
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

    fn amount(minor: i64) -> AmountMinor {
        minor.try_into().expect("an amount")
    }

    fn priced(units: u32, price: i64) -> PricedLine {
        PricedLine {
            sku: "A".parse().expect("a SKU"),
            name: "A thing".to_owned(),
            vendor_id: UserId::from_uuid(uuid::Uuid::nil()),
            quantity: units.try_into().expect("a quantity"),
            unit_price: Money::new(price, "USD".parse().expect("a currency")).expect("an amount"),
            tax_minor: amount(0),
            discount_minor: amount(0),
            may_wait: false,
        }
    }

    /// Two lines, of 20 and of 5, with this tax and discount on the second, and this shipping.
    #[rstest]
    #[case(0, 0, 0, Ok(25))]
    #[case(2, 1, 7, Ok(33))]
    #[case(2, 7, 0, Ok(20))]
    #[case(2, 8, 9, Err(PlacingError::DiscountTooLarge(1)))]
    #[case(i64::MAX, 0, 0, Err(PlacingError::TotalTooLarge))]
    #[case(0, 0, i64::MAX, Err(PlacingError::TotalTooLarge))]
    fn the_total_contains_tax_discount_and_shipping(
        #[case] tax: i64,
        #[case] discount: i64,
        #[case] shipping: i64,
        #[case] expected: Result<i64, PlacingError>,
    ) {
        let lines = vec![priced(2, 10), priced(1, 5)];
        let total = priced(1, 25).unit_price;
        let second = LineAdjustment { tax_minor: amount(tax), discount_minor: amount(discount) };
        let adjustments =
            Adjustments { lines: vec![LineAdjustment::default(), second], shipping_minor: amount(shipping) };

        let adjusted = PricedLines { lines, shipping_minor: amount(0), total }.adjusted(&adjustments);

        assert_eq!(adjusted.map(|priced| priced.total.amount_minor), expected);
    }

    #[test]
    fn without_adjustments_nothing_changes() {
        let unchanged =
            PricedLines { lines: vec![priced(2, 10)], shipping_minor: amount(0), total: priced(1, 20).unit_price };
        assert_eq!(unchanged.clone().adjusted(&Adjustments::default()), Ok(unchanged));
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
    }
}
