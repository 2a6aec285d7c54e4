//! What nobody could handle is kept, and handled once somebody has mended the cause.

use futures::{StreamExt, stream};
use serde_json::{Value, json};
use std::time::Duration;
use system_tests::client::list;
use system_tests::load::{orders_of, place_all};
use system_tests::{Client, Goods, TestSystem, eventually};

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
    let by_hand = replay_a_page(&admin).await;
    let at_a_pace = replay_the_rest(&admin).await;
    system.until_going_on(GOOD + CURSED, LIMIT).await;

    assert_eq!(by_hand + at_a_pace, CURSED);
    let log = "SELECT count(*) FROM operations.audit_log WHERE action = 'failed_job.replay'";
    assert_eq!(usize::try_from(system.count(log).await), Ok(by_hand));
    system.finish().await;
}

/// One by one, as an admin would who wants to see first what comes of it; says how many.
async fn replay_a_page(admin: &Client) -> usize {
    let page = admin.get("/admin/failed-jobs?status=open&queue=inventory&limit=100").await;
    let why = json!({ "reason": "the curse is lifted" });
    let path = |job: &Value| format!("/admin/failed-jobs/{}/replay", job["id"].as_str().expect("an id"));
    let paths: Vec<_> = list(&page).iter().map(path).collect();
    let replays = stream::iter(&paths).map(|path| admin.post(path, &why)).buffer_unordered(REPLAYS_AT_ONCE);
    for (status, body) in replays.collect::<Vec<_>>().await {
        assert!(status.is_success() && body["status"] == "replayed", "{status}: {body}");
    }
    paths.len()
}

/// As fast as may be, and waits until the scheduler has sent them; says how many.
async fn replay_the_rest(admin: &Client) -> usize {
    let all = json!({ "queue": "inventory", "rate_per_s": 200, "ramp_s": 0, "reason": "it works" });
    let (status, begun) = admin.post("/admin/replays", &all).await;
    assert_eq!(status, reqwest::StatusCode::ACCEPTED, "{begun}");
    let path = format!("/admin/replays/{}", begun["id"].as_str().expect("an id"));
    let done = eventually("the replay to be done", LIMIT, || async {
        let replay = admin.get(&path).await;
        if replay["status"] == "done" { Ok(replay) } else { Err(replay.to_string()) }
    })
    .await;
    assert_eq!((&done["replayed"], &done["skipped"]), (&done["total"], &json!(0)), "{done}");
    usize::try_from(done["replayed"].as_u64().expect("a number")).expect("small")
}
