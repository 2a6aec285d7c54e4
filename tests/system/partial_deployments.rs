//! Partial deployments: workers for one or two queues each, schedulers for some tasks each.

use super::house_rules::sources::root;
use std::time::Duration;
use system_tests::{NewOrder, Role, SeedProduct, TestSystem};

const LIMIT: Duration = Duration::from_mins(1);
const TASKS: &str = "# SCHEDULER_TASKS=";

/// All tasks, in two halves.
fn two_halves() -> [String; 2] {
    let example = std::fs::read_to_string(root().join(".env.example")).expect("it is at the root");
    let all = example.lines().find_map(|line| line.strip_prefix(TASKS)).expect("it lists the tasks");
    let every_other = |first| all.split(',').skip(first).step_by(2).collect::<Vec<_>>().join(",");
    [every_other(0), every_other(1)]
}

#[tokio::test]
async fn three_workers_with_queues_of_their_own_and_two_schedulers_with_tasks_of_their_own_end_every_order() {
    let [one, other] = two_halves();
    let system = TestSystem::of("partial_deployment")
        .product(SeedProduct::of("SKU-PARTS", 100))
        .product(SeedProduct::of("SKU-NONE", 0));
    let system = system.setting("CARRIER_HAND_OVER_MS", "1500").setting("CARRIER_IN_TRANSIT_MS", "200");
    let system = system.setting("CARRIER_DELIVERY_MS", "200").workers(0).schedulers(0);
    let system =
        system.process(Role::Worker, "WORKER_QUEUES", "orders").process(Role::Worker, "WORKER_QUEUES", "inventory");
    let system = system.process(Role::Worker, "WORKER_QUEUES", "payments,shipping");
    let system =
        system.process(Role::Scheduler, "SCHEDULER_TASKS", &one).process(Role::Scheduler, "SCHEDULER_TASKS", &other);
    let system = system.start().await;
    let client = system.client().signed_up("parts").await;

    let shipped = client.place_accepted(&NewOrder::of("SKU-PARTS", 2)).await;
    let out_of_stock = client.place_accepted(&NewOrder::of("SKU-NONE", 1)).await;
    let declined = client.place_accepted(&NewOrder::of("SKU-PARTS", 1).paid_by("sim_declined")).await;
    let answer_lost = client.place_accepted(&NewOrder::of("SKU-PARTS", 1).paid_by("sim_timeout")).await;
    let cancelled = client.place_accepted(&NewOrder::of("SKU-PARTS", 1)).await;
    client.cancel(cancelled).await;
    system.until_every_saga_ended(LIMIT).await;

    for (order, end) in [
        (shipped, "delivered"),
        (out_of_stock, "rejected"),
        (declined, "rejected"),
        (answer_lost, "delivered"),
        (cancelled, "cancelled"),
    ] {
        assert_eq!(client.order(order).await["status"], end);
    }
    let leaders = "SELECT count(DISTINCT leader) FROM operations.tasks WHERE leased_until >= now()";
    assert_eq!(system.count(leaders).await, 2, "each scheduler leads its own tasks");
    system.finish().await;
}
