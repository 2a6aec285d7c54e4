//! No history of the returns of one line returns, restocks or refunds a unit twice.

use crate::returns::{EAST, ORDER, count, days, line, now, of, usd};
use domain::applied::Applied;
use domain::ids::ReturnId;
use domain::returns::{
    Condition, NewReturn, RefundReport, RequestedReturn, Restocking, Return, ReturnCommand, ReturnRefund, ReturnStatus,
    ReturnTransition, check_counts, check_request,
};
use proptest::prelude::*;
use std::collections::{HashMap, HashSet};
use uuid::Uuid;

const DELIVERED: u32 = 6;

#[derive(Debug, Clone)]
enum Input {
    Request(u32),
    Approve(usize),
    Decline(usize),
    Cancel(usize),
    Receive(usize, u32, u32),
    Deadline(usize),
    Restocked(usize),
    Refunded(usize),
}

fn any_input() -> impl Strategy<Value = Input> {
    let which = 0..4_usize;
    prop_oneof![
        (1..=DELIVERED).prop_map(Input::Request),
        which.clone().prop_map(Input::Approve),
        which.clone().prop_map(Input::Decline),
        which.clone().prop_map(Input::Cancel),
        (which.clone(), 0..=DELIVERED, 0..=DELIVERED).prop_map(|(it, good, bad)| Input::Receive(it, good, bad)),
        which.clone().prop_map(Input::Deadline),
        which.clone().prop_map(Input::Restocked),
        which.prop_map(Input::Refunded),
    ]
}

/// The returns, and what the inventory and the payments did, each once per return.
#[derive(Default)]
struct History {
    returns: Vec<Return>,
    restock_commands: Vec<usize>,
    restocked: Vec<usize>,
    refunded: Vec<usize>,
    approved: HashSet<usize>,
    /// The resellable units that arrived, per return.
    arrived: HashMap<usize, u32>,
}

impl History {
    fn returned_units(&self) -> i64 {
        let units = |returned: &Return| {
            let missing = returned.counts.iter().filter(|count| count.condition == Condition::Missing);
            let missing: i64 = missing.map(|count| i64::from(count.quantity.get())).sum();
            i64::from(returned.lines[0].quantity.get()) - missing
        };
        self.returns.iter().filter(|returned| returned.status().counts()).map(units).sum()
    }

    fn apply(&mut self, input: &Input) {
        match *input {
            Input::Request(quantity) => self.request(quantity),
            Input::Approve(it) => {
                self.change(it, |returned| returned.approve(now()).ok());
                let is_approved = self.returns.get(it).is_some_and(|it| it.status() == ReturnStatus::Approved);
                self.approved.extend(is_approved.then_some(it));
            }
            Input::Decline(it) => self.change(it, |returned| returned.decline().ok()),
            Input::Cancel(it) => self.change(it, |returned| returned.cancel().ok()),
            Input::Deadline(it) => self.change(it, |returned| Some(returned.on_deadline(true))),
            Input::Receive(it, good, bad) => self.receive(it, good, bad),
            Input::Restocked(it) if self.restock_commands.contains(&it) => {
                self.restocked.push(it);
                self.change(it, |returned| Some(returned.on_restocked()));
            }
            Input::Refunded(it) if self.returns.get(it).is_some_and(|it| !it.refunded_units().is_empty()) => {
                self.refunded.push(it);
                self.change(it, |returned| Some(returned.on_refund(RefundReport::Refunded(usd(1)))));
            }
            Input::Restocked(_) | Input::Refunded(_) => {}
        }
    }

    fn request(&mut self, quantity: u32) {
        let order = [line(1, 1, DELIVERED.into(), self.returned_units())];
        let Ok(mut requested) = check_request(&order, &[of(1, quantity)], days(30), now()) else { return };
        let RequestedReturn { vendor_id, lines } = requested.pop().expect("one vendor");
        let id = ReturnId::from_uuid(Uuid::from_u128(self.returns.len() as u128));
        self.returns.push(Return::request(NewReturn { id, order_id: ORDER, vendor_id, lines }).to);
    }

    fn receive(&mut self, it: usize, good: u32, bad: u32) {
        let Some(returned) = self.returns.get(it).cloned() else { return };
        let all = returned.lines[0].quantity.get();
        let (good, bad) = (good.min(all), bad.min(all - good.min(all)));
        let parts = [(Condition::Resellable, good), (Condition::Damaged, bad), (Condition::Missing, all - good - bad)];
        let counted = parts.into_iter().filter(|(_, units)| *units > 0);
        let counts: Vec<_> =
            counted.map(|(condition, units)| count(1, condition, units, condition != Condition::Missing)).collect();
        check_counts(&returned.lines, &counts).expect("complete");
        let Ok(received) = returned.receive(EAST, counts, true) else { return };
        assert!(self.approved.contains(&it), "received without an approval");
        assert_eq!(self.arrived.insert(it, good), None, "received twice");
        self.change(it, |_| Some(Applied::Changed(received)));
    }

    fn change(&mut self, it: usize, input: impl FnOnce(Return) -> Option<Applied<ReturnTransition>>) {
        let Some(returned) = self.returns.get(it).cloned() else { return };
        if let Some(Applied::Changed(transition)) = input(returned) {
            if transition.commands.contains(&ReturnCommand::Restock) {
                self.restock_commands.push(it);
            }
            self.returns[it] = transition.to;
        }
    }

    fn check(&self) {
        assert!(self.returned_units() <= DELIVERED.into());
        let restocked: u32 =
            self.returns.iter().flat_map(Return::restocked_lines).map(|line| line.quantity.get()).sum();
        assert!(restocked <= DELIVERED);
        for (it, returned) in self.returns.iter().enumerate() {
            let restocked: u32 = returned.restocked_lines().iter().map(|line| line.quantity.get()).sum();
            assert_eq!(
                restocked,
                self.arrived.get(&it).copied().unwrap_or(0),
                "restocked what did not arrive resellable"
            );
            let Some((restocking, refund)) = returned.state.outcomes() else {
                assert!(!self.restock_commands.contains(&it), "restocked before it was received");
                continue;
            };
            assert_eq!(restocking == Restocking::Done, self.restocked.contains(&it));
            assert_eq!(matches!(refund, ReturnRefund::Done { .. }), self.refunded.contains(&it));
            assert_eq!(returned.status() == ReturnStatus::Closed, restocking.is_final() && refund.is_final());
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(10_000))]
    #[test]
    fn no_history_returns_restocks_or_refunds_a_unit_twice(inputs in prop::collection::vec(any_input(), 0..40)) {
        let mut history = History::default();
        for input in &inputs {
            history.apply(input);
            history.check();
        }
    }
}
