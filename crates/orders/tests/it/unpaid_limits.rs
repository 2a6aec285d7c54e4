//! A customer's open unpaid orders are limited, because their stock is reserved.

use crate::fixtures::{ALICE, BOB, execute, intake, order_of, request};
use domain::ids::UserId;
use orders::{Accepted, Intake, IntakeLimits, PlaceOrderError, UnpaidArgs};
use platform::lifecycle::Lifecycle;
use sqlx::PgPool;

fn limited(pool: &PgPool, unpaid_orders_max: u32, unpaid_units_max: u32) -> (Intake, Lifecycle) {
    let unpaid = UnpaidArgs { unpaid_orders_max, unpaid_units_max };
    intake(pool, IntakeLimits { unpaid, ..IntakeLimits::default() })
}

async fn place(intake: &Intake, customer: UserId, key: &str, units: u32) -> Result<Accepted, PlaceOrderError> {
    intake.place(order_of(customer, key, &request(&[("SKU-HEADPHONES", units.into())], None))).await
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_customer_with_too_many_unpaid_orders_is_refused_until_one_is_paid_and_others_are_not(pool: PgPool) {
    let (intake, _lifecycle) = limited(&pool, 4, 0);
    for key in ["1", "2", "3", "4"] {
        place(&intake, ALICE, key, 1).await.expect("within the limit");
    }

    assert_eq!(place(&intake, ALICE, "5", 1).await, Err(PlaceOrderError::TooManyUnpaidOrders(4)));
    place(&intake, BOB, "5", 1).await.expect("another customer");
    let repeated = place(&intake, ALICE, "4", 1).await.expect("a repeat gets its first response");
    assert!(repeated.replayed);

    execute(
        &pool,
        "UPDATE orders.orders SET payment_status = 'authorized' WHERE id = (SELECT min(id::text)::uuid
                    FROM orders.orders)",
    )
    .await;
    place(&intake, ALICE, "5", 1).await.expect("one is paid");
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_customer_can_not_hold_more_units_unpaid_than_the_limit(pool: PgPool) {
    let (intake, _lifecycle) = limited(&pool, 0, 100);
    place(&intake, ALICE, "1", 60).await.expect("within the limit");

    assert_eq!(place(&intake, ALICE, "2", 41).await, Err(PlaceOrderError::TooManyUnpaidUnits(100)));
    place(&intake, ALICE, "3", 40).await.expect("exactly the limit");
    assert_eq!(place(&intake, BOB, "4", 101).await, Err(PlaceOrderError::TooManyUnpaidUnits(100)));
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_process_that_has_just_started_counts_what_others_accepted(pool: PgPool) {
    let (first, _lifecycle) = limited(&pool, 8, 0);
    for key in 0..8 {
        place(&first, ALICE, &key.to_string(), 1).await.expect("within the limit");
    }

    let (second, _lifecycle) = limited(&pool, 8, 0);
    let mut admitted = 0;
    while place(&second, ALICE, &format!("second-{admitted}"), 1).await.is_ok() {
        admitted += 1;
    }

    assert_eq!(admitted, 2, "a quarter of the limit");
}

#[sqlx::test(migrations = "../../migrations")]
async fn concurrent_orders_of_a_customer_hold_no_more_units_than_the_limit(pool: PgPool) {
    let (intake, _lifecycle) = limited(&pool, 0, 10_000);
    let keys: Vec<_> = (0..100).map(|key| key.to_string()).collect();

    let placed = keys.iter().map(|key| place(&intake, ALICE, key, 1_000));
    let placed = futures::future::join_all(placed).await.into_iter().flatten().count();

    assert_eq!(placed, 10);
}
