//! What a refund request amounts to: decided by the order's lines, the captured amount and the earlier refunds.

use super::line_share::{next_share, share};
use super::{LineUnits, RefundRefusal, RefundScope};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// An order as refunds see it. All amounts are in the minor unit of its currency.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refundable {
    pub lines: Vec<RefundableLine>,
    pub shipping_minor: i64,
    /// The captured amount that the captured units of the lines belong to.
    pub captured_minor: i64,
}

/// A line of an order with its amounts for all units together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefundableLine {
    pub line_no: i16,
    pub ordered_units: i64,
    /// Units of captured shipments. Only those can be refunded.
    pub captured_units: i64,
    /// With tax and discount.
    pub total_minor: i64,
    pub tax_minor: i64,
    pub discount_minor: i64,
}

/// The refunds before this one that count as refunded.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct EarlierRefunds {
    pub lines: BTreeMap<i16, EarlierLineRefunds>,
    pub shipping_minor: i64,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct EarlierLineRefunds {
    pub units: i64,
    pub amount_minor: i64,
    pub tax_minor: i64,
    pub discount_minor: i64,
}

/// The amounts of a refund.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefundQuote {
    /// The lines, shipping, and what belongs to neither.
    pub amount_minor: i64,
    pub lines: Vec<RefundedLine>,
    pub shipping_minor: i64,
}

/// Units of a line in a refund.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RefundedLine {
    pub line_no: i16,
    pub units: i64,
    /// With tax and discount.
    pub amount_minor: i64,
    /// The units' share of the line's tax.
    pub tax_minor: i64,
    /// The units' share of the line's discount.
    pub discount_minor: i64,
}

impl RefundQuote {
    /// `captured_minor` is what the payment has captured, `left_minor` what of it is not refunded. The quote is never
    /// more than that, and never more than what a line costs.
    pub fn of(
        order: &Refundable,
        earlier: &EarlierRefunds,
        (captured_minor, left_minor): (i64, i64),
        scope: &RefundScope,
    ) -> Result<Self, RefundRefusal> {
        if left_minor <= 0 {
            return Err(RefundRefusal::NothingLeft);
        }
        match scope {
            // It would belong to no line, and the line could be refunded again.
            RefundScope::Whole if order.captured_minor < captured_minor => Err(RefundRefusal::CaptureNotRecorded),
            RefundScope::Whole => Ok(order.quote_whole(earlier, left_minor)),
            RefundScope::Lines(lines) => order.quote_lines(earlier, (captured_minor, left_minor), lines),
            RefundScope::Amount(amount) => {
                let requested = i64::try_from(amount.get()).unwrap_or(i64::MAX);
                check(requested, left_minor)?;
                Ok(Self { amount_minor: requested, lines: Vec::new(), shipping_minor: 0 })
            }
        }
    }
}

impl RefundQuote {
    /// What of `units`, which came back, is captured and not refunded yet: all that is owed for them. Earlier refunds may
    /// have refunded units, or an amount that belongs to no line; then it is less.
    pub fn of_return(
        order: &Refundable,
        earlier: &EarlierRefunds,
        (captured_minor, left_minor): (i64, i64),
        units: &[LineUnits],
    ) -> Result<Self, RefundRefusal> {
        if left_minor <= 0 {
            return Err(RefundRefusal::NothingLeft);
        }
        let lines = at_most(left_minor, order.as_captured(earlier, order.left_of(earlier, units)?));
        let of_lines: i64 = lines.iter().map(|line| line.amount_minor).sum();
        let shipping_left = order.shipping_left(earlier, (captured_minor, left_minor), &lines);
        let shipping_minor = order.shipping_for(earlier, &lines).min(shipping_left);
        match of_lines + shipping_minor {
            0 => Err(RefundRefusal::NothingToRefund),
            amount_minor => Ok(Self { amount_minor, lines, shipping_minor }),
        }
    }

    /// Whether it can be refunded after `earlier`, which don't include it: for another attempt at a refused refund.
    pub fn check(
        &self,
        order: &Refundable,
        earlier: &EarlierRefunds,
        (captured_minor, left_minor): (i64, i64),
    ) -> Result<(), RefundRefusal> {
        for refunded in &self.lines {
            let line = order.lines.iter().find(|line| line.line_no == refunded.line_no);
            let line = line.ok_or(RefundRefusal::UnknownLine(refunded.line_no))?;
            let before = earlier.of(line);
            let (line_no, requested, left) = (line.line_no, refunded.units, line.captured_units - before.units);
            if requested > left {
                return Err(RefundRefusal::TooManyUnits { line_no, requested, left });
            }
            check(refunded.amount_minor, line.total_minor - before.amount_minor)?;
        }
        check(self.amount_minor, left_minor)?;
        let shipping_left = order.shipping_left(earlier, (captured_minor, left_minor), &self.lines);
        check(self.shipping_minor, shipping_left.min(order.shipping_minor - earlier.shipping_minor))
    }
}

impl Refundable {
    /// Everything that is left. An earlier refund of an amount belongs to no line, so the lines may be worth more than
    /// what is left: the last ones get less.
    fn quote_whole(&self, earlier: &EarlierRefunds, left_minor: i64) -> RefundQuote {
        let lines = self.lines.iter().filter_map(|line| line.left_after(earlier.of(line), i64::MAX));
        let lines = at_most(left_minor, lines.collect());
        let of_lines: i64 = lines.iter().map(|line| line.amount_minor).sum();
        let shipping_minor = self.shipping_for(earlier, &lines).min(left_minor - of_lines);
        RefundQuote { amount_minor: left_minor, lines, shipping_minor }
    }

    fn quote_lines(
        &self,
        earlier: &EarlierRefunds,
        (captured_minor, left_minor): (i64, i64),
        requested: &[LineUnits],
    ) -> Result<RefundQuote, RefundRefusal> {
        let mut seen = BTreeSet::new();
        let mut lines = Vec::with_capacity(requested.len());
        for units in requested {
            if !seen.insert(units.line_no) {
                return Err(RefundRefusal::RepeatedLine(units.line_no));
            }
            lines.push(self.quote_line(earlier, *units)?);
        }
        let lines = self.as_captured(earlier, lines);
        let of_lines = lines.iter().map(|line| line.amount_minor).fold(0, i64::saturating_add);
        if of_lines > 0 {
            check(of_lines, left_minor)?;
        }
        let shipping_left = self.shipping_left(earlier, (captured_minor, left_minor), &lines);
        let shipping_minor = self.shipping_for(earlier, &lines).min(shipping_left);
        let amount_minor = of_lines + shipping_minor;
        if amount_minor == 0 {
            return Err(RefundRefusal::NothingToRefund);
        }
        Ok(RefundQuote { amount_minor, lines, shipping_minor })
    }

    /// What of `units` is captured and not refunded.
    fn left_of(&self, earlier: &EarlierRefunds, units: &[LineUnits]) -> Result<Vec<RefundedLine>, RefundRefusal> {
        let mut seen = BTreeSet::new();
        let mut lines = Vec::with_capacity(units.len());
        for LineUnits { line_no, quantity } in units.iter().copied() {
            if !seen.insert(line_no) {
                return Err(RefundRefusal::RepeatedLine(line_no));
            }
            let line = self.lines.iter().find(|line| line.line_no == line_no);
            let line = line.ok_or(RefundRefusal::UnknownLine(line_no))?;
            lines.extend(line.left_after(earlier.of(line), quantity.get().into()));
        }
        Ok(lines)
    }

    fn quote_line(&self, earlier: &EarlierRefunds, units: LineUnits) -> Result<RefundedLine, RefundRefusal> {
        let LineUnits { line_no, quantity } = units;
        let line = self.lines.iter().find(|line| line.line_no == line_no);
        let line = line.ok_or(RefundRefusal::UnknownLine(line_no))?;
        let (before, requested) = (earlier.of(line), i64::from(quantity.get()));
        let left = (line.captured_units - before.units).max(0);
        if requested > left {
            return Err(RefundRefusal::TooManyUnits { line_no, requested, left });
        }
        Ok(line.refund(before, requested))
    }

    /// `lines` with at most what was captured for them. The shipments that share a line are rounded down one after
    /// another, so those that are captured may have captured less than their units together cost.
    fn as_captured(&self, earlier: &EarlierRefunds, lines: Vec<RefundedLine>) -> Vec<RefundedLine> {
        let of_earlier = earlier.lines.values().map(|line| line.amount_minor).sum::<i64>() + earlier.shipping_minor;
        at_most(self.captured_minor - of_earlier - self.value_after(earlier, &lines), lines)
    }

    /// What is left for shipping after a refund of `lines`. Shipping is captured with the last shipment, so it may not
    /// be captured yet: then what is left belongs to the other captured units, also to those whose capture the order has
    /// not recorded.
    fn shipping_left(
        &self,
        earlier: &EarlierRefunds,
        (captured_minor, left_minor): (i64, i64),
        lines: &[RefundedLine],
    ) -> i64 {
        let of_lines: i64 = lines.iter().map(|line| line.amount_minor).sum();
        let not_recorded = (captured_minor - self.captured_minor).max(0);
        (left_minor - of_lines - self.value_after(earlier, lines) - not_recorded).max(0)
    }

    /// What the captured units are worth that a refund of `lines` leaves.
    fn value_after(&self, earlier: &EarlierRefunds, lines: &[RefundedLine]) -> i64 {
        let mut after = earlier.clone();
        after.add(&RefundQuote { amount_minor: 0, lines: lines.to_vec(), shipping_minor: 0 });
        let value = |line: &RefundableLine| {
            let before = after.of(line);
            line.refund(before, (line.captured_units - before.units).max(0)).amount_minor
        };
        self.lines.iter().map(value).sum()
    }

    /// The share of `lines` in the shipping costs: pro rata by what the units cost, and by units if all are free.
    fn shipping_for(&self, earlier: &EarlierRefunds, lines: &[RefundedLine]) -> i64 {
        let units_after = |line: &RefundableLine| {
            let now =
                lines.iter().find(|refunded| refunded.line_no == line.line_no).map_or(0, |refunded| refunded.units);
            earlier.of(line).units + now
        };
        let is_free = self.lines.iter().all(|line| line.total_minor == 0);
        let weight = |line: &RefundableLine, units| {
            if is_free { units } else { share(line.total_minor, units, line.ordered_units) }
        };
        let refunded = self.lines.iter().map(|line| weight(line, units_after(line))).sum();
        let all = self.lines.iter().map(|line| weight(line, line.ordered_units)).sum();
        next_share(self.shipping_minor, refunded, all, earlier.shipping_minor)
    }
}

impl RefundedLine {
    /// With at most `amount_minor`, and that much less of the tax and the discount.
    fn capped(self, amount_minor: i64) -> Self {
        if amount_minor >= self.amount_minor {
            return self;
        }
        let part = |minor| share(minor, amount_minor, self.amount_minor);
        let tax_minor = part(self.tax_minor).min(amount_minor);
        Self { amount_minor, tax_minor, discount_minor: part(self.discount_minor), ..self }
    }
}

impl RefundableLine {
    /// At most `units` more, as far as they are captured; `None` if none is left.
    fn left_after(&self, before: EarlierLineRefunds, units: i64) -> Option<RefundedLine> {
        let units = units.min(self.captured_units - before.units);
        (units > 0).then(|| self.refund(before, units))
    }

    /// `units` more, after the earlier refunds `before`.
    fn refund(&self, before: EarlierLineRefunds, units: i64) -> RefundedLine {
        let after = before.units + units;
        let next = |total, refunded| next_share(total, after, self.ordered_units, refunded);
        RefundedLine {
            line_no: self.line_no,
            units,
            amount_minor: next(self.total_minor, before.amount_minor),
            tax_minor: next(self.tax_minor, before.tax_minor),
            discount_minor: next(self.discount_minor, before.discount_minor),
        }
    }
}

impl EarlierRefunds {
    fn of(&self, line: &RefundableLine) -> EarlierLineRefunds {
        self.lines.get(&line.line_no).copied().unwrap_or_default()
    }

    /// Counts one more refund.
    pub fn add(&mut self, quote: &RefundQuote) {
        self.shipping_minor += quote.shipping_minor;
        for line in &quote.lines {
            let refunds = self.lines.entry(line.line_no).or_default();
            refunds.units += line.units;
            refunds.amount_minor += line.amount_minor;
            refunds.tax_minor += line.tax_minor;
            refunds.discount_minor += line.discount_minor;
        }
    }
}

/// `lines` with at most `amount_minor` together: the last ones get less.
fn at_most(amount_minor: i64, lines: Vec<RefundedLine>) -> Vec<RefundedLine> {
    let mut rest = amount_minor.max(0);
    let cap = |line: RefundedLine| {
        let line = line.capped(line.amount_minor.min(rest));
        rest -= line.amount_minor;
        line
    };
    lines.into_iter().map(cap).collect()
}

fn check(requested: i64, left: i64) -> Result<(), RefundRefusal> {
    if requested > left { Err(RefundRefusal::TooMuch { requested, left }) } else { Ok(()) }
}
