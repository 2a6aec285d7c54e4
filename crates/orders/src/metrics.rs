//! The metrics of this slice.

use crate::error::PlaceOrderError;
use crate::new_order::Accepted;
use crate::order_change::OrderChange;
use domain::Timestamp;
use domain::order::{CancelReason, Order, OrderPaymentStatus, OrderStatus};
use platform::metrics::{
    BATCH_SIZES, Histogram, HistogramVec, IntCounterVec, IntGauge, WORK_SECONDS, amount, counters, histogram,
    histograms, int_gauge,
};
use std::sync::LazyLock;
use std::time::Duration;

/// Upper bounds in seconds: an order takes milliseconds when all goes well, and hours while a provider is unavailable.
const ORDER_SECONDS: &[f64] =
    &[0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0, 1_800.0, 7_200.0, 43_200.0, 259_200.0];

static ENDED: LazyLock<IntCounterVec> = LazyLock::new(|| {
    let help = "Orders that were confirmed, delivered, rejected or cancelled, with the reason. A confirmed order is \
                counted again when it is delivered or cancelled.";
    counters("orderflow_orders_ended_total", help, &["status", "reason"])
});

static SECONDS: LazyLock<HistogramVec> = LazyLock::new(|| {
    let help = "Time from an order's acceptance until it was confirmed, delivered, rejected or cancelled.";
    histograms("orderflow_order_duration_seconds", help, &["status"], ORDER_SECONDS)
});

static REPLIES_WITHOUT_ORDER: LazyLock<IntCounterVec> = LazyLock::new(|| {
    let help = "Replies about orders that do not exist, and whether a compensation was sent.";
    counters("orderflow_replies_without_order_total", help, &["undone"])
});

static INTAKE_OUTCOMES: LazyLock<IntCounterVec> = LazyLock::new(|| {
    let help =
        "Requests to place an order by outcome: accepted, replayed from the idempotency key, or refused and why.";
    counters("orderflow_intake_orders_total", help, &["outcome"])
});

static INTAKE_BATCH: LazyLock<Histogram> =
    LazyLock::new(|| histogram("orderflow_intake_batch_orders", "Orders per batch that intake stored.", BATCH_SIZES));

static INTAKE_SECONDS: LazyLock<Histogram> = LazyLock::new(|| {
    let help = "Time to store a batch of orders and to send its responses.";
    histogram("orderflow_intake_batch_duration_seconds", help, WORK_SECONDS)
});

/// Orders in the queue to the committers.
pub(crate) static INTAKE_WAITING: LazyLock<IntGauge> =
    LazyLock::new(|| int_gauge("orderflow_intake_waiting_orders", "Orders that wait in the intake queue."));

/// The counted statuses, each with the values of its label `reason`. Any other reason is free text of a client or a
/// provider, and counts as `other`.
const COUNTED_STATUSES: &[(OrderStatus, &[&str])] = &[
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

/// Registers the metrics of orders, so that they are exported before the first event. [`crate::Intake::start`]
/// registers those of intake.
pub fn register() {
    for undone in ["true", "false"] {
        REPLIES_WITHOUT_ORDER.with_label_values(&[undone]);
    }
    for (status, reasons) in COUNTED_STATUSES {
        let status: &str = status.into();
        SECONDS.with_label_values(&[status]);
        for reason in *reasons {
            ENDED.with_label_values(&[status, *reason]);
        }
    }
}

pub(crate) fn record_reply_without_order(undone: bool) {
    REPLIES_WITHOUT_ORDER.with_label_values(&[if undone { "true" } else { "false" }]).inc();
}

/// An order that reached one of [`COUNTED_STATUSES`].
#[derive(Debug, Clone, Copy)]
struct ReachedStatus {
    status: &'static str,
    reason: &'static str,
    duration: Duration,
}

/// The statuses that a batch of changes reached, to be counted after the commit.
#[derive(Debug, Default)]
pub(crate) struct TerminalCounts(Vec<ReachedStatus>);

impl TerminalCounts {
    pub fn of(changes: &[OrderChange], now: Timestamp) -> Self {
        Self(changes.iter().flat_map(|change| reached_statuses(change, now)).collect())
    }

    pub fn count(self) {
        for ReachedStatus { status, reason, duration } in self.0 {
            ENDED.with_label_values(&[status, reason]).inc();
            SECONDS.with_label_values(&[status]).observe(duration.as_secs_f64());
        }
    }
}

fn reached_statuses(change: &OrderChange, now: Timestamp) -> impl Iterator<Item = ReachedStatus> {
    let OrderChange { order, events, .. } = change;
    let reached = events.iter().filter(|event| event.from != Some(event.to)).map(|event| event.to);
    reached.filter_map(move |status| {
        let (_, reasons) = COUNTED_STATUSES.iter().find(|(counted, _)| *counted == status)?;
        Some(ReachedStatus { status: status.into(), reason: reason_label(order, reasons), duration: age(order, now) })
    })
}

/// The label value for the order's reason: one of `reasons`.
fn reason_label(order: &Order, reasons: &[&'static str]) -> &'static str {
    let stored = order.reason.as_deref().unwrap_or(NONE);
    // `shipment_refused:<carrier's code>`. A gateway's code is stored without a prefix.
    let code = stored.split(':').next().unwrap_or(stored);
    let listed = reasons.iter().copied().find(|reason| *reason == code);
    let declined = order.payment == OrderPaymentStatus::Declined && reasons.contains(&PAYMENT_DECLINED);
    match (reasons, listed) {
        ([only], _) => only,
        _ if declined => PAYMENT_DECLINED,
        (_, listed) => listed.unwrap_or(OTHER),
    }
}

/// The time since the order was accepted: its id was generated then, and a UUID v7 contains its time.
fn age(order: &Order, now: Timestamp) -> Duration {
    let accepted = order.id.as_uuid().get_timestamp().map_or((0, 0), |time| time.to_unix());
    let accepted = Duration::new(accepted.0, accepted.1);
    let now = u64::try_from(now.timestamp_millis()).map_or(Duration::ZERO, Duration::from_millis);
    now.saturating_sub(accepted)
}

/// Registers the metrics of intake, so that they are exported before the first order.
pub(crate) fn register_intake() {
    LazyLock::force(&INTAKE_BATCH);
    LazyLock::force(&INTAKE_SECONDS);
    LazyLock::force(&INTAKE_WAITING);
    let refused =
        ["overloaded", "key_reused", "external_ref_taken", "in_progress", "unpaid_limit", "unavailable", "failed"];
    for outcome in ["accepted", "replayed"].into_iter().chain(refused) {
        INTAKE_OUTCOMES.with_label_values(&[outcome]);
    }
}

pub(crate) fn record_intake_outcome(result: Result<Accepted, PlaceOrderError>) {
    let outcome = match result {
        Ok(Accepted { replayed: false, .. }) => "accepted",
        Ok(Accepted { replayed: true, .. }) => "replayed",
        Err(PlaceOrderError::Overloaded) => "overloaded",
        Err(PlaceOrderError::KeyReused) => "key_reused",
        Err(PlaceOrderError::ExternalRefTaken { .. }) => "external_ref_taken",
        Err(PlaceOrderError::InProgress) => "in_progress",
        Err(PlaceOrderError::TooManyUnpaidOrders(_) | PlaceOrderError::TooManyUnpaidUnits(_)) => "unpaid_limit",
        Err(PlaceOrderError::Unavailable) => "unavailable",
        Err(PlaceOrderError::Failed) => "failed",
    };
    INTAKE_OUTCOMES.with_label_values(&[outcome]).inc();
}

pub(crate) fn record_intake_batch(orders: usize, duration: Duration) {
    INTAKE_BATCH.observe(amount(orders));
    INTAKE_SECONDS.observe(duration.as_secs_f64());
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::ids::OrderId;
    use domain::money::Money;
    use domain::saga::PlanVersion;
    use uuid::Uuid;

    fn order(reason: Option<&str>, payment: OrderPaymentStatus) -> Order {
        let total = Money::new(100, "USD".parse().expect("a currency")).expect("an amount");
        let (order, _) = Order::accept(OrderId::from_uuid(Uuid::now_v7()), total, "sim_ok".to_owned());
        Order { reason: reason.map(str::to_owned), payment, ..order }
    }

    fn counted(status: OrderStatus, stored: &str, payment: OrderPaymentStatus) -> &'static str {
        let (_, reasons) = COUNTED_STATUSES.iter().find(|(counted, _)| *counted == status).expect("a counted status");
        reason_label(&order(Some(stored), payment), reasons)
    }

    #[test]
    fn a_rejection_counts_under_a_reason_of_ours_and_never_under_a_providers_code() {
        let rejected = |stored, payment| counted(OrderStatus::Rejected, stored, payment);

        assert_eq!(rejected("out_of_stock", OrderPaymentStatus::Unpaid), "out_of_stock");
        assert_eq!(rejected("do_not_honor", OrderPaymentStatus::Declined), "payment_declined");
        assert_eq!(rejected("shipment_refused:goods_not_accepted", OrderPaymentStatus::Voided), "shipment_refused");
        assert_eq!(rejected("a gateway's new code", OrderPaymentStatus::Unpaid), "other");
    }

    #[test]
    fn a_cancellation_counts_under_its_reason_and_never_under_a_clients_text() {
        let cancelled = |stored| counted(OrderStatus::Cancelled, stored, OrderPaymentStatus::Voided);

        assert_eq!(cancelled("customer_request"), "customer_request");
        assert_eq!(cancelled("admin_request"), "admin_request");
        assert_eq!(cancelled("fraud"), "fraud");
        for free in ["changed my mind", "card_declined", "none", "", "customer_request of 0192-77"] {
            assert_eq!(cancelled(free), "other", "{free}");
        }
        assert_eq!(counted(OrderStatus::Confirmed, "changed my mind", OrderPaymentStatus::Authorized), "none");
    }

    #[test]
    fn a_step_without_a_reply_counts_under_its_own_reason() {
        for step in PlanVersion::all().flat_map(|version| version.plan().steps) {
            assert_eq!(counted(OrderStatus::Rejected, step.unavailable, OrderPaymentStatus::Unpaid), step.unavailable);
        }
    }

    #[test]
    fn the_age_of_an_order_is_the_age_of_its_id() {
        let order = order(None, OrderPaymentStatus::Unpaid);
        let (seconds, nanos) = order.id.as_uuid().get_timestamp().expect("a time").to_unix();
        let later = Timestamp::from_timestamp(seconds.cast_signed() + 2, nanos).expect("a time");

        assert_eq!(age(&order, later), Duration::from_secs(2));
        assert_eq!(age(&order, Timestamp::UNIX_EPOCH), Duration::ZERO);
    }
}
