//! Each filter of the list of orders finds exactly its orders, for every viewer, page by page.

use crate::fixtures::{ALICE, BOB, HER_VENDOR, execute, intake, order_of, request};
use domain::Timestamp;
use domain::ids::{OrderId, UserId};
use domain::order::order_request::OrderRequest;
use domain::order::{OrderDetails, OrderNumber, OrderPaymentStatus, OrderStatus};
use orders::{Accepted, Intake, IntakeLimits, OrderFilter, Viewer, list_orders};
use sqlx::PgPool;
use std::time::Duration;

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
fn lane(status: OrderStatus, payment: OrderPaymentStatus) -> i16 {
    match (status, payment) {
        (OrderStatus::Shipped, OrderPaymentStatus::Captured) => 35,
        (OrderStatus::Delivered, OrderPaymentStatus::Captured) => 45,
        (OrderStatus::Rejected, OrderPaymentStatus::Unpaid) => 51,
        _open => 0,
    }
}

async fn set(pool: &PgPool, order: OrderId, status: OrderStatus, payment: OrderPaymentStatus) {
    sqlx::query("UPDATE orders.orders SET status = $2, payment_status = $3, lane = $4 WHERE id = $1")
        .bind(order.as_uuid())
        .bind(<&'static str>::from(status))
        .bind(<&'static str>::from(payment))
        .bind(lane(status, payment))
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

#[sqlx::test(migrations = "../../migrations")]
async fn orders_are_found_by_the_time_of_their_last_change_however_old_they_are(pool: PgPool) {
    let [first, second, third] = three_orders(&pool).await;
    // The first was created a day before the others, and changed after them.
    let changes = "UPDATE orders.orders SET updated_at = created_at + interval '1 hour';
                   INSERT INTO orders.events (order_id, version, kind, to_status, at)
                   SELECT id, 2, 'stock_reserved', 'pending', updated_at FROM orders.orders";
    execute(&pool, changes).await;
    let old = OrderId::lower_bound(platform::clock::now() - Duration::from_hours(24));
    let older_id = uuid::Uuid::from_u128(old.as_uuid().as_u128() | 0x7000_8000_0000_0000_0001);
    for sql in [
        "UPDATE orders.orders SET created_at = created_at - interval '1 day', id = $2, updated_at = now() + interval '2 hours' WHERE id = $1",
        "UPDATE orders.events SET order_id = $2, at = at - interval '1 day' WHERE order_id = $1",
        "INSERT INTO orders.events (order_id, version, kind, to_status, at)
         SELECT id, 3, 'confirmed', 'confirmed', updated_at FROM orders.orders WHERE id = $2 AND $1::uuid <> $2",
    ] {
        sqlx::query(sql).bind(first.as_uuid()).bind(older_id).execute(&pool).await.expect("changed");
    }
    let older = OrderId::from_uuid(older_id);

    let now = platform::clock::now();
    let changed =
        |from: Option<Timestamp>, to: Option<Timestamp>| OrderFilter { changed_from: from, changed_to: to, ..any() };
    let (recently, soon, later) =
        (now - Duration::from_mins(30), now + Duration::from_mins(90), now + Duration::from_hours(3));
    assert_eq!(listed(&pool, STAFF, changed(Some(recently), None)).await, [third, second, older]);
    assert_eq!(listed(&pool, STAFF, changed(Some(recently), Some(soon))).await, [third, second]);
    assert_eq!(listed(&pool, STAFF, changed(Some(soon), Some(later))).await, [older]);
    assert_eq!(listed(&pool, STAFF, changed(None, Some(recently))).await, []);
    assert_eq!(listed(&pool, Viewer::Customer(ALICE), changed(Some(recently), None)).await, [third, older]);
    assert_eq!(listed(&pool, Viewer::Customer(BOB), changed(Some(recently), None)).await, [second]);
}
