//! More orders than stock.

use std::time::Duration;
use system_tests::load::{orders_of, place_all};
use system_tests::{SeedProduct, TestSystem};

const LIMIT: Duration = Duration::from_mins(1);

#[tokio::test]
async fn of_two_hundred_orders_for_the_last_fifty_units_fifty_are_confirmed() {
    let system =
        TestSystem::of("stock_race").product(SeedProduct::in_both("SKU-LAST", 30, 20)).workers(2).start().await;
    let client = system.client().signed_up("crowd").await;

    let accepted = place_all(&client, &orders_of("SKU-LAST", 200)).await;
    system.until_every_order_ended(LIMIT).await;

    assert_eq!(accepted.len(), 200);
    let counts = system.status_counts().await;
    assert_eq!((counts.confirmed_or_later(), counts.rejected, counts.cancelled), (50, 150, 0), "{counts:?}");
    system.finish().await;
}
