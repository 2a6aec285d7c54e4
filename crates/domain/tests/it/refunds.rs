//! What is refunded of an order, case by case.

use domain::refund::{EarlierRefunds, LineUnits, RefundQuote, RefundRefusal, RefundScope, Refundable, RefundableLine};
use std::num::NonZeroU64;

/// An order that is being refunded.
pub(crate) struct History {
    pub(crate) order: Refundable,
    pub(crate) captured_minor: i64,
    pub(crate) succeeded: Vec<RefundQuote>,
}

impl History {
    pub(crate) fn captured(order: Refundable) -> Self {
        let captured_minor = total(&order);
        Self { order, captured_minor, succeeded: Vec::new() }
    }

    pub(crate) fn earlier(&self) -> EarlierRefunds {
        let mut earlier = EarlierRefunds::default();
        self.succeeded.iter().for_each(|quote| earlier.add(quote));
        earlier
    }

    pub(crate) fn refunded_minor(&self) -> i64 {
        self.succeeded.iter().map(|quote| quote.amount_minor).sum()
    }

    pub(crate) fn quote(&self, scope: &RefundScope) -> Result<RefundQuote, RefundRefusal> {
        let order = Refundable { captured_minor: self.captured_minor, ..self.order.clone() };
        let left_minor = self.captured_minor - self.refunded_minor();
        RefundQuote::of(&order, &self.earlier(), (self.captured_minor, left_minor), scope)
    }

    pub(crate) fn refund(&mut self, scope: &RefundScope) -> Result<RefundQuote, RefundRefusal> {
        let quote = self.quote(scope)?;
        self.succeeded.push(quote.clone());
        Ok(quote)
    }

    /// Units that came back.
    pub(crate) fn refund_return(&mut self, units: LineUnits) -> Result<RefundQuote, RefundRefusal> {
        let order = Refundable { captured_minor: self.captured_minor, ..self.order.clone() };
        let money = (self.captured_minor, self.captured_minor - self.refunded_minor());
        let quote = RefundQuote::of_return(&order, &self.earlier(), money, &[units])?;
        assert_eq!(quote.check(&order, &self.earlier(), money), Ok(()), "it could not be tried again");
        self.succeeded.push(quote.clone());
        Ok(quote)
    }

    pub(crate) fn check(&self) {
        assert!(self.refunded_minor() <= self.captured_minor);
        let earlier = self.earlier();
        assert!(earlier.shipping_minor <= self.order.shipping_minor);
        for line in &self.order.lines {
            let refunded = earlier.lines.get(&line.line_no).copied().unwrap_or_default();
            assert!(refunded.units <= line.captured_units, "{refunded:?} of {line:?}");
            assert!(refunded.amount_minor <= line.total_minor, "{refunded:?} of {line:?}");
            assert!(refunded.tax_minor <= line.tax_minor, "{refunded:?} of {line:?}");
            assert!(refunded.discount_minor <= line.discount_minor, "{refunded:?} of {line:?}");
        }
    }
}

pub(crate) fn total(order: &Refundable) -> i64 {
    order.lines.iter().map(|line| line.total_minor).sum::<i64>() + order.shipping_minor
}

pub(crate) fn line(line_no: i16, units: i64, price: i64, tax_minor: i64, discount_minor: i64) -> RefundableLine {
    let total_minor = units * price + tax_minor - discount_minor;
    RefundableLine { line_no, ordered_units: units, captured_units: units, total_minor, tax_minor, discount_minor }
}

pub(crate) fn units(line_no: i16, quantity: u32) -> LineUnits {
    LineUnits { line_no, quantity: quantity.try_into().expect("a quantity") }
}

pub(crate) fn of_lines<const N: usize>(lines: [(i16, u32); N]) -> RefundScope {
    RefundScope::Lines(lines.map(|(line_no, quantity)| units(line_no, quantity)).into())
}

pub(crate) fn amount(minor: u64) -> RefundScope {
    RefundScope::Amount(NonZeroU64::new(minor).expect("an amount"))
}

/// Three units of 333 with a tax of 100 and a discount of 50, one free item, and shipping of 10.
fn uneven() -> History {
    let lines = vec![line(1, 3, 333, 100, 50), line(2, 1, 0, 0, 0)];
    History::captured(Refundable { lines, shipping_minor: 10, captured_minor: 0 })
}

#[test]
fn the_shares_of_units_differ_by_one_and_add_up() {
    let mut history = uneven();
    let parts: Vec<_> = (0..3).map(|_| history.refund(&of_lines([(1, 1)])).unwrap()).collect();

    let of = |part: fn(&RefundQuote) -> i64| parts.iter().map(part).collect::<Vec<_>>();
    assert_eq!(of(|quote| quote.lines[0].amount_minor), [349, 350, 350]);
    assert_eq!(of(|quote| quote.lines[0].tax_minor), [33, 33, 34]);
    assert_eq!(of(|quote| quote.lines[0].discount_minor), [16, 17, 17]);
    assert_eq!(of(|quote| quote.shipping_minor), [3, 3, 4]);
    assert_eq!(history.refunded_minor(), 3 * 333 + 100 - 50 + 10);
}

#[test]
fn a_request_for_too_much_names_what_is_left() {
    let mut history = uneven();
    history.refund(&of_lines([(1, 2)])).unwrap();

    let refused = |scope| history.quote(&scope).unwrap_err();

    assert_eq!(refused(of_lines([(1, 2)])), RefundRefusal::TooManyUnits { line_no: 1, requested: 2, left: 1 });
    assert_eq!(refused(amount(355)), RefundRefusal::TooMuch { requested: 355, left: 354 });
    assert_eq!(refused(of_lines([(3, 1)])), RefundRefusal::UnknownLine(3));
    assert_eq!(refused(of_lines([(1, 1), (1, 1)])), RefundRefusal::RepeatedLine(1));
    assert_eq!(refused(of_lines([(2, 1)])), RefundRefusal::NothingToRefund);
}

#[test]
fn an_amount_belongs_to_no_line_and_lowers_what_is_left() {
    let mut history = uneven();
    history.refund(&amount(1_000)).unwrap();

    let too_much = history.quote(&of_lines([(1, 1)])).unwrap_err();
    let whole = history.refund(&RefundScope::Whole).unwrap();

    assert_eq!(too_much, RefundRefusal::TooMuch { requested: 349, left: 59 });
    assert_eq!((whole.amount_minor, whole.lines[0].amount_minor, whole.shipping_minor), (59, 59, 0));
    assert_eq!(history.quote(&RefundScope::Whole), Err(RefundRefusal::NothingLeft));
}

#[test]
fn the_whole_is_not_refunded_before_the_order_has_recorded_all_captures() {
    let uneven = uneven();
    let mut order = Refundable { captured_minor: 349, ..uneven.order.clone() };
    order.lines[0].captured_units = 1;
    let captured = uneven.captured_minor;
    let quote = |scope: &RefundScope| RefundQuote::of(&order, &uneven.earlier(), (captured, captured), scope);

    assert_eq!(quote(&RefundScope::Whole), Err(RefundRefusal::CaptureNotRecorded));
    assert!(quote(&of_lines([(1, 1)])).is_ok());
}

#[test]
fn units_that_are_not_captured_are_not_refunded() {
    let mut history = uneven();
    history.order.lines[0].captured_units = 1;
    history.captured_minor = 349;

    let refused = history.quote(&of_lines([(1, 2)]));
    let refunded = history.refund(&of_lines([(1, 1)])).unwrap();

    assert_eq!(refused, Err(RefundRefusal::TooManyUnits { line_no: 1, requested: 2, left: 1 }));
    assert_eq!((refunded.amount_minor, refunded.shipping_minor), (349, 0), "shipping is not captured yet");
}

#[test]
fn shipping_that_is_not_captured_is_not_paid_by_other_units() {
    let lines = vec![line(1, 1, 100, 0, 0), line(2, 2, 100, 0, 0)];
    let mut history = History::captured(Refundable { lines, shipping_minor: 30, captured_minor: 0 });
    history.order.lines[1].captured_units = 1;
    history.captured_minor = 200;

    let first = history.refund(&of_lines([(1, 1)])).unwrap();
    let second = history.refund(&of_lines([(2, 1)])).unwrap();

    assert_eq!((first.amount_minor, first.shipping_minor), (100, 0));
    assert_eq!((second.amount_minor, second.shipping_minor), (100, 0));
}

#[test]
fn a_return_is_not_paid_shipping_that_is_not_captured() {
    let lines = (1..=3).map(|line_no| line(line_no, 1, 100, 0, 0)).collect();
    let mut history = History::captured(Refundable { lines, shipping_minor: 30, captured_minor: 0 });
    history.order.lines[2].captured_units = 0;
    history.captured_minor = 200;

    let returned = [1, 2].map(|line_no| history.refund_return(units(line_no, 1)).unwrap());

    assert_eq!(returned.map(|quote| (quote.amount_minor, quote.shipping_minor)), [(100, 0), (100, 0)]);
}

#[test]
fn a_returned_line_that_gets_less_has_less_tax() {
    let lines = vec![line(1, 1, 100, 80, 0)];
    let mut history = History::captured(Refundable { lines, shipping_minor: 0, captured_minor: 0 });
    history.refund(&amount(170)).unwrap();

    let returned = history.refund_return(units(1, 1)).unwrap();

    assert_eq!((returned.lines[0].amount_minor, returned.lines[0].tax_minor), (10, 4));
}

#[test]
fn shipments_that_are_not_adjacent_may_have_captured_less_than_their_units_cost() {
    // Four shipments of one unit have 25, 26, 25 and 26. Two units together cost 51, but the first and the third have 50.
    let mut history =
        History::captured(Refundable { lines: vec![line(1, 4, 25, 2, 0)], shipping_minor: 0, captured_minor: 0 });
    history.order.lines[0].captured_units = 2;
    history.captured_minor = 50;

    let refunded = history.refund(&of_lines([(1, 2)])).unwrap();

    assert_eq!((refunded.amount_minor, refunded.lines[0].amount_minor), (50, 50));
    history.order.lines[0].captured_units = 4;
    history.captured_minor = 102;
    assert_eq!(history.refund(&of_lines([(1, 2)])).unwrap().amount_minor, 52);
}

#[test]
fn the_tax_of_a_line_that_gets_less_is_at_most_its_amount() {
    let lines = vec![line(1, 1, 100, 80, 0)];
    let mut history = History::captured(Refundable { lines, shipping_minor: 0, captured_minor: 0 });
    history.refund(&amount(170)).unwrap();

    let whole = history.refund(&RefundScope::Whole).unwrap();

    assert_eq!((whole.lines[0].amount_minor, whole.lines[0].tax_minor), (10, 4));
}
