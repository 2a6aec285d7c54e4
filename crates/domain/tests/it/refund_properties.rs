//! Whatever is refunded in whatever sequence, an order gets back exactly what was captured and never more.

use crate::refunds::{History, amount, line, of_lines, total, units};
use domain::refund::{RefundCause, RefundRefusal, RefundScope, Refundable, RefundableLine};
use proptest::prelude::*;

/// A request of a history: all that is left, units of a line, or an amount. The gateway may refuse it.
#[derive(Debug, Clone)]
struct Request {
    scope: RefundScope,
    is_refused: bool,
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
