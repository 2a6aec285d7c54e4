//! What people do to stock, and what keeps them from doing it wrong.

use crate::harness::{House, order, reserve, sku};
use domain::ids::WarehouseId;
use domain::inventory::{AdjustmentKind, Origin, StockRefusal, Warehouse};
use inventory::{AdjustStockError, Adjustment, CreateWarehouseError, Drift, Receipt, StockFilter, StockItem};
use messaging::HandleError;
use platform::answer::AnswerSink;
use platform::clock::now;
use platform::witness::{Change, Unwitnessed, Witness};
use sqlx::{PgConnection, PgPool};
use uuid::Uuid;

fn adjustment(warehouse_id: WarehouseId, kind: AdjustmentKind, quantity: i32) -> Adjustment {
    let (reason, actor) = ("count of Monday".to_owned(), "admin:1".to_owned());
    Adjustment { sku: sku("A"), warehouse_id, kind, quantity, reason, actor }
}

#[sqlx::test(migrations = "../../migrations")]
async fn an_adjustment_moves_the_counters_and_says_who_and_why(pool: PgPool) {
    let house = House::open(pool, &[("A", 10, 0)]).await;

    for (kind, quantity, on_hand) in
        [(AdjustmentKind::Received, 5, 15), (AdjustmentKind::Adjusted, -3, 12), (AdjustmentKind::Returned, 1, 13)]
    {
        let item =
            inventory::adjust_stock(&house.pool, adjustment(house.east, kind, quantity), now(), &Unwitnessed).await;
        assert_eq!(item.expect("adjusted").level.on_hand(), on_hand);
    }

    let last = sqlx::query!("SELECT kind, on_hand_delta, actor, reason FROM inventory.ledger ORDER BY id DESC LIMIT 1");
    let last = last.fetch_one(&house.pool).await.expect("read");
    assert_eq!((last.kind.as_str(), last.on_hand_delta), ("returned", 1));
    assert_eq!((last.actor.as_deref(), last.reason.as_deref()), (Some("admin:1"), Some("count of Monday")));
    house.assert_books_agree().await;
}

#[sqlx::test(migrations = "../../migrations")]
async fn an_adjustment_never_takes_what_is_promised(pool: PgPool) {
    let house = House::open(pool, &[("A", 10, 0)]).await;
    house.ask(&[reserve(order(), &[("A", 8)])]).await;
    let adjust = |place, kind, quantity| {
        inventory::adjust_stock(&house.pool, adjustment(place, kind, quantity), now(), &Unwitnessed)
    };

    let too_deep = adjust(house.east, AdjustmentKind::Adjusted, -3).await.expect_err("refused");
    let backwards = adjust(house.east, AdjustmentKind::Received, -1).await.expect_err("refused");
    let nowhere = adjust(WarehouseId::from_uuid(Uuid::now_v7()), AdjustmentKind::Received, 1).await;

    let below = StockRefusal::BelowReserved { removed: 3, on_hand: 10, reserved: 8 };
    assert!(matches!(too_deep, AdjustStockError::Refused(refusal) if refusal == below), "{too_deep}");
    assert!(matches!(backwards, AdjustStockError::Refused(StockRefusal::BadQuantity)), "{backwards}");
    assert!(matches!(nowhere, Err(AdjustStockError::UnknownWarehouse)), "{nowhere:?}");
    assert_eq!(house.counters("A").await, [(10, 8), (0, 0)]);
}

/// Keeps no answer, as when the connection breaks.
struct Forgetful;

impl Witness for Forgetful {
    async fn note(&self, _tx: &mut PgConnection, _change: Change) -> sqlx::Result<()> {
        Ok(())
    }
}

impl AnswerSink<StockItem> for Forgetful {
    async fn keep(&self, _tx: &mut PgConnection, _outcome: &StockItem) -> sqlx::Result<()> {
        Err(sqlx::Error::PoolClosed)
    }
}

#[sqlx::test(migrations = "../../migrations")]
async fn an_adjustment_whose_answer_cannot_be_kept_did_not_happen(pool: PgPool) {
    let house = House::open(pool, &[("A", 10, 0)]).await;

    let adjusted = adjustment(house.east, AdjustmentKind::Received, 5);
    inventory::adjust_stock(&house.pool, adjusted, now(), &Forgetful).await.expect_err("no answer");

    assert_eq!(house.counters("A").await, [(10, 0), (0, 0)]);
    house.assert_books_agree().await;
}

#[sqlx::test(migrations = "../../migrations")]
async fn stock_is_listed_page_by_page_and_filtered(pool: PgPool) {
    let house = House::open(pool, &[("A", 1, 0), ("B", 9, 9), ("b", 5, 5)]).await;
    inventory::set_low_stock_threshold(&house.pool, &sku("A"), house.east, Some(1), now(), &Unwitnessed)
        .await
        .expect("set");
    inventory::set_low_stock_threshold(&house.pool, &sku("B"), house.east, Some(1), now(), &Unwitnessed)
        .await
        .expect("set");
    let mut filter = StockFilter { limit: 4, ..StockFilter::default() };

    let first = inventory::list_stock(&house.pool, &filter).await.expect("listed");
    filter.after.clone_from(&first.next);
    let second = inventory::list_stock(&house.pool, &filter).await.expect("listed");
    let low = StockFilter { low_only: true, limit: 10, ..StockFilter::default() };
    let low = inventory::list_stock(&house.pool, &low).await.expect("listed");
    let west =
        StockFilter { warehouse_id: Some(house.west), skus: Some(vec![sku("b")]), limit: 10, ..StockFilter::default() };
    let west = inventory::list_stock(&house.pool, &west).await.expect("listed");

    let names = |page: &inventory::StockPage| page.items.iter().map(|item| item.sku.to_string()).collect::<Vec<_>>();
    assert_eq!(
        (names(&first), names(&second)),
        (vec!["A".into(), "A".into(), "B".into(), "B".into()], vec!["b".into(); 2])
    );
    assert_eq!(second.next, None);
    assert_eq!((names(&low), low.items[0].is_low()), (vec!["A".to_owned()], true));
    assert_eq!((west.items.len(), west.items[0].warehouse_code.as_str()), (1, "WEST"));
}

#[sqlx::test(migrations = "../../migrations")]
async fn seeding_twice_receives_once(pool: PgPool) {
    let house = House::open(pool, &[]).await;
    let receipt = |name: &str, pieces| Receipt { sku: sku(name), warehouse_id: house.west, pieces };
    let receipts = [receipt("A", 10), receipt("NONE-LEFT", 0)];
    let origin = Origin::Person { actor: "seed".to_owned(), reason: "demo".to_owned() };

    let first = inventory::receive_new(&house.pool, &receipts, &origin, now()).await.expect("seeded");
    let second = inventory::receive_new(&house.pool, &receipts, &origin, now()).await.expect("seeded");

    assert_eq!((first, second), (2, 0));
    assert_eq!(house.counters("A").await, [(0, 0), (10, 0)]);
    assert_eq!(inventory::find_stock(&house.pool, &sku("NONE-LEFT")).await.expect("found").len(), 1);
    house.assert_books_agree().await;
}

#[sqlx::test(migrations = "../../migrations")]
async fn warehouses_are_listed_by_priority_and_a_code_is_taken_once(pool: PgPool) {
    let house = House::open(pool, &[]).await;
    let id = WarehouseId::from_uuid(Uuid::now_v7());
    let twin = Warehouse::new(id, "EAST".parse().expect("a code"), "Another", 0).expect("a warehouse");

    let taken = inventory::create_warehouse(&house.pool, &twin, now(), &Unwitnessed).await;

    assert!(matches!(taken, Err(CreateWarehouseError::CodeTaken)));
    let listed = inventory::list_warehouses(&house.pool).await.expect("listed");
    assert_eq!(listed.iter().map(|warehouse| warehouse.id).collect::<Vec<_>>(), [house.east, house.west]);
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_counter_changed_by_hand_is_found(pool: PgPool) {
    let house = House::open(pool, &[("A", 10, 0), ("B", 10, 0)]).await;
    house.ask(&[reserve(order(), &[("A", 4)])]).await;
    house.assert_books_agree().await;

    let by_hand = sqlx::query!("UPDATE inventory.stock SET reserved = 3 WHERE sku = 'A' AND reserved = 4");
    by_hand.execute(&house.pool).await.expect("written");

    let expected = Drift {
        sku: sku("A"),
        warehouse_id: house.east,
        on_hand: 10,
        reserved: 3,
        ledger_on_hand: 10,
        ledger_reserved: 4,
        held: 4,
    };
    assert_eq!(inventory::find_drift(&house.pool).await.expect("looked"), [expected]);
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_release_that_contradicts_its_counter_is_a_failure_of_its_own(pool: PgPool) {
    let house = House::open(pool, &[("A", 10, 0)]).await;
    let order_id = order();
    house.ask(&[reserve(order_id, &[("A", 4)])]).await;
    let by_hand = sqlx::query!("UPDATE inventory.stock SET reserved = 3 WHERE sku = 'A' AND reserved = 4");
    by_hand.execute(&house.pool).await.expect("written");

    let failure = house.handle(&[crate::harness::release(order_id)]).await.expect_err("can't be stored");

    assert!(matches!(&failure, HandleError::Failed(why) if why.to_string().contains("contradicts")), "{failure}");
}

#[sqlx::test(migrations = "../../migrations")]
async fn the_ledger_refuses_to_be_rewritten(pool: PgPool) {
    let house = House::open(pool, &[("A", 10, 0)]).await;

    let changed = sqlx::query!("UPDATE inventory.ledger SET on_hand_delta = 0").execute(&house.pool).await;
    let deleted = sqlx::query!("DELETE FROM inventory.ledger").execute(&house.pool).await;

    assert!(changed.expect_err("refused").to_string().contains("only ever added to"));
    assert!(deleted.expect_err("refused").to_string().contains("only ever added to"));
    house.assert_books_agree().await;
}
