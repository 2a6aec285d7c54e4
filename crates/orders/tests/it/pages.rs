//! Lists of orders and their timelines: pages, filters, visibility.

use crate::fixtures::{ALICE, BOB, HER_VENDOR, HIS_VENDOR, PRICE_MINOR, intake, now, order, order_of, request};
use domain::ids::{OrderId, ShipmentId, UserId, WarehouseId};
use domain::messages::BookedShipment;
use domain::order::{OrderStatus, TimelineEntry};
use domain::shipment::{ShipmentStatus, Transport};
use futures::future::join_all;
use orders::{Cursor, Intake, IntakeLimits, OrderFilter, Viewer, find_order, list_orders, order_events};
use sqlx::PgPool;
use std::time::Duration;
use uuid::Uuid;

async fn place(intake: &Intake, customer: UserId, key: &str, lines: &[(&str, i64)]) -> OrderId {
    intake.place(order_of(customer, key, &request(lines, None))).await.expect("accepted").order_id
}

async fn listed(pool: &PgPool, viewer: Viewer, filter: OrderFilter) -> Vec<OrderId> {
    let page = list_orders(pool, viewer, filter).await.expect("a page");
    page.items.into_iter().map(|order| order.id).collect()
}

#[sqlx::test(migrations = "../../migrations")]
async fn another_users_order_is_not_found(pool: PgPool) {
    let (intake, _lifecycle) = intake(&pool, IntakeLimits::default());
    let alices = place(&intake, ALICE, "k", &[("SKU-CABLE", 1)]).await;
    let hidden_from =
        [Viewer::Customer(BOB), Viewer::Vendor(HIS_VENDOR), Viewer::Vendor(BOB), Viewer::Customer(HER_VENDOR)];
    let visible_to = [Viewer::Customer(ALICE), Viewer::Vendor(ALICE), Viewer::Vendor(HER_VENDOR), Viewer::Admin(BOB)];

    for viewer in hidden_from {
        assert_eq!(find_order(&pool, alices, viewer).await.expect("a result"), None, "{viewer:?}");
        assert_eq!(order_events(&pool, alices, viewer).await.expect("a result"), None, "{viewer:?}");
        assert_eq!(listed(&pool, viewer, OrderFilter::default()).await, vec![], "{viewer:?}");
    }
    for viewer in visible_to {
        assert!(find_order(&pool, alices, viewer).await.expect("a result").is_some(), "{viewer:?}");
        assert_eq!(order_events(&pool, alices, viewer).await.expect("a result").map(|all| all.len()), Some(1));
        assert_eq!(listed(&pool, viewer, OrderFilter::default()).await, vec![alices], "{viewer:?}");
    }
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_vendor_sees_their_own_lines_and_their_total(pool: PgPool) {
    let (intake, _lifecycle) = intake(&pool, IntakeLimits::default());
    let id = place(&intake, ALICE, "k", &[("SKU-CABLE", 1), ("HIS-CABLE", 3), ("SKU-PLUG", 2)]).await;

    let whole = find_order(&pool, id, Viewer::Customer(ALICE)).await.expect("a result").expect("the order");
    let his = find_order(&pool, id, Viewer::Vendor(HIS_VENDOR)).await.expect("a result").expect("the order");
    let his_list = list_orders(&pool, Viewer::Vendor(HIS_VENDOR), OrderFilter::default()).await.expect("a page");

    assert_eq!((whole.lines.len(), whole.order.total.amount_minor), (3, 6 * PRICE_MINOR));
    assert_eq!(
        his.lines.iter().map(|line| (line.line_no, line.sku.as_str())).collect::<Vec<_>>(),
        vec![(2, "HIS-CABLE")]
    );
    assert_eq!(his.lines[0].line_total.amount_minor, 3 * PRICE_MINOR);
    assert_eq!((&his.order, his.order.total.amount_minor), (&his_list.items[0], 3 * PRICE_MINOR));
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_vendor_sees_the_orders_that_they_placed_and_their_own_lines_of_others(pool: PgPool) {
    let (intake, _lifecycle) = intake(&pool, IntakeLimits::default());
    let vendor = Viewer::Vendor(HER_VENDOR);
    let sold = place(&intake, ALICE, "sold", &[("SKU-CABLE", 1), ("HIS-CABLE", 1)]).await;
    let bought = place(&intake, HER_VENDOR, "bought", &[("HIS-CABLE", 2)]).await;
    let both = place(&intake, HER_VENDOR, "both", &[("SKU-CABLE", 1), ("HIS-CABLE", 1)]).await;
    place(&intake, ALICE, "not-hers", &[("HIS-CABLE", 1)]).await;

    assert_eq!(listed(&pool, vendor, OrderFilter::default()).await, vec![both, bought, sold]);
    for (id, lines) in [(sold, 1), (bought, 1), (both, 2)] {
        let order = find_order(&pool, id, vendor).await.expect("a result").expect("the order");
        let total: i64 = order.lines.iter().map(|line| line.line_total.amount_minor).sum();
        assert_eq!((order.lines.len(), order.order.total.amount_minor), (lines, total), "{id}");
    }
    let (mut seen, mut after) = (Vec::new(), None);
    for _page in 0..4 {
        let filter = OrderFilter { after, limit: 1.try_into().expect("a size"), ..OrderFilter::default() };
        let page = list_orders(&pool, vendor, filter).await.expect("a page");
        seen.extend(page.items.iter().map(|order| order.id));
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    assert_eq!(seen, vec![both, bought, sold]);
}

#[sqlx::test(migrations = "../../migrations")]
async fn pages_contain_every_order_once_while_new_orders_arrive(pool: PgPool) {
    let (intake, _lifecycle) = intake(&pool, IntakeLimits::default());
    let placed = join_all((0..95).map(|number| intake.place(order(&format!("k-{number}"))))).await;
    let mut expected: Vec<_> = placed.into_iter().map(|result| result.expect("accepted").order_id).collect();
    expected.sort_unstable_by(|one, other| other.cmp(one));

    let (mut seen, mut after) = (Vec::new(), None::<Cursor>);
    for round in 0.. {
        let filter = OrderFilter { after, limit: 10.try_into().expect("a size"), ..OrderFilter::default() };
        let page = list_orders(&pool, Viewer::Customer(ALICE), filter).await.expect("a page");
        seen.extend(page.items.into_iter().map(|order| order.id));
        place(&intake, ALICE, &format!("new-{round}"), &[("SKU-CABLE", 1)]).await;
        let Some(next) = page.next else { break };
        after = Some(next.to_string().parse().expect("our own cursor"));
    }

    assert_eq!(seen, expected);
}

#[sqlx::test(migrations = "../../migrations")]
async fn filters_restrict_the_list(pool: PgPool) {
    let (intake, _lifecycle) = intake(&pool, IntakeLimits::default());
    let before = now();
    let cable = place(&intake, ALICE, "a", &[("SKU-CABLE", 1)]).await;
    let both = place(&intake, ALICE, "b", &[("SKU-PLUG", 1), ("HIS-CABLE", 1)]).await;
    set_status(&pool, both, "rejected").await;
    let after = now() + Duration::from_secs(1);
    let any = OrderFilter::default;
    let sku = |sku: &str| OrderFilter { sku: Some(sku.parse().expect("a SKU")), ..any() };
    let status = |status| OrderFilter { status: vec![status], ..any() };

    let alice = Viewer::Customer(ALICE);
    assert_eq!(listed(&pool, alice, any()).await, vec![both, cable]);
    assert_eq!(listed(&pool, alice, status(OrderStatus::Rejected)).await, vec![both]);
    assert_eq!(listed(&pool, alice, sku("SKU-CABLE")).await, vec![cable]);
    assert_eq!(listed(&pool, Viewer::Vendor(HIS_VENDOR), sku("SKU-PLUG")).await, vec![]);
    assert_eq!(listed(&pool, Viewer::Vendor(HER_VENDOR), sku("SKU-PLUG")).await, vec![both]);
    let span = |from, to| OrderFilter { created_from: Some(from), created_to: Some(to), ..any() };
    assert_eq!(listed(&pool, Viewer::Admin(BOB), span(before, after)).await, vec![both, cable]);
    assert_eq!(listed(&pool, Viewer::Admin(BOB), span(after, after + Duration::from_mins(1))).await, vec![]);
    assert_eq!(listed(&pool, Viewer::Admin(BOB), span(before - Duration::from_mins(1), before)).await, vec![]);
}

async fn set_status(pool: &PgPool, order: OrderId, status: &str) {
    sqlx::query(
        "UPDATE orders.orders SET status = $2, status_group = CASE $2 WHEN 'rejected' THEN 51 ELSE 0 END WHERE id = $1",
    )
    .bind(order.as_uuid())
    .bind(status)
    .execute(pool)
    .await
    .expect("updated");
}

#[sqlx::test(migrations = "../../migrations")]
async fn only_admins_see_the_attention_reason_and_the_id_of_the_actor(pool: PgPool) {
    let (intake, _lifecycle) = intake(&pool, IntakeLimits::default());
    let id = place(&intake, ALICE, "k", &[("SKU-CABLE", 1)]).await;
    sqlx::query("UPDATE orders.orders SET attention = 'undo_unanswered'").execute(&pool).await.expect("updated");

    let (mut attention, mut actors) = (Vec::new(), Vec::new());
    for viewer in [Viewer::Customer(ALICE), Viewer::Vendor(HER_VENDOR), Viewer::Admin(BOB)] {
        let order = find_order(&pool, id, viewer).await.expect("a result").expect("the order");
        attention.push(order.order.attention);
        let events = order_events(&pool, id, viewer).await.expect("a result").expect("the order");
        actors.push(events[0].actor.clone().expect("an actor"));
    }

    assert_eq!(attention, vec![None, None, Some("undo_unanswered".to_owned())]);
    assert_eq!(actors, vec!["customer".to_owned(), "customer".to_owned(), format!("customer:{ALICE}")]);
}

#[sqlx::test(migrations = "../../migrations")]
async fn an_order_shows_the_status_of_its_shipments(pool: PgPool) {
    let (intake, _lifecycle) = intake(&pool, IntakeLimits::default());
    let id = place(&intake, ALICE, "k", &[("SKU-CABLE", 1), ("HIS-CABLE", 1)]).await;
    let booked = |number: u128| {
        let warehouse_id = WarehouseId::from_uuid(Uuid::from_u128(number));
        let shipment_id = ShipmentId::of(id, warehouse_id);
        let (carrier, tracking_number) = ("simulated".to_owned(), format!("SIM{number}"));
        BookedShipment { shipment_id, warehouse_id, carrier, tracking_number, promised_by: now() }
    };
    let shipments = vec![booked(1), booked(2), booked(3)];
    let [first, second] = [shipments[0].shipment_id, shipments[1].shipment_id];
    let transport = Transport { carrier: "DHL".to_owned(), tracking_number: "JJD2".to_owned() };
    record(&pool, id, 2, &TimelineEntry::Confirmed { shipments }).await;
    record(&pool, id, 3, &handed_over(first, 2, None)).await;
    record(&pool, id, 4, &TimelineEntry::ShipmentDelivered { shipment_id: first, remaining: 2 }).await;
    record(&pool, id, 5, &handed_over(second, 1, Some(transport))).await;
    record(&pool, id, 6, &TimelineEntry::ShipmentInTransit { shipment_id: second }).await;

    let alices = find_order(&pool, id, Viewer::Customer(ALICE)).await.expect("a result").expect("the order");
    let vendors = find_order(&pool, id, Viewer::Vendor(HER_VENDOR)).await.expect("a result").expect("the order");

    let seen: Vec<_> = alices.shipments.iter().map(|it| (it.tracking_number.as_str(), it.status)).collect();
    let expected =
        [("SIM1", ShipmentStatus::Delivered), ("JJD2", ShipmentStatus::InTransit), ("SIM3", ShipmentStatus::Booked)];
    assert_eq!(seen, expected);
    assert!(vendors.shipments.is_empty());
}

fn handed_over(shipment_id: ShipmentId, remaining: usize, transport: Option<Transport>) -> TimelineEntry {
    TimelineEntry::ShipmentHandedOver { shipment_id, remaining, transport }
}

async fn record(pool: &PgPool, order: OrderId, version: i32, entry: &TimelineEntry) {
    let written = "WITH moved AS (UPDATE orders.orders SET version = $2, fulfilment_status = 'booked' WHERE id = $1)
                   INSERT INTO orders.events (order_id, version, kind, from_status, to_status, detail, at)
                   VALUES ($1, $2, $3, 'confirmed', 'confirmed', $4, now())";
    sqlx::query(written)
        .bind(order.as_uuid())
        .bind(version)
        .bind(entry.kind())
        .bind(entry.detail())
        .execute(pool)
        .await
        .expect("recorded");
}
