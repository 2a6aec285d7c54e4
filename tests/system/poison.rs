//! Messages that no consumer can ever handle.

use domain::messages::Queue;
use std::time::Duration;
use system_tests::load::{orders_of, place_all};
use system_tests::{SeedProduct, TestSystem};

const LIMIT: Duration = Duration::from_mins(1);
/// The subject of the last one is another order than that of its data.
const POISON: [&[u8]; 4] = [
    b"\xff\xfe not even text",
    b"{\"no\": \"envelope\"}",
    br#"{"id":"019aaaaa-0000-8000-8000-000000000000","type":"inventory.levitate.v1","time":"2026-01-01T00:00:00Z",
        "subject":"019aaaaa-0000-7000-8000-000000000000","correlation_id":"test","data":{}}"#,
    br#"{"id":"019aaaaa-0000-8000-8000-000000000001","type":"inventory.release.v1","time":"2026-01-01T00:00:00Z",
        "subject":"019aaaaa-0000-7000-8000-000000000000","correlation_id":"test",
        "data":{"order_id":"019aaaaa-0000-7000-8000-000000000001"}}"#,
];

#[tokio::test]
async fn poison_messages_become_failed_jobs_and_the_others_are_handled() {
    let mut system = TestSystem::of("poison").product(SeedProduct::of("SKU-SOUND", 1_000)).start().await;
    let client = system.client().signed_up("neighbour").await;
    let poison_count = u64::try_from(POISON.len()).expect("four");
    system.expect_failed_jobs(poison_count);

    let orders = orders_of("SKU-SOUND", 100);
    let poison = async {
        system.until_confirmed(1, LIMIT).await;
        for body in POISON {
            system.broker.publish_raw(&Queue::Inventory.to_string(), body).await;
        }
    };
    tokio::join!(place_all(&client, &orders), poison);
    system.until_every_order_ended(LIMIT).await;

    assert_eq!(system.status_counts().await.confirmed_or_later(), 100);
    system.until_failed_jobs(poison_count, LIMIT).await;
    system.finish().await;
}
