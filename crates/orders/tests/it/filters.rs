//! Each filter of the list of orders finds exactly its orders, for every viewer, page by page.

use crate::fixtures::{ALICE, BOB, HER_VENDOR, intake, order_of, request};
use chrono::TimeDelta;
use domain::ids::{OrderId, UserId};
use domain::order::order_request::OrderRequest;
use domain::order::{OrderDetails, OrderNumber, OrderPaymentStatus, OrderStatus};
use orders::{Accepted, Intake, IntakeLimits, OrderFilter, Viewer, list_orders};
use sqlx::PgPool;
use uuid::Uuid;

const STAFF: Viewer = Viewer::Admin(BOB);

fn any() -> OrderFilter {
    OrderFilter::default()
}

/// The orders of all pages of two.
async fn listed(pool: &PgPool, viewer: Viewer, filter: OrderFilter) -> Vec<OrderId> {
    let (mut all, mut after) = (Vec::new(), None);
    loop {
        let filter = OrderFilter { after, limit: 2.try_into().expect("a size"), ..filter.clone() };
        let page = list_orders(pool, viewer, filter).await.expect("a page");
        all.extend(page.items.into_iter().map(|order| order.id));
        after = page.next;
        if after.is_none() {
            return all;
        }
    }
}

async fn place(intake: &Intake, customer: UserId, key: &str, details: OrderDetails) -> Accepted {
    let wanted = OrderRequest { details, ..request(&[("SKU-CABLE", 1)], None) };
    intake.place(order_of(customer, key, &wanted)).await.expect("accepted")
}

async fn three_orders(pool: &PgPool) -> [OrderId; 3] {
    let (intake, _lifecycle) = intake(pool, IntakeLimits::default());
    let mut placed = Vec::new();
    for (key, customer) in [("a", ALICE), ("b", BOB), ("c", ALICE)] {
        placed.push(place(&intake, customer, key, OrderDetails::default()).await.order_id);
    }
    placed.try_into().expect("three")
}

/// As the migration computes it; 0 for open orders.
fn status_group(status: OrderStatus, payment: OrderPaymentStatus) -> i16 {
    match (status, payment) {
        (OrderStatus::Shipped, OrderPaymentStatus::Captured) => 35,
        (OrderStatus::Delivered, OrderPaymentStatus::Captured) => 45,
        (OrderStatus::Rejected, OrderPaymentStatus::Unpaid) => 51,
        _open => 0,
    }
}

async fn set(pool: &PgPool, order: OrderId, status: OrderStatus, payment: OrderPaymentStatus) {
    sqlx::query("UPDATE orders.orders SET status = $2, payment_status = $3, status_group = $4 WHERE id = $1")
        .bind(order.as_uuid())
        .bind(<&'static str>::from(status))
        .bind(<&'static str>::from(payment))
        .bind(status_group(status, payment))
        .execute(pool)
        .await
        .expect("updated");
}

#[sqlx::test(migrations = "../../migrations")]
async fn several_statuses_are_merged_in_the_order_of_the_pages(pool: PgPool) {
    use OrderPaymentStatus::{Authorized, Captured, Unpaid};
    use OrderStatus::{Confirmed, Delivered, Pending, Rejected, Shipped};
    let (intake, _lifecycle) = intake(&pool, IntakeLimits::default());
    let states =
        [(Pending, Unpaid), (Confirmed, Authorized), (Shipped, Captured), (Delivered, Captured), (Rejected, Unpaid)];
    let mut placed = Vec::new();
    for number in 0..20 {
        let customer = if number % 3 == 0 { BOB } else { ALICE };
        let id = place(&intake, customer, &format!("k-{number}"), OrderDetails::default()).await.order_id;
        let (status, payment) = states[number % states.len()];
        set(&pool, id, status, payment).await;
        placed.push((id, customer, status, payment));
    }

    let statuses = [vec![], vec![Pending], vec![Confirmed, Rejected], vec![Delivered, Shipped, Pending]];
    let payments = [vec![], vec![Unpaid], vec![Authorized, Captured]];
    for status in &statuses {
        for payment in &payments {
            let matches = |(_, _, has, paid): &&(OrderId, UserId, OrderStatus, OrderPaymentStatus)| {
                (status.is_empty() || status.contains(has)) && (payment.is_empty() || payment.contains(paid))
            };
            let expected: Vec<_> = placed.iter().rev().filter(matches).collect();
            let filter = OrderFilter { status: status.clone(), payment_status: payment.clone(), ..any() };
            let ids = |of: Option<UserId>| -> Vec<_> {
                expected.iter().filter(|order| of.is_none_or(|of| order.1 == of)).map(|order| order.0).collect()
            };
            for viewer in [STAFF, Viewer::Vendor(HER_VENDOR)] {
                assert_eq!(listed(&pool, viewer, filter.clone()).await, ids(None), "{viewer:?} {filter:?}");
            }
            assert_eq!(listed(&pool, Viewer::Customer(ALICE), filter.clone()).await, ids(Some(ALICE)), "{filter:?}");
            let of_bob = OrderFilter { customer: Some(BOB), ..filter };
            assert_eq!(listed(&pool, STAFF, of_bob).await, ids(Some(BOB)));
        }
    }
}

#[sqlx::test(migrations = "../../migrations")]
async fn orders_are_found_by_number_reference_and_metadata(pool: PgPool) {
    let (intake, _lifecycle) = intake(&pool, IntakeLimits::default());
    let details = |channel: &str| OrderDetails {
        external_ref: Some("#1".parse().expect("a reference")),
        metadata: [("channel".parse().expect("a key"), channel.parse().expect("a value"))].into(),
        ..OrderDetails::default()
    };
    let web = place(&intake, ALICE, "a", details("web")).await;
    let shop = place(&intake, BOB, "b", details("shop")).await;
    place(&intake, ALICE, "c", OrderDetails::default()).await;

    let number = |order_number: OrderNumber| OrderFilter { order_number: Some(order_number), ..any() };
    let with_ref = |name: &str| OrderFilter { external_ref: Some(name.parse().expect("a reference")), ..any() };
    let entry = |key: &str, value: &str| OrderFilter {
        metadata: Some((key.parse().expect("a key"), value.parse().expect("a value"))),
        ..any()
    };
    let alice = Viewer::Customer(ALICE);
    assert_eq!(listed(&pool, STAFF, number(shop.order_number)).await, [shop.order_id]);
    assert_eq!(listed(&pool, alice, number(shop.order_number)).await, []);
    assert_eq!(listed(&pool, alice, number(web.order_number)).await, [web.order_id]);
    assert_eq!(listed(&pool, STAFF, with_ref("#1")).await, [shop.order_id, web.order_id]);
    assert_eq!(listed(&pool, alice, with_ref("#1")).await, [web.order_id]);
    assert_eq!(listed(&pool, STAFF, with_ref("#2")).await, []);
    assert_eq!(listed(&pool, STAFF, entry("channel", "web")).await, [web.order_id]);
    assert_eq!(listed(&pool, alice, entry("channel", "web")).await, [web.order_id]);
    assert_eq!(listed(&pool, alice, entry("channel", "shop")).await, []);
    assert_eq!(listed(&pool, STAFF, entry("other", "web")).await, []);
}

#[sqlx::test(migrations = "../../migrations")]
async fn orders_are_found_by_attention_and_customer(pool: PgPool) {
    let [first, second, third] = three_orders(&pool).await;
    sqlx::query("UPDATE orders.orders SET attention = 'stuck' WHERE id = $1")
        .bind(second.as_uuid())
        .execute(&pool)
        .await
        .expect("updated");

    let attention = |attention| OrderFilter { attention: Some(attention), ..any() };
    let customer = |customer| OrderFilter { customer: Some(customer), ..any() };
    assert_eq!(listed(&pool, STAFF, attention(true)).await, [second]);
    assert_eq!(listed(&pool, STAFF, attention(false)).await, [third, first]);
    assert_eq!(listed(&pool, STAFF, customer(ALICE)).await, [third, first]);
    assert_eq!(listed(&pool, Viewer::Customer(ALICE), customer(BOB)).await, []);
}

/// Turns an order into one that was placed `age` ago and changed last `since` ago, in the future if it is negative.
async fn age(pool: &PgPool, order: OrderId, age: TimeDelta, since: TimeDelta) -> OrderId {
    let now = platform::clock::now();
    let placed = OrderId::lower_bound(now - age).as_uuid().as_u128();
    let aged = Uuid::from_u128(placed | 0x7000_8000_0000_0000_0001);
    sqlx::query("UPDATE orders.orders SET id = $2, created_at = $3, updated_at = $4, changed_on = $5 WHERE id = $1")
        .bind(order.as_uuid())
        .bind(aged)
        .bind(now - age)
        .bind(now - since)
        .bind((age - since > TimeDelta::hours(1)).then(|| (now - since).date_naive()))
        .execute(pool)
        .await
        .expect("changed");
    OrderId::from_uuid(aged)
}

#[sqlx::test(migrations = "../../migrations")]
async fn orders_are_found_by_the_time_of_their_last_change_however_old_they_are(pool: PgPool) {
    let [first, second, third] = three_orders(&pool).await;
    let (hours, minutes, never) = (TimeDelta::hours, TimeDelta::minutes, None);
    let third = age(&pool, third, minutes(50), minutes(5)).await;
    let second = age(&pool, second, hours(30), hours(26)).await;
    let first = age(&pool, first, hours(500), minutes(-100)).await;

    let since = |ago: Option<TimeDelta>| ago.map(|ago| platform::clock::now() - ago);
    let changed = |from, to| OrderFilter { changed_from: since(from), changed_to: since(to), ..any() };
    for (from, to, expected) in [
        (Some(minutes(10)), never, vec![third, first]),
        (Some(minutes(10)), Some(minutes(-30)), vec![third]),
        (Some(minutes(-30)), Some(hours(-3)), vec![first]),
        (Some(hours(27)), Some(hours(25)), vec![second]),
        (Some(hours(25)), never, vec![third, first]),
        (Some(hours(100_000)), Some(hours(-100_000)), vec![third, second, first]),
        (never, Some(minutes(10)), vec![second]),
        (Some(hours(-3)), never, vec![]),
    ] {
        assert_eq!(listed(&pool, STAFF, changed(from, to)).await, expected, "{from:?} {to:?}");
    }
    assert_eq!(listed(&pool, Viewer::Customer(ALICE), changed(Some(hours(100)), never)).await, [third, first]);
    assert_eq!(listed(&pool, Viewer::Customer(BOB), changed(Some(hours(100)), never)).await, [second]);
    let pending = OrderFilter { status: vec![OrderStatus::Pending], ..changed(Some(hours(100)), never) };
    assert_eq!(listed(&pool, STAFF, pending).await, [third, second, first]);
}
