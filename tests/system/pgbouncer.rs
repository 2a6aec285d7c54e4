//! The database behind PgBouncer in transaction mode: everything works there, or a clear error says why not.

use futures::future::join_all;
use platform::postgres::session;
use std::process::Output;
use std::time::Duration;
use system_tests::database::Database;
use system_tests::{NewOrder, SeedProduct, TestSystem, settings};
use tokio::process::Command;

const LIMIT: Duration = Duration::from_mins(1);
const EXIT_LIMIT: Duration = Duration::from_secs(30);
const DUPLICATES: usize = 20;
const CONCURRENT_ORDERS: usize = 60;

/// Runs a binary to its end.
async fn run(binary: &str, arguments: &[&str], environment: &[(&str, &str)]) -> Output {
    let mut command = Command::new(settings::binaries().join(binary));
    let running = command.args(arguments).env_clear().envs(environment.iter().copied()).kill_on_drop(true).output();
    let output = tokio::time::timeout(EXIT_LIMIT, running).await;
    output.unwrap_or_else(|_late| panic!("{binary} still runs")).expect("the binary is built")
}

fn printed(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

#[tokio::test]
async fn orders_are_delivered_once_although_all_statements_share_a_few_sessions() {
    let fast = TestSystem::of("pgbouncer_orders").setting("CARRIER_HAND_OVER_MS", "200");
    let fast = fast.setting("CARRIER_IN_TRANSIT_MS", "200").setting("CARRIER_DELIVERY_MS", "200");
    let system = fast.product(SeedProduct::of("SKU-POOLED", 1_000)).through_pgbouncer().workers(2);
    let system = system.schedulers(2).start().await;
    let client = system.client().signed_up("pooled").await;

    let repeated = NewOrder::of("SKU-POOLED", 1);
    let duplicates = join_all((0..DUPLICATES).map(|_number| client.place(&repeated))).await;
    let order = || NewOrder::of("SKU-POOLED", 2);
    let orders: Vec<_> = std::iter::repeat_with(order).take(CONCURRENT_ORDERS).collect();
    let placed = join_all(orders.iter().map(|order| client.place_accepted(order))).await;
    let late = client.place(&repeated).await;

    assert!(duplicates.iter().all(|placed| placed.order_id() == late.order_id()) && late.replayed);
    for id in placed {
        client.wait_until(id, "delivered", LIMIT).await;
    }
    assert_eq!(system.status_counts().await.total(), CONCURRENT_ORDERS + 1);
    system.finish().await;
}

#[tokio::test]
async fn leadership_of_a_task_moves_through_pgbouncer() {
    let mut system = TestSystem::of("pgbouncer_leader").through_pgbouncer().schedulers(2).start().await;
    let first = system.leader_of("verify", None, LIMIT).await;

    system.process_of(first).kill().await;
    system.leader_of("verify", Some(first), LIMIT).await;

    system.start_all().await;
    system.finish().await;
}

#[tokio::test]
async fn a_process_stops_with_the_cure_when_the_pooler_mixes_up_its_prepared_statements() {
    let database = Database::create("pgbouncer_cache").await;
    let url = settings::pgbouncer_url(&database.url);
    let environment =
        [("DATABASE_URL", &*url), ("RABBITMQ_URL", "amqp://127.0.0.1:1/none"), ("WORKER_METRICS_PORT", "0")];

    let worker = run("worker", &[], &environment).await;
    let verify = run("orderctl", &["verify"], &environment[..1]).await;

    for output in [&worker, &verify] {
        assert_eq!(output.status.code(), Some(1), "{}", printed(output));
        assert!(printed(output).contains("DATABASE_STATEMENT_CACHE=0"), "{}", printed(output));
    }
    database.remove().await;
}

#[tokio::test]
async fn without_a_pooler_that_forgets_statements_the_cache_must_stay_on() {
    let database = Database::create("pgbouncer_direct").await;
    let environment = [("DATABASE_URL", &*database.url), ("DATABASE_STATEMENT_CACHE", "0")];

    let verify = run("orderctl", &["verify"], &environment).await;

    assert_eq!(verify.status.code(), Some(1), "{}", printed(&verify));
    assert!(printed(&verify).contains("prepared statements stay in the session"), "{}", printed(&verify));
    database.remove().await;
}

#[tokio::test]
async fn a_process_stops_when_its_sessions_have_other_settings_and_migrate_cures_it() {
    let database = Database::create("session_settings").await;
    let reset = "DO $$ BEGIN EXECUTE format('ALTER ROLE CURRENT_USER IN DATABASE %I RESET lock_timeout',
                 current_database()); END $$";
    sqlx::raw_sql(reset).execute(&database.pool).await.expect("reset");
    let environment = [
        ("DATABASE_URL", &*database.url),
        ("RABBITMQ_URL", "amqp://127.0.0.1:1/none"),
        ("SCHEDULER_METRICS_PORT", "0"),
    ];

    let scheduler = run("scheduler", &[], &environment).await;
    let migrated = run("orderctl", &["migrate"], &environment[..1]).await;
    let verified = run("orderctl", &["verify"], &environment[..1]).await;

    assert_eq!(scheduler.status.code(), Some(1), "{}", printed(&scheduler));
    let text = printed(&scheduler);
    assert!(text.contains("lock_timeout is 0 instead of 2s") && text.contains("orderctl migrate"), "{text}");
    assert!(migrated.status.success() && verified.status.success(), "{}{}", printed(&migrated), printed(&verified));
    database.remove().await;
}

#[tokio::test]
async fn a_migration_needs_a_direct_connection_and_sets_the_defaults_of_the_pooled_role() {
    let database = Database::create("pgbouncer_migrate").await;
    let pooled = settings::pgbouncer_url(&database.url);
    let environment = [("DATABASE_URL", &*pooled), ("DATABASE_DIRECT_URL", &*database.url)];

    let refused = run("orderctl", &["migrate"], &environment[..1]).await;
    let migrated = run("orderctl", &["migrate"], &environment).await;

    assert_eq!(refused.status.code(), Some(1), "{}", printed(&refused));
    assert!(printed(&refused).contains("DATABASE_DIRECT_URL"), "{}", printed(&refused));
    assert!(migrated.status.success(), "{}", printed(&migrated));
    let options = pooled.parse::<sqlx::postgres::PgConnectOptions>().expect("a URL").extra_float_digits(None);
    session::check(&options.statement_cache_capacity(0), 0).await.expect("the settings hold behind the pooler");
    database.remove().await;
}
