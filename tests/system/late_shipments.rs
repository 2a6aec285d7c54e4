//! Late shipments are marked by one scheduler at a time: the leader.

use std::time::Duration;
use system_tests::load::{orders_of, place_all};
use system_tests::{SeedProduct, TestSystem, eventually};

const ORDERS: usize = 300;
const KILLS: usize = 20;
const LIMIT: Duration = Duration::from_mins(2);
/// How long a task may have no leader after a kill.
const TAKEOVER_LIMIT: Duration = Duration::from_secs(15);

#[tokio::test]
async fn each_late_shipment_is_marked_once_per_level_though_the_leading_scheduler_is_killed_twenty_times() {
    let system = TestSystem::of("late_shipments").setting("CARRIER_HAND_OVER_MS", "3600000");
    let system = system.setting("SHIPMENT_DELAY_LEVELS_SECONDS", "0,20,40").setting("SCHEDULER_LEASE_SECONDS", "2");
    let mut system = system.product(SeedProduct::of("SKU-LATE", 10_000)).schedulers(2).start().await;
    let client = system.client().signed_up("patient").await;
    place_all(&client, &orders_of("SKU-LATE", ORDERS)).await;
    system.until_confirmed(ORDERS, LIMIT).await;

    system.execute_raw("UPDATE shipping.shipments SET promised_by = now() + random() * interval '40 seconds'").await;
    for _ in 0..KILLS {
        let leader = system.leader_of("mark_delayed_shipments", None, TAKEOVER_LIMIT).await;
        system.kill_and_restart(leader).await;
        system.leader_of("mark_delayed_shipments", Some(leader), TAKEOVER_LIMIT).await;
    }
    until_marked(&system, 3 * ORDERS).await;

    let repeated = "SELECT count(*) FROM (SELECT detail ->> 'shipment_id', detail ->> 'level' FROM orders.events
                    WHERE kind = 'shipment_delayed' GROUP BY 1, 2 HAVING count(*) > 1) AS twice";
    assert_eq!(system.count(repeated).await, 0, "a level was recorded twice");
    let expected = i64::try_from(3 * ORDERS).expect("small");
    assert_eq!(system.count("SELECT count(*) FROM shipping.delays").await, expected);
    assert_eq!(system.count("SELECT count(*) FROM shipping.shipments WHERE delay_level = 3").await, expected / 3);
    system.finish().await;
}

#[tokio::test]
async fn leadership_moves_within_fifteen_seconds_of_a_kill() {
    let mut system = TestSystem::of("leader_killed").schedulers(2).start().await;
    let first = system.leader_of("verify", None, TAKEOVER_LIMIT).await;

    system.process_of(first).kill().await;
    system.leader_of("verify", Some(first), TAKEOVER_LIMIT).await;

    system.start_all().await;
    system.finish().await;
}

#[tokio::test]
async fn a_leader_that_stops_releases_its_leases() {
    // A lease that is not released outlasts the limit. The other scheduler tries every third of that time.
    let mut system =
        TestSystem::of("leader_stopped").setting("SCHEDULER_LEASE_SECONDS", "30").schedulers(2).start().await;
    let first = system.leader_of("verify", None, TAKEOVER_LIMIT).await;

    assert!(system.process_of(first).stop().await, "it stops gracefully");
    system.leader_of("verify", Some(first), TAKEOVER_LIMIT).await;

    system.start_all().await;
    system.finish().await;
}

/// Waits until the orders' timelines contain each level of each shipment.
async fn until_marked(system: &TestSystem, expected: usize) {
    eventually("every level to be recorded", LIMIT, || async {
        let recorded = "SELECT count(*) FROM orders.events WHERE kind = 'shipment_delayed'";
        let recorded = usize::try_from(system.count(recorded).await).expect("a count");
        if recorded >= expected { Ok(()) } else { Err(format!("{recorded} of {expected}")) }
    })
    .await;
}
