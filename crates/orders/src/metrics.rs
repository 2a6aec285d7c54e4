//! What the slice counts.

use crate::error::PlaceOrderError;
use crate::intake::Accepted;
use crate::store::lock_sagas::Moved;
use domain::Timestamp;
use domain::order::{CancelReason, Order, OrderStatus, PaymentStatus};
use platform::metrics::{
    BATCH_SIZES, Histogram, HistogramVec, IntCounterVec, IntGauge, WORK_SECONDS, amount, counters, histogram,
    histograms, int_gauge,
};
use std::sync::LazyLock;
use std::time::Duration;

/// Upper bounds in seconds: an order takes milliseconds when all goes well, and hours when a provider is away.
const ORDER_SECONDS: &[f64] =
    &[0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0, 1_800.0, 7_200.0, 43_200.0, 259_200.0];

static ENDED: LazyLock<IntCounterVec> = LazyLock::new(|| {
    let help = "Orders that came to be confirmed, delivered, rejected or cancelled, and why. One that is confirmed may \
                still be cancelled, or delivered.";
    counters("orderflow_orders_ended_total", help, &["status", "reason"])
});

static SECONDS: LazyLock<HistogramVec> = LazyLock::new(|| {
    let help = "From an order's acceptance until it came to be confirmed, delivered, rejected or cancelled.";
    histograms("orderflow_order_duration_seconds", help, &["status"], ORDER_SECONDS)
});

static REPLIES_WITHOUT_ORDER: LazyLock<IntCounterVec> = LazyLock::new(|| {
    let help = "Replies about orders that do not exist, and whether something had to be undone.";
    counters("orderflow_replies_without_order_total", help, &["undone"])
});

static INTAKE_ANSWERS: LazyLock<IntCounterVec> = LazyLock::new(|| {
    let help = "Orders that intake has answered: accepted, known under their key already, or why they were refused.";
    counters("orderflow_intake_orders_total", help, &["outcome"])
});

static INTAKE_BATCH: LazyLock<Histogram> =
    LazyLock::new(|| histogram("orderflow_intake_batch_orders", "Orders that were stored together.", BATCH_SIZES));

static INTAKE_SECONDS: LazyLock<Histogram> = LazyLock::new(|| {
    let help = "How long a batch of orders took to be stored and answered.";
    histogram("orderflow_intake_batch_duration_seconds", help, WORK_SECONDS)
});

/// Orders that wait to be taken by a committer.
pub(crate) static INTAKE_WAITING: LazyLock<IntGauge> =
    LazyLock::new(|| int_gauge("orderflow_intake_waiting_orders", "Orders that wait to be stored."));

/// What orders come to, each with every reason that is counted for it: whatever else is said, clients or providers made
/// up, and counts as `other`.
const ENDS: &[(OrderStatus, &[&str])] = &[
    (OrderStatus::Confirmed, &[NONE]),
    (OrderStatus::Delivered, &[NONE]),
    (OrderStatus::Rejected, REJECTIONS),
    (OrderStatus::Cancelled, CancelReason::NAMES),
];
const REJECTIONS: &[&str] = &[
    "out_of_stock",
    PAYMENT_DECLINED,
    SHIPMENT_REFUSED,
    "stock_unavailable",
    "payment_unavailable",
    "shipping_unavailable",
    OTHER,
];
const PAYMENT_DECLINED: &str = "payment_declined";
const SHIPMENT_REFUSED: &str = "shipment_refused";
const NONE: &str = "none";
const OTHER: &str = "other";

/// Shows the metrics of orders; those of intake are shown where it is.
pub fn register() {
    for undone in ["true", "false"] {
        REPLIES_WITHOUT_ORDER.with_label_values(&[undone]);
    }
    for (status, reasons) in ENDS {
        let status: &str = status.into();
        SECONDS.with_label_values(&[status]);
        for reason in *reasons {
            ENDED.with_label_values(&[status, *reason]);
        }
    }
}

pub(crate) fn reply_without_order(undone: bool) {
    REPLIES_WITHOUT_ORDER.with_label_values(&[if undone { "true" } else { "false" }]).inc();
}

/// An order has come to something.
#[derive(Debug, Clone, Copy)]
struct End {
    status: &'static str,
    reason: &'static str,
    took: Duration,
}

/// What the moves bring orders to, to be counted once they are committed.
#[derive(Debug, Default)]
pub(crate) struct Ends(Vec<End>);

impl Ends {
    pub fn of(moved: &[Moved], now: Timestamp) -> Self {
        Self(moved.iter().flat_map(|moved| ends(moved, now)).collect())
    }

    pub fn count(self) {
        for End { status, reason, took } in self.0 {
            ENDED.with_label_values(&[status, reason]).inc();
            SECONDS.with_label_values(&[status]).observe(took.as_secs_f64());
        }
    }
}

fn ends(Moved { order, events, .. }: &Moved, now: Timestamp) -> impl Iterator<Item = End> {
    let reached = events.iter().filter(|event| event.from != Some(event.to)).map(|event| event.to);
    reached.filter_map(move |status| {
        let (_, reasons) = ENDS.iter().find(|(end, _)| *end == status)?;
        Some(End { status: status.into(), reason: reason(order, reasons), took: age(order, now) })
    })
}

/// One of `reasons`.
fn reason(order: &Order, reasons: &[&'static str]) -> &'static str {
    let said = order.reason.as_deref().unwrap_or(NONE);
    // A carrier's own word follows; a gateway's stands alone.
    let said = said.split(':').next().unwrap_or(said);
    let listed = reasons.iter().copied().find(|reason| *reason == said);
    let declined = order.payment == PaymentStatus::Declined && reasons.contains(&PAYMENT_DECLINED);
    match (reasons, listed) {
        ([only], _) => only,
        _ if declined => PAYMENT_DECLINED,
        (_, listed) => listed.unwrap_or(OTHER),
    }
}

/// Its id was given out when it was accepted, and begins with that moment.
fn age(order: &Order, now: Timestamp) -> Duration {
    let accepted = order.id.as_uuid().get_timestamp().map_or((0, 0), |time| time.to_unix());
    let accepted = Duration::new(accepted.0, accepted.1);
    let now = u64::try_from(now.timestamp_millis()).map_or(Duration::ZERO, Duration::from_millis);
    now.saturating_sub(accepted)
}

/// Shows the metrics of intake.
pub(crate) fn register_intake() {
    LazyLock::force(&INTAKE_BATCH);
    LazyLock::force(&INTAKE_SECONDS);
    LazyLock::force(&INTAKE_WAITING);
    for outcome in ["accepted", "replayed", "overloaded", "key_reused", "in_progress", "unavailable", "failed"] {
        INTAKE_ANSWERS.with_label_values(&[outcome]);
    }
}

pub(crate) fn intake_answered(answer: Result<Accepted, PlaceOrderError>) {
    let outcome = match answer {
        Ok(Accepted { replayed: false, .. }) => "accepted",
        Ok(Accepted { replayed: true, .. }) => "replayed",
        Err(PlaceOrderError::Overloaded) => "overloaded",
        Err(PlaceOrderError::KeyReused) => "key_reused",
        Err(PlaceOrderError::InProgress) => "in_progress",
        Err(PlaceOrderError::Unavailable) => "unavailable",
        Err(PlaceOrderError::Failed) => "failed",
    };
    INTAKE_ANSWERS.with_label_values(&[outcome]).inc();
}

pub(crate) fn intake_stored(orders: usize, took: Duration) {
    INTAKE_BATCH.observe(amount(orders));
    INTAKE_SECONDS.observe(took.as_secs_f64());
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::ids::OrderId;
    use domain::money::Money;
    use domain::saga::{PlanVersion, StepName};
    use uuid::Uuid;

    fn order(reason: Option<&str>, payment: PaymentStatus) -> Order {
        let total = Money::new(100, "USD".parse().expect("a currency")).expect("an amount");
        let (order, _) = Order::accept(OrderId::from_uuid(Uuid::now_v7()), total, "sim_ok".to_owned());
        Order { reason: reason.map(str::to_owned), payment, ..order }
    }

    fn counted(status: OrderStatus, said: &str, payment: PaymentStatus) -> &'static str {
        let (_, reasons) = ENDS.iter().find(|(end, _)| *end == status).expect("an end");
        reason(&order(Some(said), payment), reasons)
    }

    #[test]
    fn a_rejection_counts_under_what_the_house_says_and_never_under_a_providers_words() {
        let rejected = |said, payment| counted(OrderStatus::Rejected, said, payment);

        assert_eq!(rejected("out_of_stock", PaymentStatus::Unpaid), "out_of_stock");
        assert_eq!(rejected("do_not_honor", PaymentStatus::Declined), "payment_declined");
        assert_eq!(rejected("shipment_refused:goods_not_accepted", PaymentStatus::Voided), "shipment_refused");
        assert_eq!(rejected("a gateway's new word", PaymentStatus::Unpaid), "other");
    }

    #[test]
    fn a_cancellation_counts_under_its_reason_and_never_under_a_clients_words() {
        let cancelled = |said| counted(OrderStatus::Cancelled, said, PaymentStatus::Voided);

        assert_eq!(cancelled("customer_request"), "customer_request");
        assert_eq!(cancelled("admin_request"), "admin_request");
        assert_eq!(cancelled("fraud"), "fraud");
        for free in ["changed my mind", "card_declined", "none", "", "customer_request of 0192-77"] {
            assert_eq!(cancelled(free), "other", "{free}");
        }
        assert_eq!(counted(OrderStatus::Confirmed, "changed my mind", PaymentStatus::Authorized), "none");
    }

    #[test]
    fn a_step_that_nobody_answers_counts_under_its_own_reason() {
        let plan = PlanVersion::CURRENT.plan();
        let steps = [StepName::ReserveStock, StepName::AuthorizePayment, StepName::BookShipments];

        for step in steps.map(|name| plan.step(name).expect("a step of the plan")) {
            assert_eq!(counted(OrderStatus::Rejected, step.unavailable, PaymentStatus::Unpaid), step.unavailable);
        }
    }

    #[test]
    fn an_order_is_as_old_as_its_id() {
        let order = order(None, PaymentStatus::Unpaid);
        let (seconds, nanos) = order.id.as_uuid().get_timestamp().expect("a time").to_unix();
        let later = Timestamp::from_timestamp(seconds.cast_signed() + 2, nanos).expect("a time");

        assert_eq!(age(&order, later), Duration::from_secs(2));
        assert_eq!(age(&order, Timestamp::UNIX_EPOCH), Duration::ZERO);
    }
}
