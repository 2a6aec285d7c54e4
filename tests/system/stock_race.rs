//! Many want what few can have.

use std::time::Duration;
use system_tests::load::{orders_of, place_all};
use system_tests::{Goods, TestSystem};

const LIMIT: Duration = Duration::from_mins(1);

#[tokio::test]
async fn of_two_hundred_orders_for_the_last_fifty_pieces_fifty_are_confirmed() {
    let system = TestSystem::of("stock_race").goods(Goods::in_both("SKU-LAST", 30, 20)).workers(2).start().await;
    let client = system.client().signed_up("crowd").await;

    let journal = place_all(&client, &orders_of("SKU-LAST", 200)).await;
    system.until_every_order_ended(LIMIT).await;

    assert_eq!(journal.len(), 200);
    let ends = system.ends().await;
    assert_eq!((ends.going_on(), ends.rejected, ends.cancelled), (50, 150, 0), "{ends:?}");
    system.finish().await;
}
