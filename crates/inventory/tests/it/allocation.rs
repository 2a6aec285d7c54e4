//! The policy of an order's allocation, and the stored decision.

use crate::harness::{Harness, allocations, order, rejected, release, reserve, reserve_as, ship};
use domain::ids::{OrderId, WarehouseId};
use domain::inventory::{AllocationPolicy, Alternative, AlternativeReason, Warehouse, WarehouseChange, WarehouseRef};
use domain::location::Location;
use domain::messages::{InventoryCommand, Shortage};
use inventory::{AllocationStatus, AllocationView};
use platform::audit::NoAudit;
use sqlx::PgPool;

fn location(country: &str, region: &str) -> Location {
    Location { country: country.parse().expect("a country"), region: Some(region.parse().expect("a region")) }
}

fn alternative(warehouse: WarehouseId, reason: AlternativeReason) -> Alternative {
    Alternative { warehouses: vec![warehouse], reason, shortages: vec![] }
}

fn short(warehouse: WarehouseId, name: &str, requested: u32, available: u32) -> Alternative {
    let shortages = vec![Shortage { sku: name.parse().expect("a SKU"), requested, available }];
    Alternative { shortages, ..alternative(warehouse, AlternativeReason::NotEnough) }
}

impl Harness {
    async fn allocation(&self, order: OrderId) -> AllocationView {
        inventory::find_allocation(&self.pool, order).await.expect("found")
    }

    async fn locate(&self, warehouse: WarehouseId, at: &Location) -> Warehouse {
        let change = WarehouseChange {
            country: Some(at.country.clone()),
            region: at.region.clone(),
            ..WarehouseChange::default()
        };
        let (reference, now) = (WarehouseRef::Id(warehouse), platform::clock::now());
        inventory::update_warehouse(&self.pool, &reference, &change, now, &NoAudit).await.expect("changed")
    }
}

#[sqlx::test(migrations = "../../migrations")]
async fn the_decision_is_stored_with_the_reservation_and_kept_after_its_release(pool: PgPool) {
    let harness = Harness::new(pool, &[("A", 9, 9)]).await;
    let order = order();

    harness.reserve(order, &[("A", 5)]).await;
    let decided = harness.allocation(order).await;
    harness.handle_all(&[release(order)]).await;

    assert_eq!(decided.status, AllocationStatus::Allocated);
    assert_eq!(decided.policy, Some(AllocationPolicy::SingleWarehouseFirst));
    assert!(decided.decided_at.is_some_and(|at| at <= platform::clock::now()));
    assert_eq!(decided.allocations.len(), 1);
    assert_eq!((decided.allocations[0].warehouse_id, decided.allocations[0].quantity.get()), (harness.east, 5));
    assert_eq!(decided.alternatives, [alternative(harness.west, AlternativeReason::LowerPriority)]);
    assert_eq!(harness.allocation(order).await, decided, "after the release");
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_rejected_order_has_its_decision_too_and_a_repeated_command_does_not_change_it(pool: PgPool) {
    let harness = Harness::new(pool, &[("A", 2, 3)]).await;
    let order = order();

    let reply = harness.reserve(order, &[("A", 6)]).await;
    let decided = harness.allocation(order).await;
    harness.receive(&[("A", 50, 0)]).await;
    harness.reserve(order, &[("A", 6)]).await;

    assert_eq!(reply, rejected(order, &[("A", 6, 5)]));
    assert_eq!(decided.status, AllocationStatus::Rejected);
    assert_eq!(decided.shortages.len(), 1);
    assert_eq!(decided.alternatives, [short(harness.east, "A", 6, 2), short(harness.west, "A", 6, 3)]);
    assert_eq!(harness.allocation(order).await, decided, "after the repeat");
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_command_overrides_the_policy_of_the_settings(pool: PgPool) {
    let mut harness = Harness::new(pool, &[("A", 2, 9)]).await;
    harness.policy = AllocationPolicy::Priority;
    let (by_setting, by_order) = (order(), order());

    let split = harness.reserve(by_setting, &[("A", 3)]).await;
    let policy = Some(AllocationPolicy::MinimiseSplits);
    let whole = harness.handle_all(&[reserve_as(by_order, &[("A", 3)], policy, None)]).await;

    assert_eq!(allocations(&split), [(harness.west, "A".to_owned(), 1), (harness.east, "A".to_owned(), 2)]);
    assert_eq!(allocations(&whole[0]), [(harness.west, "A".to_owned(), 3)]);
    assert_eq!(harness.allocation(by_setting).await.policy, Some(AllocationPolicy::Priority));
    assert_eq!(harness.allocation(by_order).await.policy, policy);
    harness.assert_ledger_consistent().await;
}

#[sqlx::test(migrations = "../../migrations")]
async fn the_nearest_warehouse_serves_an_order_with_a_destination(pool: PgPool) {
    let mut harness = Harness::new(pool, &[("A", 9, 9)]).await;
    harness.policy = AllocationPolicy::Nearest;
    let (far, near) = (location("US", "NJ"), location("US", "NV"));
    harness.locate(harness.east, &far).await;
    let west = harness.locate(harness.west, &near).await;
    let (located, unknown) = (order(), order());

    let replies = harness
        .handle_all(&[reserve_as(located, &[("A", 3)], None, Some(near.clone())), reserve(unknown, &[("A", 3)])])
        .await;

    assert_eq!(west.location, Some(near));
    assert_eq!(allocations(&replies[0]), [(harness.west, "A".to_owned(), 3)]);
    assert_eq!(allocations(&replies[1]), [(harness.east, "A".to_owned(), 3)]);
    let rejected = harness.allocation(located).await.alternatives;
    assert_eq!(rejected, [alternative(harness.east, AlternativeReason::Farther)]);
}

#[sqlx::test(migrations = "../../migrations")]
async fn units_that_an_order_waits_for_come_from_the_nearest_warehouse_too(pool: PgPool) {
    let mut harness = Harness::new(pool, &[("A", 0, 0)]).await;
    harness.policy = AllocationPolicy::Nearest;
    let near = location("US", "NV");
    harness.locate(harness.east, &location("US", "NJ")).await;
    harness.locate(harness.west, &near).await;
    let mut command = reserve_as(order(), &[("A", 3)], None, Some(near));
    if let InventoryCommand::Reserve(reserve) = &mut command.command {
        reserve.lines[0].may_wait = true;
    }
    harness.handle_all(&[command]).await;
    harness.receive(&[("A", 9, 9)]).await;

    let filled = harness.fill().await;

    assert_eq!(allocations(&filled[0]), [(harness.west, "A".to_owned(), 3)]);
}

#[sqlx::test(migrations = "../../migrations")]
async fn an_order_without_a_decision_is_undecided(pool: PgPool) {
    let harness = Harness::new(pool, &[("A", 9, 9)]).await;
    let (unknown, undone) = (order(), order());
    harness.handle_all(&[release(undone)]).await;
    harness.reserve(undone, &[("A", 1)]).await;

    for order in [unknown, undone] {
        let view = harness.allocation(order).await;
        assert_eq!((view.status, view.policy, view.decided_at), (AllocationStatus::Undecided, None, None));
    }
}

#[sqlx::test(migrations = "../../migrations")]
async fn the_decision_is_removed_with_the_order(pool: PgPool) {
    let harness = Harness::new(pool, &[("A", 9, 9)]).await;
    let (ended, open) = (order(), order());
    harness.handle_all(&[reserve(ended, &[("A", 1)]), reserve(open, &[("A", 1)])]).await;
    harness.handle_all(&[ship(ended, harness.east)]).await;

    inventory::remove_orders(&harness.pool, &[ended, open]).await.expect("removed");

    let kept =
        sqlx::query_scalar!("SELECT order_id FROM inventory.allocation_decisions").fetch_all(&harness.pool).await;
    assert_eq!(kept.expect("read"), [open.as_uuid()]);
}
