//! Lists of shipments: pages, filters, vendors.

use crate::harness::{Harness, book, book_of, cancel, new_order, shipment, vendors_shipment};
use domain::ids::{ShipmentId, UserId};
use domain::page::PageSize;
use domain::shipment::ShipmentStatus;
use shipping::{ShipmentFilter, list_shipments};
use sqlx::PgPool;
use uuid::Uuid;

const HER: UserId = UserId::from_uuid(Uuid::from_u128(31));
const HIS: UserId = UserId::from_uuid(Uuid::from_u128(32));

/// All pages of two items.
async fn listed(pool: &PgPool, status: Option<ShipmentStatus>, vendor: Option<UserId>) -> Vec<ShipmentId> {
    let mut filter = ShipmentFilter { status, vendor, after: None, limit: PageSize::try_from(2).unwrap() };
    let mut listed = Vec::new();
    loop {
        let page = list_shipments(pool, &filter).await.unwrap();
        assert!(page.items.len() <= 2);
        listed.extend(page.items.iter().map(|shipment| shipment.shipment_id));
        let Some(next) = page.next else { return listed };
        filter.after = Some(next);
    }
}

#[sqlx::test(migrations = "../../migrations")]
async fn every_shipment_is_on_one_page_by_vendor_and_age(pool: PgPool) {
    let harness = Harness::new(pool);
    let orders = [new_order(), new_order(), new_order()];
    for order in orders {
        harness.handle(book_of(order, &[HIS, HER])).await;
    }
    let old = new_order();
    harness.handle(book(old, &[1])).await;
    let of = |vendor| orders.map(|order| vendors_shipment(order, vendor));

    let everybodys = listed(&harness.pool, None, None).await;
    let hers = listed(&harness.pool, None, Some(HER)).await;

    let without_vendor = vec![shipment(old, 1)];
    assert_eq!(everybodys, [without_vendor, of(HER).into(), of(HIS).into()].concat());
    assert_eq!(hers, of(HER));
    assert_eq!(listed(&harness.pool, None, Some(UserId::from_uuid(Uuid::from_u128(33)))).await, []);
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_list_of_one_status_has_no_other_shipments(pool: PgPool) {
    let harness = Harness::new(pool);
    let (waiting, cancelled) = (new_order(), new_order());
    harness.handle(book_of(waiting, &[HER, HIS])).await;
    harness.handle(book_of(cancelled, &[HER])).await;
    harness.handle(cancel(cancelled)).await;
    let id = vendors_shipment;

    let to_ship = listed(&harness.pool, Some(ShipmentStatus::Booked), None).await;
    let hers = listed(&harness.pool, Some(ShipmentStatus::Booked), Some(HER)).await;
    let ended = listed(&harness.pool, Some(ShipmentStatus::Cancelled), Some(HER)).await;

    assert_eq!(to_ship, [id(waiting, HER), id(waiting, HIS)]);
    assert_eq!((hers, ended), (vec![id(waiting, HER)], vec![id(cancelled, HER)]));
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_cursor_of_another_vendors_list_shows_nothing_of_it(pool: PgPool) {
    let harness = Harness::new(pool);
    let order = new_order();
    harness.handle(book_of(order, &[HER, HIS])).await;
    harness.handle(book_of(new_order(), &[HER, HIS])).await;
    let one = PageSize::try_from(1).unwrap();
    let his = ShipmentFilter { vendor: Some(HIS), limit: one, ..ShipmentFilter::default() };
    let after = list_shipments(&harness.pool, &his).await.unwrap().next;

    let hers = ShipmentFilter { vendor: Some(HER), after, ..ShipmentFilter::default() };
    let page = list_shipments(&harness.pool, &hers).await.unwrap();

    assert!(after.is_some() && page.items.iter().all(|shipment| shipment.vendor_id == Some(HER)));
}
