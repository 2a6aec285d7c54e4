//! What nobody could handle is kept, and handled once somebody has mended the cause.

use futures::{StreamExt, stream};
use serde_json::json;
use std::time::Duration;
use system_tests::client::list;
use system_tests::load::{orders_of, place_all};
use system_tests::{Client, Goods, TestSystem};

const GOOD: usize = 5_000;
const CURSED: usize = 500;
const LIMIT: Duration = Duration::from_mins(5);
const REPLAYS_AT_ONCE: usize = 16;

const CURSE: &str = "
    CREATE FUNCTION curse() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF NEW.sku = 'SKU-CURSED' THEN RAISE EXCEPTION 'nothing of order % can be held', NEW.order_id; END IF;
        RETURN NEW;
    END $$;
    CREATE TRIGGER curse BEFORE INSERT ON inventory.reservation_lines FOR EACH ROW EXECUTE FUNCTION curse()";

#[tokio::test]
async fn five_hundred_poisoned_orders_among_five_thousand_good_ones_are_replayed_once_the_cause_is_mended() {
    // Nobody asks again by himself while this goes on: what comes of it comes of the replay.
    let system = TestSystem::of("failed_jobs").setting("SAGA_PACE_PERCENT", "1000");
    let system = system.goods(Goods::of("SKU-GOOD", 100_000)).goods(Goods::of("SKU-CURSED", 100_000)).start().await;
    let client = system.client().signed_up("many").await;
    system.write_by_hand(CURSE).await;
    let mut orders = orders_of("SKU-GOOD", GOOD);
    for (number, cursed) in orders_of("SKU-CURSED", CURSED).into_iter().enumerate() {
        orders.insert(number * GOOD / CURSED, cursed);
    }

    place_all(&client, &orders).await;
    system.until_failed_jobs(u64::try_from(CURSED).expect("small"), LIMIT).await;
    system.until_going_on(GOOD, LIMIT).await;
    let one_kind = "SELECT count(DISTINCT fingerprint) FROM operations.failed_jobs";
    assert_eq!(system.count(one_kind).await, 1, "one cause, one fingerprint");

    system.write_by_hand("DROP TRIGGER curse ON inventory.reservation_lines").await;
    let admin = system.admin().await;
    let replayed = replay_all(&admin).await;
    system.until_going_on(GOOD + CURSED, LIMIT).await;

    assert_eq!(replayed, CURSED);
    let log = "SELECT count(*) FROM operations.audit_log WHERE action = 'failed_job.replay'";
    assert_eq!(usize::try_from(system.count(log).await), Ok(CURSED));
    system.finish().await;
}

/// Page by page, as an admin would; says how many.
async fn replay_all(admin: &Client) -> usize {
    let mut replayed = 0;
    loop {
        let page = admin.get("/admin/failed-jobs?status=open&queue=inventory&limit=100").await;
        let jobs = list(&page);
        if jobs.is_empty() {
            return replayed;
        }
        let why = json!({ "reason": "the curse is lifted" });
        let replays =
            jobs.iter().map(|job| format!("/admin/failed-jobs/{}/replay", job["id"].as_str().expect("an id")));
        let replays: Vec<_> = replays.collect();
        let replays = stream::iter(&replays).map(|path| admin.post(path, &why)).buffer_unordered(REPLAYS_AT_ONCE);
        for (status, body) in replays.collect::<Vec<_>>().await {
            assert!(status.is_success() && body["status"] == "replayed", "{status}: {body}");
            replayed += 1;
        }
    }
}
