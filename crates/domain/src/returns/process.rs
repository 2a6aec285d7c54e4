//! The process after the count: commands are sent until each has its outcome, then the return closes. Replies may be
//! repeated, late, or lost: a deadline sends the open commands again, without end.

use super::condition::Condition;
use super::entry::ReturnEntry;
use super::refund_report::RefundReport;
use super::settling::{Restocking, ReturnRefund, Settled, Settling};
use super::state::{Return, ReturnState};
use super::transition::{ReturnCommand, ReturnTransition};
use crate::Timestamp;
use crate::applied::Applied;
use crate::product::{Line, Quantity};
use crate::refund::LineUnits;
use crate::saga::{Backoff, RetryPolicy, TimeScale};
use std::collections::BTreeMap;
use std::time::Duration;

/// A request that nobody has decided on for so long needs attention.
const DECIDE_WITHIN: Duration = Duration::from_hours(7 * 24);
const UNDECIDED: &str = "nobody has decided on the return for a week";
const CAPTURE_OPEN: &str = "the refund waits for the capture of a shipment, which has failed or has no result";
const NO_REPLY: &str = "the commands to restock or to refund the return have no reply";

const RETRY: RetryPolicy = RetryPolicy {
    backoff: Backoff { initial: Duration::from_secs(10), factor: 2, max: Duration::from_mins(10) },
    attention_after: 5,
    stuck_after: 10,
};

impl Return {
    /// The units of the return that go back to the stock.
    pub fn restocked_lines(&self) -> Vec<Line> {
        let resellable = self.counts.iter().filter(|count| count.condition == Condition::Resellable);
        let line = |line_no| self.lines.iter().find(|line| line.line_no == line_no);
        let restocked = resellable.filter_map(|count| Some((line(count.line_no)?.sku.clone(), count.quantity)));
        restocked.map(|(sku, quantity)| Line { sku, quantity }).collect()
    }

    /// The units of the return that are refunded.
    pub fn refunded_units(&self) -> Vec<LineUnits> {
        let mut units: BTreeMap<i16, u32> = BTreeMap::new();
        for count in self.counts.iter().filter(|count| count.is_refunded) {
            *units.entry(count.line_no).or_default() += count.quantity.get();
        }
        // At most the units of the line, which are a quantity.
        let quantity = |units: u32| Quantity::try_from(units).ok();
        units
            .into_iter()
            .filter_map(|(line_no, units)| Some(LineUnits { line_no, quantity: quantity(units)? }))
            .collect()
    }

    /// When to call [`Self::on_deadline`] unless something else happens first; `None` once the return has ended.
    pub fn deadline(&self, time_scale: TimeScale, now: Timestamp) -> Option<Timestamp> {
        match &self.state {
            ReturnState::Requested => Some(now + time_scale.scale(DECIDE_WITHIN)),
            ReturnState::Approved { expires_at } => Some(*expires_at),
            ReturnState::Received(settling) => Some(now + time_scale.scale(RETRY.backoff.wait(settling.attempt))),
            ReturnState::Declined | ReturnState::Cancelled | ReturnState::Expired | ReturnState::Closed(_) => None,
        }
    }

    /// The resellable units are in stock again.
    pub fn on_restocked(self) -> Applied<ReturnTransition> {
        let ReturnState::Received(settling) = self.state.clone() else { return Applied::Unchanged };
        if settling.restocking != Restocking::Open {
            return Applied::Unchanged;
        }
        let settling = Settling { restocking: Restocking::Done, ..settling.replied() };
        let next = self.enter(ReturnState::Received(settling)).record(ReturnEntry::Restocked);
        Applied::Changed(next.update_attention().close_if_done())
    }

    /// A refund was executed at last, or not. Success is recorded in every state: the gateway's report is true even when
    /// it is late.
    pub fn on_refund(self, report: RefundReport) -> Applied<ReturnTransition> {
        let Some((_, before)) = self.state.outcomes() else { return Applied::Unchanged };
        let is_final = before.is_final();
        let Some((refund, entry)) = self.refund_after(before, report.clone()) else {
            return if is_final { Applied::Unchanged } else { self.not_possible(report) };
        };
        let next = match self.state.clone() {
            ReturnState::Closed(settled) => self.enter(ReturnState::Closed(Settled { refund, ..settled })),
            ReturnState::Received(settling) => {
                self.enter(ReturnState::Received(Settling { refund, ..settling.replied() }))
            }
            _ => return Applied::Unchanged,
        };
        Applied::Changed(next.record(entry).update_attention().close_if_done())
    }

    /// The refund and its entry after a report that changes it.
    fn refund_after(&self, before: &ReturnRefund, report: RefundReport) -> Option<(ReturnRefund, ReturnEntry)> {
        let refund_id = self.refund_id();
        match (before, report) {
            (ReturnRefund::Done { .. }, _) => None,
            (_, RefundReport::Refunded(amount)) => {
                Some((ReturnRefund::Done { amount }, ReturnEntry::Refunded { refund_id, amount }))
            }
            (before, _) if before.is_final() => None,
            (_, RefundReport::Refused { reason, is_acknowledged: true }) => {
                let given_up = ReturnRefund::GivenUp { reason: reason.clone() };
                Some((given_up, ReturnEntry::RefundGivenUp { refund_id, reason }))
            }
            (ReturnRefund::Open | ReturnRefund::Unresolved, RefundReport::Refused { reason, .. }) => {
                let refused = ReturnRefund::Refused { reason: reason.clone() };
                Some((refused, ReturnEntry::RefundRefused { refund_id, reason }))
            }
            (ReturnRefund::Open | ReturnRefund::Refused { .. }, RefundReport::Unresolved) => {
                Some((ReturnRefund::Unresolved, ReturnEntry::RefundUnresolved { refund_id }))
            }
            (ReturnRefund::Open, RefundReport::NothingLeft) => {
                Some((ReturnRefund::NothingLeft, ReturnEntry::NothingLeftToRefund))
            }
            _ => None,
        }
    }

    /// The refund stays open, and is requested again at the deadline; a person should know why.
    fn not_possible(self, report: RefundReport) -> Applied<ReturnTransition> {
        let RefundReport::NotPossible { reason } = report else { return Applied::Unchanged };
        let reason = Some(format!("the return can't be refunded now: {reason}"));
        if self.attention == reason {
            Applied::Unchanged
        } else {
            Applied::Changed(ReturnTransition::of(self).set_attention(reason))
        }
    }

    /// The deadline passed. `may_refund` is false while a capture is open that the refund has to wait for.
    pub fn on_deadline(self, may_refund: bool) -> Applied<ReturnTransition> {
        match &self.state {
            ReturnState::Requested => {
                Applied::Changed(ReturnTransition::of(self).set_attention(Some(UNDECIDED.to_owned())))
            }
            ReturnState::Approved { .. } => {
                Applied::Changed(self.enter(ReturnState::Expired).record(ReturnEntry::Expired).set_attention(None))
            }
            ReturnState::Received(settling) => {
                let is_late = settling.attempt >= RETRY.attention_after;
                let waits = settling.refund == ReturnRefund::Open && !may_refund;
                let reason = if waits { CAPTURE_OPEN } else { NO_REPLY };
                let next = ReturnTransition::of(self).send_open(may_refund);
                let is_known = next.to.attention.is_some();
                Applied::Changed(if is_late && !is_known { next.set_attention(Some(reason.to_owned())) } else { next })
            }
            ReturnState::Declined | ReturnState::Cancelled | ReturnState::Expired | ReturnState::Closed(_) => {
                Applied::Unchanged
            }
        }
    }
}

impl ReturnTransition {
    /// Sends the open commands, for the first time or again. A refused refund is asked for, too: the reply to what a
    /// person has done with it may be lost.
    pub(super) fn send_open(mut self, may_refund: bool) -> Self {
        let ReturnState::Received(settling) = &mut self.to.state else { return self };
        settling.generation += 1;
        settling.attempt = settling.attempt.saturating_add(1);
        let restock = (!settling.restocking.is_final()).then_some(ReturnCommand::Restock);
        let refund = (may_refund && !settling.refund.is_final()).then_some(ReturnCommand::Refund);
        self.commands.extend(restock.into_iter().chain(refund));
        self
    }

    /// Attention for what needs a person although no command is open; everything else is resolved by a reply.
    fn update_attention(self) -> Self {
        let refund_id = self.to.refund_id();
        let reason = match self.to.state.outcomes() {
            Some((_, ReturnRefund::Refused { reason })) => Some(format!(
                "the gateway refused refund {refund_id}: {reason}; retry the refund, or resolve it as refused"
            )),
            Some((_, ReturnRefund::Unresolved)) => {
                Some(format!("find out whether the gateway executed refund {refund_id}, and resolve the refund"))
            }
            _ => None,
        };
        self.set_attention(reason)
    }

    pub(super) fn close_if_done(mut self) -> Self {
        let ReturnState::Received(settling) = &self.to.state else { return self };
        if !settling.is_done() {
            return self;
        }
        let Settling { restocking, refund, .. } = settling.clone();
        self.to.state = ReturnState::Closed(Settled { restocking, refund });
        self.record(ReturnEntry::Closed)
    }
}
