//! The payment's rules: every (state, transition) in one table, and any order of requests, calls and reports.

mod any_order;
mod replies;
mod table;

use super::{Balance, CaptureAttempt, Payment, VoidResult};
use crate::applied::Applied;
use crate::ids::{OrderId, ShipmentId, WarehouseId};
use crate::messages::{
    AuthorizePayment, CapturePayment, PaymentCommand, ReauthorizePayment, RefundPayment, VoidPayment, WriteOffPayment,
};
use crate::money::Money;
use uuid::Uuid;

const AMOUNT: i64 = 1_000;

fn usd(amount_minor: i64) -> Money {
    Money { amount_minor, currency: "USD".parse().unwrap() }
}

fn order() -> OrderId {
    OrderId::from_uuid(Uuid::from_u128(0x0193_0000_0000_7000_8000_0000_0000_0001))
}

fn shipment(number: u8) -> ShipmentId {
    ShipmentId::of(order(), WarehouseId::from_uuid(Uuid::from_u128(number.into())))
}

fn first_attempt(number: u8) -> CaptureAttempt {
    CaptureAttempt { shipment: shipment(number), attempt: 1 }
}

fn authorize(amount_minor: i64) -> PaymentCommand {
    let method = "sim_ok".to_owned();
    PaymentCommand::Authorize(AuthorizePayment {
        order_id: order(),
        amount: usd(amount_minor),
        method,
        customer_id: None,
    })
}

fn capture(number: u8, amount_minor: i64) -> PaymentCommand {
    let shipment_id = shipment(number);
    PaymentCommand::Capture(CapturePayment { order_id: order(), shipment_id, amount: usd(amount_minor), attempt: 1 })
}

fn write_off(number: u8, amount_minor: i64) -> PaymentCommand {
    let (shipment_id, amount) = (shipment(number), usd(amount_minor));
    PaymentCommand::WriteOff(WriteOffPayment { order_id: order(), shipment_id, amount, attempt: 1 })
}

fn reauthorize(attempt: u32) -> PaymentCommand {
    PaymentCommand::Reauthorize(ReauthorizePayment { order_id: order(), attempt })
}

fn void() -> PaymentCommand {
    PaymentCommand::Void(VoidPayment { order_id: order() })
}

fn refund(cause: &str, amount_minor: i64) -> PaymentCommand {
    let cause = cause.to_owned();
    PaymentCommand::Refund(RefundPayment { order_id: order(), cause, amount: usd(amount_minor) })
}

/// An authorized payment after the requests of `commands`.
fn after(commands: &[PaymentCommand]) -> Payment {
    let start = Payment::Open(Balance::new(usd(AMOUNT)));
    commands
        .iter()
        .fold(start, |payment, command| Payment::request(Some(payment.clone()), command).unwrap().unwrap_or(payment))
}

/// 600 of 1,000 captured for shipment 1; a refund of 100 is requested.
fn partly_captured() -> Payment {
    let payment = changed(after(&[capture(1, 600)]).captured(first_attempt(1)));
    changed(payment.refund("damage".to_owned(), usd(100)))
}

fn void_result(authorized: bool, captured_minor: i64, refunded_by_void_minor: i64) -> VoidResult {
    VoidResult { authorized, captured_minor, refunded_by_void_minor }
}

fn changed<E: std::fmt::Debug>(applied: Result<Applied<Payment>, E>) -> Payment {
    match applied.unwrap() {
        Applied::Changed(payment) => payment,
        Applied::Unchanged => panic!("nothing changed"),
    }
}
