//! Whatever is refunded in whatever sequence, an order gets back exactly what was captured and never more.

use domain::refund::{
    EarlierRefunds, LineUnits, RefundCause, RefundQuote, RefundRefusal, RefundScope, Refundable, RefundableLine,
};
use proptest::prelude::*;
use std::num::NonZeroU64;

/// A request of a history: all that is left, units of a line, or an amount. The gateway may refuse it.
#[derive(Debug, Clone)]
struct Request {
    scope: RefundScope,
    is_refused: bool,
}

/// An order that is being refunded.
struct History {
    order: Refundable,
    captured_minor: i64,
    succeeded: Vec<RefundQuote>,
}

impl History {
    fn captured(order: Refundable) -> Self {
        let captured_minor = total(&order);
        Self { order, captured_minor, succeeded: Vec::new() }
    }

    fn earlier(&self) -> EarlierRefunds {
        let mut earlier = EarlierRefunds::default();
        self.succeeded.iter().for_each(|quote| earlier.add(quote));
        earlier
    }

    fn refunded_minor(&self) -> i64 {
        self.succeeded.iter().map(|quote| quote.amount_minor).sum()
    }

    fn quote(&self, scope: &RefundScope) -> Result<RefundQuote, RefundRefusal> {
        let order = Refundable { captured_minor: self.captured_minor, ..self.order.clone() };
        let left_minor = self.captured_minor - self.refunded_minor();
        RefundQuote::of(&order, &self.earlier(), (self.captured_minor, left_minor), scope)
    }

    fn refund(&mut self, scope: &RefundScope) -> Result<RefundQuote, RefundRefusal> {
        let quote = self.quote(scope)?;
        self.succeeded.push(quote.clone());
        Ok(quote)
    }

    /// Units that came back.
    fn refund_return(&mut self, units: LineUnits) -> Result<RefundQuote, RefundRefusal> {
        let order = Refundable { captured_minor: self.captured_minor, ..self.order.clone() };
        let money = (self.captured_minor, self.captured_minor - self.refunded_minor());
        let quote = RefundQuote::of_return(&order, &self.earlier(), money, &[units])?;
        assert_eq!(quote.check(&order, &self.earlier(), money), Ok(()), "it could not be tried again");
        self.succeeded.push(quote.clone());
        Ok(quote)
    }

    fn check(&self) {
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

fn total(order: &Refundable) -> i64 {
    order.lines.iter().map(|line| line.total_minor).sum::<i64>() + order.shipping_minor
}

fn line(line_no: i16, units: i64, price: i64, tax_minor: i64, discount_minor: i64) -> RefundableLine {
    let total_minor = units * price + tax_minor - discount_minor;
    RefundableLine { line_no, ordered_units: units, captured_units: units, total_minor, tax_minor, discount_minor }
}

fn units(line_no: i16, quantity: u32) -> LineUnits {
    LineUnits { line_no, quantity: quantity.try_into().expect("a quantity") }
}

fn of_lines<const N: usize>(lines: [(i16, u32); N]) -> RefundScope {
    RefundScope::Lines(lines.map(|(line_no, quantity)| units(line_no, quantity)).into())
}

fn amount(minor: u64) -> RefundScope {
    RefundScope::Amount(NonZeroU64::new(minor).expect("an amount"))
}

fn an_order() -> impl Strategy<Value = Refundable> {
    let a_line = (1_i64..=7, 0_i64..=50, 0_i64..=20, 0_u8..=100);
    (prop::collection::vec(a_line, 1..=4), 0_i64..=30).prop_map(|(lines, shipping_minor)| {
        let lines = lines.into_iter().zip(1..).map(|((units, price, tax, discount), line_no)| {
            line(line_no, units, price, tax, (units * price + tax) * i64::from(discount) / 100)
        });
        Refundable { lines: lines.collect(), shipping_minor, captured_minor: 0 }
    })
}

fn a_request() -> impl Strategy<Value = Request> {
    let scope = prop_oneof![
        1 => Just(RefundScope::Whole),
        6 => (1_i16..=5, 1_u32..=4).prop_map(|line| of_lines([line])),
        2 => (1_u64..=80).prop_map(amount),
    ];
    (scope, prop::bool::weighted(0.3)).prop_map(|(scope, is_refused)| Request { scope, is_refused })
}

/// An order whose shipments are captured one after another, in any sequence.
#[derive(Debug, Clone)]
struct Shipped {
    order: Refundable,
    /// For each shipment its units of each line, and its amount.
    shipments: Vec<(Vec<i64>, i64)>,
}

impl Shipped {
    /// As the saga divides an order: each line in the sequence of `split`, the last shipment gets the rest.
    fn of(order: Refundable, split: &[Vec<i64>]) -> Self {
        let mut before = vec![0; order.lines.len()];
        let mut shipments: Vec<_> = split.iter().map(|units| (units.clone(), order.cost(&mut before, units))).collect();
        let others: i64 = shipments.iter().rev().skip(1).map(|(_, amount)| amount).sum();
        shipments.last_mut().expect("one shipment").1 = total(&order) - others;
        let mut order = order;
        order.lines.iter_mut().for_each(|line| line.captured_units = 0);
        Self { order, shipments }
    }
}

trait Cost {
    fn cost(&self, before: &mut [i64], units: &[i64]) -> i64;
}

impl Cost for Refundable {
    fn cost(&self, before: &mut [i64], units: &[i64]) -> i64 {
        let of_line = |(line, (before, units)): (&RefundableLine, (&mut i64, &i64))| {
            let at = |units: i64| line.total_minor * units / line.ordered_units;
            let from = at(*before);
            *before += units;
            at(*before) - from
        };
        self.lines.iter().zip(before.iter_mut().zip(units)).map(of_line).sum()
    }
}

fn shipped() -> impl Strategy<Value = Shipped> {
    let splits = prop::collection::vec(0_usize..4, 28);
    (an_order(), splits).prop_map(|(order, choices)| {
        let mut split = vec![vec![0; order.lines.len()]; 4];
        let mut choices = choices.into_iter().cycle();
        for (index, line) in order.lines.iter().enumerate() {
            for _ in 0..line.ordered_units {
                split[choices.next().expect("endless")][index] += 1;
            }
        }
        split.retain(|units| units.iter().any(|units| *units > 0));
        Shipped::of(order, &split)
    })
}

/// The captured units that are not refunded.
fn all_left(history: &History) -> RefundScope {
    let earlier = history.earlier();
    let left = history.order.lines.iter().map(|line| {
        (line.line_no, line.captured_units - earlier.lines.get(&line.line_no).map_or(0, |refunded| refunded.units))
    });
    let left = left.filter(|(_, left)| *left > 0);
    RefundScope::Lines(left.map(|(line_no, left)| units(line_no, u32::try_from(left).expect("a quantity"))).collect())
}

proptest! {
    #[test]
    fn units_are_refunded_out_of_what_was_captured_for_them(
        Shipped { order, mut shipments } in shipped(),
        steps in prop::collection::vec((any::<prop::sample::Index>(), 1_u32..=2, any::<bool>(), any::<bool>()), 1..30),
    ) {
        let mut history = History { order, captured_minor: 0, succeeded: Vec::new() };
        for (index, quantity, is_capture, is_return) in steps {
            if is_capture && !shipments.is_empty() {
                let (units, amount) = shipments.remove(index.index(shipments.len()));
                history.captured_minor += amount;
                history.order.lines.iter_mut().zip(units).for_each(|(line, units)| line.captured_units += units);
            } else {
                let line_no = history.order.lines[index.index(history.order.lines.len())].line_no;
                let refunded = if is_return {
                    history.refund_return(units(line_no, quantity))
                } else {
                    history.refund(&of_lines([(line_no, quantity)]))
                };
                prop_assert!(!matches!(refunded, Err(RefundRefusal::TooMuch { .. })), "{:?}", refunded);
            }
            history.check();
            if let RefundScope::Lines(lines) = all_left(&history) && !lines.is_empty() {
                let possible = history.quote(&RefundScope::Lines(lines));
                prop_assert!(!matches!(possible, Err(RefundRefusal::TooMuch { .. })), "{:?}", possible);
            }
        }
    }

    #[test]
    fn no_history_refunds_more_than_was_captured_of_a_line_or_of_the_order(
        order in an_order(),
        requests in prop::collection::vec(a_request(), 1..20),
    ) {
        let mut history = History::captured(order);
        let mut refused = Vec::new();
        for Request { scope, is_refused } in requests {
            if let Ok(quote) = history.refund(&scope) {
                history.check();
                prop_assert!(quote.amount_minor > 0);
                let parts = quote.lines.iter().map(|line| line.amount_minor).sum::<i64>() + quote.shipping_minor;
                prop_assert!(parts <= quote.amount_minor);
                refused.extend(is_refused.then_some(history.succeeded.len() - 1));
            }
            // A refused one counts no longer, some requests later.
            if refused.len() > 2 {
                history.succeeded.remove(refused.pop().unwrap());
                refused.clear();
            }
        }
        let rest = history.refund(&RefundScope::Whole);
        history.check();
        prop_assert_eq!(history.refunded_minor(), history.captured_minor);
        prop_assert!(rest.is_ok() || history.quote(&RefundScope::Whole) == Err(RefundRefusal::NothingLeft));
    }

    #[test]
    fn refunding_all_units_in_any_sequence_equals_the_whole(
        order in an_order(),
        choices in prop::collection::vec((any::<prop::sample::Index>(), 1_u32..=3), 100),
    ) {
        let mut history = History::captured(order);
        for (index, most) in choices {
            let line = history.order.lines[index.index(history.order.lines.len())];
            let before = history.earlier().lines.get(&line.line_no).map_or(0, |refunded| refunded.units);
            let left = u32::try_from(line.captured_units - before).unwrap();
            if left > 0 {
                match history.refund(&of_lines([(line.line_no, left.min(most))])) {
                    Ok(_) | Err(RefundRefusal::NothingLeft) => {}
                    // The units are free: their refund is not needed, and the rest is refunded with the whole.
                    Err(refusal) => prop_assert_eq!(refusal, RefundRefusal::NothingToRefund),
                }
            }
        }
        let is_complete = history.order.lines.iter().all(|line| {
            history.earlier().lines.get(&line.line_no).map_or(0, |refunded| refunded.units) == line.captured_units
        });
        if is_complete {
            prop_assert_eq!(history.refunded_minor(), history.captured_minor);
            for line in &history.order.lines {
                let refunded = history.earlier().lines[&line.line_no];
                let all = (line.total_minor, line.tax_minor, line.discount_minor);
                prop_assert_eq!((refunded.amount_minor, refunded.tax_minor, refunded.discount_minor), all);
            }
        }
    }

    #[test]
    fn a_cause_names_its_refund_and_its_attempt(id in any::<u128>(), attempt in 1_u32..) {
        let cause = RefundCause { refund: domain::ids::RefundId::from_uuid(uuid::Uuid::from_u128(id)), attempt };
        prop_assert_eq!(cause.to_string().parse(), Ok(cause));
    }
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
