//! Requests, gateway calls and reports in any order, lost or repeated: however they interleave, a payment keeps its
//! bounds, a reply is never revoked, and at the end our amounts equal the gateway's.

use super::*;
use crate::messages::Reply;
use crate::payment::{LedgerEntry, LedgerEntryKind, LedgerSums, Operation, PaymentStatus, ledger_entries};
use proptest::prelude::*;
use std::collections::{HashMap, HashSet};

const COMMANDS: usize = 10;

#[derive(Debug, Clone, Copy)]
enum Action {
    /// A command is requested.
    Request(usize),
    /// The gateway executes a requested command.
    Call(usize),
    /// One of the gateway's reports arrives, perhaps late, perhaps again.
    Report(usize),
}

#[derive(Debug, Clone)]
enum Report {
    Authorized,
    Declined,
    Captured(u8),
    CaptureDeclined(u8),
    Refunded(String),
    RefundDeclined(String),
    Voided(VoidResult),
    Reauthorized(u32),
    ReauthorizationDeclined(u32),
}

/// A gateway that keeps its contract: each operation once, none after a void.
#[derive(Debug, Default)]
struct Gateway {
    authorized: bool,
    declines: bool,
    voided: Option<VoidResult>,
    captured: i64,
    refunded: i64,
    done: HashMap<Operation, bool>,
}

#[derive(Debug, Default)]
struct World {
    payment: Option<Payment>,
    gateway: Gateway,
    requested: Vec<PaymentCommand>,
    reports: Vec<Report>,
    final_replies: HashSet<String>,
    ledger: Vec<LedgerEntry>,
}

proptest! {
    #[test]
    fn any_order_of_requests_calls_and_reports_ends_with_the_gateways_amounts(
        declines in prop::bool::weighted(0.2),
        actions in prop::collection::vec(an_action(), 1..60),
    ) {
        let mut world = World { gateway: Gateway { declines, ..Gateway::default() }, ..World::default() };
        for action in actions {
            world.apply(action);
            world.check_bounds();
        }
        world.finish();
        world.check_end();
    }
}

fn an_action() -> impl Strategy<Value = Action> {
    prop_oneof![
        (0..COMMANDS).prop_map(Action::Request),
        any::<usize>().prop_map(Action::Call),
        any::<usize>().prop_map(Action::Report),
    ]
}

fn commands() -> [PaymentCommand; COMMANDS] {
    let captures = [capture(1, 600), capture(2, 300), capture(3, 200)];
    let [first, second, too_much] = captures;
    let give_up = write_off(3, 200);
    let [damage, late] = [refund("damage", 250), refund("late", 700)];
    [authorize(AMOUNT), first, second, too_much, void(), damage, late, give_up, reauthorize(1), reauthorize(2)]
}

impl World {
    fn apply(&mut self, action: Action) {
        match action {
            Action::Request(index) => self.request(&commands()[index]),
            Action::Call(index) if !self.requested.is_empty() => {
                let command = self.requested[index % self.requested.len()].clone();
                self.call(&command);
            }
            Action::Report(index) if !self.reports.is_empty() => {
                let report = self.reports[index % self.reports.len()].clone();
                self.receive(report);
            }
            Action::Call(_) | Action::Report(_) => {}
        }
    }

    /// Changes the payment, and records what that moved.
    fn change(&mut self, payment: Payment) {
        let before = self.payment.take().unwrap_or(Payment::Authorizing { amount: usd(AMOUNT) });
        self.ledger.extend(ledger_entries(&before, &payment));
        self.payment = Some(payment);
    }

    fn request(&mut self, command: &PaymentCommand) {
        let entries = self.ledger.len();
        let Ok(applied) = Payment::request(self.payment.clone(), command) else { return };
        if let Applied::Changed(payment) = applied {
            self.change(payment);
        }
        let moved = self.ledger[entries..].iter().any(|entry| entry.kind != LedgerEntryKind::WrittenOff);
        assert!(!moved, "a request moves nothing: {command:?}");
        let payment = self.payment.as_ref().unwrap();
        match payment.reply_to(command) {
            Ok(None) => self.requested.push(command.clone()),
            Ok(Some(reply)) => self.remember(&reply),
            Err(_) => {}
        }
    }

    fn call(&mut self, command: &PaymentCommand) {
        let payment = self.payment.as_ref().unwrap();
        let report = match payment.operation_for(command) {
            Operation::Authorize => self.gateway.authorize(),
            Operation::Void => Report::Voided(self.gateway.void()),
            Operation::Reauthorize(attempt) => self.gateway.reauthorize(attempt),
            operation @ (Operation::Capture(_) | Operation::Refund(_)) => self.gateway.move_money(operation, command),
        };
        self.reports.push(report);
    }

    fn receive(&mut self, report: Report) {
        let payment = self.payment.clone().unwrap();
        let applied = match report {
            Report::Authorized => Ok(payment.authorized(usd(AMOUNT))),
            Report::Declined => Ok(payment.declined("declined".to_owned())),
            Report::Captured(number) => payment.captured(first_attempt(number)),
            Report::CaptureDeclined(number) => payment.capture_declined(first_attempt(number), "declined".to_owned()),
            Report::Refunded(cause) => payment.refunded(&cause),
            Report::RefundDeclined(cause) => payment.refund_declined(&cause, "declined".to_owned()),
            Report::Voided(found) => payment.voided(found),
            Report::Reauthorized(attempt) => payment.reauthorized(attempt),
            Report::ReauthorizationDeclined(attempt) => {
                payment.reauthorization_declined(attempt, "declined".to_owned())
            }
        };
        if let Applied::Changed(payment) = applied.expect("the reports of a correct gateway are never refused") {
            self.change(payment);
        }
    }

    fn remember(&mut self, reply: &Reply) {
        if let Reply::PaymentCaptured(_) | Reply::PaymentRefunded(_) | Reply::PaymentReauthorized(_) = reply {
            self.final_replies.insert(serde_json::to_string(reply).unwrap());
        }
    }

    /// Repeats all requested commands until they have a reply, as the saga does.
    fn finish(&mut self) {
        for command in self.requested.clone() {
            self.call(&command);
        }
        for report in self.reports.clone() {
            self.receive(report);
        }
        for command in self.requested.clone() {
            self.request(&command);
            self.call(&command);
            self.receive(self.reports.last().unwrap().clone());
        }
    }

    /// The amounts of the payment are the sums of its ledger, and money is neither made nor lost.
    fn check_ledger(&self) {
        let mut sums = LedgerSums::default();
        self.ledger.iter().for_each(|entry| sums.add(*entry));
        assert_eq!(sums, self.payment.as_ref().map_or_else(LedgerSums::default, LedgerSums::of));
        let is_correction = |entry: &LedgerEntry| entry.amount_minor < 0 && entry.kind != LedgerEntryKind::WrittenOff;
        assert!(!self.ledger.iter().any(is_correction), "{:?}", self.ledger);
        let LedgerSums { authorized_minor, captured_minor, voided_minor, refunded_minor, reversed_minor, .. } = sums;
        assert!(captured_minor + voided_minor <= authorized_minor, "{sums:?}");
        assert!(refunded_minor + reversed_minor <= captured_minor, "{sums:?}");
        let Some(payment) = &self.payment else { return };
        if let Some(balance) = payment.balance() {
            assert_eq!(captured_minor, balance.captured_minor);
            assert_eq!(refunded_minor + reversed_minor, balance.refunded_minor);
        }
        if payment.status() == PaymentStatus::Voided {
            assert_eq!(captured_minor + voided_minor, authorized_minor, "nothing is held");
            assert_eq!(refunded_minor + reversed_minor, captured_minor, "nothing is kept");
        }
    }

    fn check_bounds(&self) {
        self.check_ledger();
        let Some(balance) = self.payment.as_ref().and_then(Payment::balance) else { return };
        assert!(0 <= balance.refunded_minor && balance.refunded_minor <= balance.captured_minor);
        assert!(balance.captured_minor <= balance.amount.amount_minor);
    }

    fn check_end(&self) {
        self.check_ledger();
        let Some(payment) = &self.payment else { return };
        for command in &self.requested {
            let reply = payment.reply_to(command);
            assert!(matches!(reply, Ok(Some(_))), "{command:?} is left without a reply: {reply:?}");
        }
        let amounts = payment.balance().map_or((0, 0), |balance| (balance.captured_minor, balance.refunded_minor));
        assert_eq!(amounts, (self.gateway.captured, self.gateway.refunded));
        let replies: HashSet<_> = commands()
            .iter()
            .filter_map(|command| payment.reply_to(command).ok().flatten())
            .map(|reply| serde_json::to_string(&reply).unwrap())
            .collect();
        assert!(self.final_replies.is_subset(&replies), "a reply was revoked");
    }
}

impl Gateway {
    fn authorize(&mut self) -> Report {
        self.authorized |= !self.declines && self.voided.is_none();
        if self.authorized { Report::Authorized } else { Report::Declined }
    }

    fn void(&mut self) -> VoidResult {
        let refunded_by_void_minor = self.captured - self.refunded;
        let found = VoidResult { authorized: self.authorized, captured_minor: self.captured, refunded_by_void_minor };
        self.refunded = self.captured;
        *self.voided.get_or_insert(found)
    }

    fn reauthorize(&mut self, attempt: u32) -> Report {
        let possible = self.authorized && self.voided.is_none();
        let done = *self.done.entry(Operation::Reauthorize(attempt)).or_insert(possible);
        if done { Report::Reauthorized(attempt) } else { Report::ReauthorizationDeclined(attempt) }
    }

    fn move_money(&mut self, operation: Operation, command: &PaymentCommand) -> Report {
        let left = match &operation {
            Operation::Capture(_) => AMOUNT - self.captured,
            _ => self.captured - self.refunded,
        };
        let amount = match command {
            PaymentCommand::Capture(capture) => capture.amount.amount_minor,
            PaymentCommand::Refund(refund) => refund.amount.amount_minor,
            PaymentCommand::Authorize(_)
            | PaymentCommand::Void(_)
            | PaymentCommand::RefundLines(_)
            | PaymentCommand::WriteOff(_)
            | PaymentCommand::Reauthorize(_) => {
                unreachable!("they are not partial")
            }
        };
        let possible = self.authorized && self.voided.is_none() && amount <= left;
        let known = self.done.contains_key(&operation);
        let done = *self.done.entry(operation.clone()).or_insert(possible);
        if done && !known {
            *(if matches!(operation, Operation::Capture(_)) { &mut self.captured } else { &mut self.refunded }) +=
                amount;
        }
        match (operation, done) {
            (Operation::Refund(cause), true) => Report::Refunded(cause),
            (Operation::Refund(cause), false) => Report::RefundDeclined(cause),
            (_, true) => Report::Captured(number_of(command)),
            (_, false) => Report::CaptureDeclined(number_of(command)),
        }
    }
}

fn number_of(command: &PaymentCommand) -> u8 {
    let PaymentCommand::Capture(capture) = command else { unreachable!("only captures have shipments") };
    (1..=3).find(|number| shipment(*number) == capture.shipment_id).unwrap()
}
