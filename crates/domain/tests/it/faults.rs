//! What may happen to an order and its messages.

use domain::shipment::DeliveryException;
use proptest::prelude::*;

#[derive(Debug, Clone)]
pub enum Fault {
    /// One message in flight arrives, in any order.
    Deliver(usize),
    /// One message arrives, and will arrive again.
    Duplicate(usize),
    Lose(usize),
    LoseAll,
    /// The deadline expires, possibly before it is due.
    Deadline,
    Cancel,
    /// The customer cancels so many units of a line.
    CancelLine(i16, u32),
    /// The units that the order waits for come.
    Fill,
    /// The carrier reports the next milestone of a shipment.
    AdvanceShipment(usize),
    /// The carrier reports what went wrong with a shipment.
    GoWrong(usize, DeliveryException),
    /// An operator dismisses or closes what went wrong.
    Decide(bool),
    /// An operator retries the step.
    Retry,
    /// An operator has declined captures attempted again.
    CaptureAgain,
    /// The authorization is old.
    AuthorizationDue,
    /// An operator renews the authorization.
    Reauthorize,
    /// An operator refunds an amount.
    Refund(usize),
}

pub fn fault() -> impl Strategy<Value = Fault> {
    prop_oneof![
        8 => any::<usize>().prop_map(Fault::Deliver),
        3 => any::<usize>().prop_map(Fault::Duplicate),
        2 => any::<usize>().prop_map(Fault::Lose),
        1 => Just(Fault::LoseAll),
        3 => Just(Fault::Deadline),
        1 => Just(Fault::Cancel),
        1 => Just(Fault::Fill),
        3 => (1_i16..=2, 1_u32..=2).prop_map(|(line_no, units)| Fault::CancelLine(line_no, units)),
        3 => any::<usize>().prop_map(Fault::AdvanceShipment),
        1 => Just(Fault::Retry),
        2 => (any::<usize>(), exception()).prop_map(|(index, exception)| Fault::GoWrong(index, exception)),
        1 => any::<bool>().prop_map(Fault::Decide),
        1 => Just(Fault::CaptureAgain),
        1 => Just(Fault::AuthorizationDue),
        1 => Just(Fault::Reauthorize),
        2 => any::<usize>().prop_map(Fault::Refund),
    ]
}

fn exception() -> impl Strategy<Value = DeliveryException> {
    use DeliveryException::{Damaged, FailedAttempt, Lost, ReturnedToSender};
    prop::sample::select(vec![FailedAttempt, Lost, Damaged, ReturnedToSender])
}
