//! Orders, customers and vendors for the tests.

use domain::Timestamp;
use domain::ids::UserId;
use domain::money::Money;
use domain::order::order_request::{OrderLines, OrderRequest};
use domain::order::pricing::Offer;
use domain::order::{Adjustments, OrderDetails};
use domain::product::Line;
use messaging::{Trace, WriteContext};
use orders::{Fingerprint, Intake, IntakeLimits, NewOrder};
use platform::lifecycle::Lifecycle;
use sqlx::PgPool;
use std::time::Duration;
use uuid::Uuid;

pub const ALICE: UserId = UserId::from_uuid(Uuid::from_u128(1));
pub const BOB: UserId = UserId::from_uuid(Uuid::from_u128(2));
pub const HER_VENDOR: UserId = UserId::from_uuid(Uuid::from_u128(11));
pub const HIS_VENDOR: UserId = UserId::from_uuid(Uuid::from_u128(12));
pub const ROUTE: &str = "POST /orders";
pub const PRICE_MINOR: i64 = 1_999;
/// Longer than any test takes.
pub const TIMEOUT: Duration = Duration::from_secs(20);

pub fn now() -> Timestamp {
    platform::clock::now()
}

/// `HIS_VENDOR` sells the SKUs `HIS-…`, `HER_VENDOR` all others.
fn offer(line: &Line) -> Offer {
    let vendor_id = if line.sku.as_str().starts_with("HIS-") { HIS_VENDOR } else { HER_VENDOR };
    let unit_price = Money::new(PRICE_MINOR, "USD".parse().expect("a currency")).expect("an amount");
    Offer { name: format!("The {}", line.sku), vendor_id, unit_price, may_wait: false }
}

pub fn request(lines: &[(&str, i64)], note: Option<&str>) -> OrderRequest {
    let line = |(sku, quantity): &(&str, i64)| Line {
        sku: sku.parse().expect("a SKU"),
        quantity: (*quantity).try_into().expect("a quantity"),
    };
    OrderRequest {
        currency: None,
        lines: OrderLines::parse(lines.iter().map(line).collect()).expect("good lines"),
        payment_method: "sim_ok".parse().expect("a method"),
        note: note.map(|note| note.parse().expect("a note")),
        details: OrderDetails::default(),
        adjustments: Adjustments::default(),
        allocation_policy: None,
    }
}

pub fn order_of(customer_id: UserId, key: &str, request: &OrderRequest) -> NewOrder {
    let offers = request.lines.as_slice().iter().map(|line| Some(offer(line))).collect();
    let priced = request.lines.price(offers, request.currency).expect("good prices");
    let priced = priced.adjusted(&request.adjustments).expect("good adjustments");
    NewOrder {
        customer_id,
        principal: customer_id.into(),
        route: ROUTE,
        key: key.parse().expect("a key"),
        fingerprint: Fingerprint::of(request),
        lines: priced.lines,
        shipping_minor: priced.shipping_minor,
        total: priced.total,
        payment_method: request.payment_method.clone(),
        note: request.note.clone(),
        details: request.details.clone(),
        allocation_policy: request.allocation_policy,
        trace: Trace { correlation_id: format!("request-{key}"), causation_id: None, traceparent: None },
    }
}

pub fn order(key: &str) -> NewOrder {
    order_of(ALICE, key, &request(&[("SKU-HEADPHONES", 2), ("SKU-CABLE", 1)], None))
}

/// An intake, and the lifecycle that stops it.
pub fn intake(pool: &PgPool, limits: IntakeLimits) -> (Intake, Lifecycle) {
    let lifecycle = Lifecycle::default();
    (Intake::start(WriteContext::of(pool.clone()), limits, &lifecycle), lifecycle)
}

pub fn one_committer() -> IntakeLimits {
    IntakeLimits { intake_committers: 1, ..IntakeLimits::default() }
}

pub async fn count(pool: &PgPool, sql: &'static str) -> i64 {
    sqlx::query_scalar(sql).fetch_one(pool).await.expect("a count")
}

pub async fn execute(pool: &PgPool, sql: &'static str) {
    sqlx::raw_sql(sql).execute(pool).await.expect("it is done");
}
