//! Messages that can't be handled become failed jobs, and are replayed once the cause is fixed.

use futures::{StreamExt, stream};
use serde_json::{Value, json};
use std::time::Duration;
use system_tests::client::list;
use system_tests::load::{orders_of, place_all};
use system_tests::{ApiClient, SeedProduct, TestSystem, eventually};

const GOOD: usize = 5_000;
const FAILING: usize = 500;
const LIMIT: Duration = Duration::from_mins(5);
const REPLAYS_AT_ONCE: usize = 16;

const FAIL_RESERVATIONS: &str = "
    CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF NEW.sku = 'SKU-FAILING' THEN RAISE EXCEPTION 'order % can not be reserved', NEW.order_id; END IF;
        RETURN NEW;
    END $$;
    CREATE TRIGGER fail BEFORE INSERT ON inventory.reservation_lines FOR EACH ROW EXECUTE FUNCTION fail()";

#[tokio::test]
async fn five_hundred_failing_orders_among_five_thousand_good_ones_are_replayed_once_the_cause_is_fixed() {
    // At this time scale no saga sends its command again, so only the replay can confirm the failed orders.
    let system = TestSystem::of("failed_jobs").setting("SAGA_TIME_SCALE_PERCENT", "1000");
    let system = system
        .product(SeedProduct::of("SKU-GOOD", 100_000))
        .product(SeedProduct::of("SKU-FAILING", 100_000))
        .start()
        .await;
    let client = system.client().signed_up("many").await;
    system.execute_raw(FAIL_RESERVATIONS).await;
    let mut orders = orders_of("SKU-GOOD", GOOD);
    for (number, failing) in orders_of("SKU-FAILING", FAILING).into_iter().enumerate() {
        orders.insert(number * GOOD / FAILING, failing);
    }

    place_all(&client, &orders).await;
    system.until_failed_jobs(u64::try_from(FAILING).expect("small"), LIMIT).await;
    system.until_confirmed(GOOD, LIMIT).await;
    let fingerprints = "SELECT count(DISTINCT fingerprint) FROM operations.failed_jobs";
    assert_eq!(system.count(fingerprints).await, 1, "one cause, one fingerprint");

    system.execute_raw("DROP TRIGGER fail ON inventory.reservation_lines").await;
    let admin = system.admin().await;
    let one_by_one = replay_a_page(&admin).await;
    let in_bulk = replay_the_rest(&admin).await;
    system.until_confirmed(GOOD + FAILING, LIMIT).await;

    assert_eq!(one_by_one + in_bulk, FAILING);
    let log = "SELECT count(*) FROM operations.audit_log WHERE action = 'failed_job.replay'";
    assert_eq!(usize::try_from(system.count(log).await), Ok(one_by_one));
    system.finish().await;
}

/// Replays a page of failed jobs one by one, as an admin would to see whether the fix works. Returns how many.
async fn replay_a_page(admin: &ApiClient) -> usize {
    let page = admin.get("/admin/failed-jobs?status=open&queue=inventory&limit=100").await;
    let why = json!({ "reason": "the cause is fixed" });
    let path = |job: &Value| format!("/admin/failed-jobs/{}/replay", job["id"].as_str().expect("an id"));
    let paths: Vec<_> = list(&page).iter().map(path).collect();
    let replays = stream::iter(&paths).map(|path| admin.post(path, &why)).buffer_unordered(REPLAYS_AT_ONCE);
    for (status, body) in replays.collect::<Vec<_>>().await {
        assert!(status.is_success() && body["status"] == "replayed", "{status}: {body}");
    }
    paths.len()
}

/// Starts a replay of the others, and waits until the scheduler has published them. Returns how many.
async fn replay_the_rest(admin: &ApiClient) -> usize {
    let all = json!({ "queue": "inventory", "rate_per_s": 200, "ramp_s": 0, "reason": "it works" });
    let (status, started) = admin.post("/admin/replays", &all).await;
    assert_eq!(status, reqwest::StatusCode::ACCEPTED, "{started}");
    let path = format!("/admin/replays/{}", started["id"].as_str().expect("an id"));
    let done = eventually("the replay to be done", LIMIT, || async {
        let replay = admin.get(&path).await;
        if replay["status"] == "done" { Ok(replay) } else { Err(replay.to_string()) }
    })
    .await;
    assert_eq!((&done["replayed"], &done["skipped"]), (&done["total"], &json!(0)), "{done}");
    usize::try_from(done["replayed"].as_u64().expect("a number")).expect("small")
}
