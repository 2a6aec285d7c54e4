//! Requests, the gateway's work and its reports, in any order, lost or repeated: no matter how they interleave, a
//! payment keeps its bounds, an answer once given stays, and at the end our sums are the gateway's.

use super::*;
use crate::messages::Reply;
use crate::payment::{Operation, Refusal};
use proptest::prelude::*;
use std::collections::{HashMap, HashSet};

const COMMANDS: usize = 7;

#[derive(Debug, Clone, Copy)]
enum Move {
    /// A command is begun: by whom does not matter.
    Request(usize),
    /// The gateway does what it was asked for.
    Work(usize),
    /// One of the gateway's reports reaches us, perhaps late, perhaps again.
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
    Voided(Reversal),
}

/// A gateway that does what the contract says: each work once, nothing after a void.
#[derive(Debug, Default)]
struct Gateway {
    authorized: bool,
    declines: bool,
    voided: Option<Reversal>,
    captured: i64,
    refunded: i64,
    done: HashMap<Operation, bool>,
}

#[derive(Debug, Default)]
struct World {
    payment: Option<Payment>,
    gateway: Gateway,
    asked: Vec<PaymentCommand>,
    reports: Vec<Report>,
    captures_answered: HashSet<String>,
}

proptest! {
    #[test]
    fn any_order_of_requests_calls_and_reports_ends_with_one_truth(
        declines in prop::bool::weighted(0.2),
        moves in prop::collection::vec(a_move(), 1..60),
    ) {
        let mut world = World { gateway: Gateway { declines, ..Gateway::default() }, ..World::default() };
        for step in moves {
            world.play(step);
            world.check_bounds();
        }
        world.bring_to_an_end();
        world.check_end();
    }
}

fn a_move() -> impl Strategy<Value = Move> {
    prop_oneof![
        (0..COMMANDS).prop_map(Move::Request),
        any::<usize>().prop_map(Move::Work),
        any::<usize>().prop_map(Move::Report),
    ]
}

fn commands() -> [PaymentCommand; COMMANDS] {
    let captures = [capture(1, 600), capture(2, 300), capture(3, 200)];
    let [first, second, too_much] = captures;
    [authorize(AMOUNT), first, second, too_much, void(), refund("damage", 250), refund("late", 700)]
}

impl World {
    fn play(&mut self, step: Move) {
        match step {
            Move::Request(index) => self.request(&commands()[index]),
            Move::Work(index) if !self.asked.is_empty() => {
                let command = self.asked[index % self.asked.len()].clone();
                self.work(&command);
            }
            Move::Report(index) if !self.reports.is_empty() => {
                let report = self.reports[index % self.reports.len()].clone();
                self.hear(report);
            }
            Move::Work(_) | Move::Report(_) => {}
        }
    }

    fn request(&mut self, command: &PaymentCommand) {
        let Ok(applied) = Payment::request(self.payment.clone(), command) else { return };
        if let Applied::Now(payment) = applied {
            self.payment = Some(payment);
        }
        let payment = self.payment.as_ref().unwrap();
        match payment.answer_to(command) {
            Ok(None) => self.asked.push(command.clone()),
            Ok(Some(reply)) => self.remember(&reply),
            Err(_) => {}
        }
    }

    fn work(&mut self, command: &PaymentCommand) {
        let report = match self.payment.as_ref().unwrap().operation_for(command) {
            Operation::Authorize => self.gateway.authorize(),
            Operation::Void => Report::Voided(self.gateway.void()),
            operation @ (Operation::Capture(_) | Operation::Refund(_)) => self.gateway.move_money(operation, command),
        };
        self.reports.push(report);
    }

    fn hear(&mut self, report: Report) {
        let payment = self.payment.clone().unwrap();
        let heard = match report {
            Report::Authorized => Ok(payment.authorized(usd(AMOUNT))),
            Report::Declined => Ok(payment.declined("declined".to_owned())),
            Report::Captured(number) => payment.captured(shipment(number)),
            Report::CaptureDeclined(number) => payment.capture_declined(shipment(number), "declined".to_owned()),
            Report::Refunded(cause) => payment.refunded(&cause),
            Report::RefundDeclined(cause) => payment.refund_declined(&cause, "declined".to_owned()),
            Report::Voided(found) => payment.voided(found),
        };
        if let Applied::Now(payment) = heard.expect("an honest gateway is never refused") {
            self.payment = Some(payment);
        }
    }

    fn remember(&mut self, reply: &Reply) {
        if let Reply::PaymentCaptured(_) | Reply::PaymentRefunded(_) = reply {
            self.captures_answered.insert(serde_json::to_string(reply).unwrap());
        }
    }

    /// All that was asked for is asked again until it is answered, as the saga does.
    fn bring_to_an_end(&mut self) {
        for command in self.asked.clone() {
            self.work(&command);
        }
        for report in self.reports.clone() {
            self.hear(report);
        }
        for command in self.asked.clone() {
            self.request(&command);
            self.work(&command);
            self.hear(self.reports.last().unwrap().clone());
        }
    }

    fn check_bounds(&self) {
        let Some(account) = self.payment.as_ref().and_then(Payment::account) else { return };
        assert!(0 <= account.refunded_minor && account.refunded_minor <= account.captured_minor);
        assert!(account.captured_minor <= account.amount.amount_minor);
    }

    fn check_end(&self) {
        let Some(payment) = &self.payment else { return };
        for command in &self.asked {
            let answer = payment.answer_to(command);
            assert!(
                matches!(answer, Ok(Some(_)) | Err(Refusal::DeclinedByGateway(_))),
                "{command:?} is left without an answer: {answer:?}"
            );
        }
        let sums = payment.account().map_or((0, 0), |account| (account.captured_minor, account.refunded_minor));
        assert_eq!(sums, (self.gateway.captured, self.gateway.refunded));
        let answers: HashSet<_> = commands()
            .iter()
            .filter_map(|command| payment.answer_to(command).ok().flatten())
            .map(|reply| serde_json::to_string(&reply).unwrap())
            .collect();
        assert!(self.captures_answered.is_subset(&answers), "an answer was taken back");
    }
}

impl Gateway {
    fn authorize(&mut self) -> Report {
        self.authorized |= !self.declines && self.voided.is_none();
        if self.authorized { Report::Authorized } else { Report::Declined }
    }

    fn void(&mut self) -> Reversal {
        let given_back_minor = self.captured - self.refunded;
        let found = Reversal { authorized: self.authorized, captured_minor: self.captured, given_back_minor };
        self.refunded = self.captured;
        *self.voided.get_or_insert(found)
    }

    fn move_money(&mut self, operation: Operation, command: &PaymentCommand) -> Report {
        let room = match &operation {
            Operation::Capture(_) => AMOUNT - self.captured,
            _ => self.captured - self.refunded,
        };
        let amount = match command {
            PaymentCommand::Capture(capture) => capture.amount.amount_minor,
            PaymentCommand::Refund(refund) => refund.amount.amount_minor,
            PaymentCommand::Authorize(_) | PaymentCommand::Void(_) => unreachable!("they have no part"),
        };
        let possible = self.authorized && self.voided.is_none() && amount <= room;
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
    let PaymentCommand::Capture(asked) = command else { unreachable!("only captures have shipments") };
    (1..=3).find(|number| shipment(*number) == asked.shipment_id).unwrap()
}
