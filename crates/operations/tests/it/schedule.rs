//! One leader per task, and the history of its runs.

use operations::schedule::{Run, SchedulerId, enroll, list_runs, list_tasks, record, release_leases, renew_leases};
use platform::clock::now;
use sqlx::PgPool;
use std::time::Duration;
use uuid::Uuid;

const LEASE: Duration = Duration::from_secs(9);
const TASKS: [&str; 3] = ["count", "sweep", "tidy"];

async fn enrolled(pool: &PgPool) {
    enroll(pool, &TASKS.map(|name| (name, Duration::from_mins(1)))).await.expect("enrolled");
}

fn scheduler(name: &str) -> SchedulerId {
    SchedulerId { id: Uuid::now_v7(), name: name.to_owned() }
}

async fn led(pool: &PgPool, scheduler: &SchedulerId, tasks: &[&str]) -> Vec<String> {
    let leases = renew_leases(pool, scheduler, tasks, LEASE).await.expect("renewed");
    let mut led: Vec<_> = leases.into_iter().map(|lease| lease.task).collect();
    led.sort();
    led
}

async fn expire_leases(pool: &PgPool) {
    let all = "UPDATE operations.tasks SET leased_until = leased_until - interval '10 seconds'";
    sqlx::query(all).execute(pool).await.expect("written");
}

#[sqlx::test(migrations = "../../migrations")]
async fn of_many_schedulers_one_leads_until_its_lease_ends(pool: PgPool) {
    enrolled(&pool).await;
    let (one, two) = (scheduler("one"), scheduler("two"));

    assert_eq!(led(&pool, &one, &TASKS).await, TASKS);
    assert_eq!(led(&pool, &two, &TASKS).await, [""; 0]);
    assert_eq!(led(&pool, &one, &TASKS).await, TASKS, "renewed");
    expire_leases(&pool).await;
    assert_eq!(led(&pool, &two, &TASKS).await, TASKS);
    assert_eq!(led(&pool, &one, &TASKS).await, [""; 0], "its lease has expired");
}

#[sqlx::test(migrations = "../../migrations")]
async fn released_tasks_can_be_led_by_another_scheduler_at_once(pool: PgPool) {
    enrolled(&pool).await;
    let (one, two) = (scheduler("one"), scheduler("two"));
    led(&pool, &one, &TASKS).await;

    release_leases(&pool, &one).await.expect("released");

    assert_eq!(led(&pool, &two, &TASKS).await, TASKS);
}

#[sqlx::test(migrations = "../../migrations")]
async fn schedulers_lead_only_the_tasks_that_they_name(pool: PgPool) {
    enrolled(&pool).await;

    assert_eq!(led(&pool, &scheduler("one"), &["count"]).await, ["count"]);
    assert_eq!(led(&pool, &scheduler("two"), &TASKS).await, ["sweep", "tidy"]);
}

#[sqlx::test(migrations = "../../migrations")]
async fn of_concurrent_schedulers_one_leads_each_task(pool: PgPool) {
    enrolled(&pool).await;
    let schedulers: Vec<_> = (0..8).map(|number| scheduler(&number.to_string())).collect();

    let renewals = schedulers.iter().map(|scheduler| led(&pool, scheduler, &TASKS));
    let all: Vec<_> = futures::future::join_all(renewals).await.concat();

    assert_eq!(all.len(), TASKS.len());
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_run_is_stored_as_the_last_and_unless_idle_in_the_history(pool: PgPool) {
    enrolled(&pool).await;
    let scheduler = scheduler("one");
    let run = |rows, error: Option<&str>| Run {
        started_at: now(),
        took: Duration::from_millis(5),
        rows,
        error: error.map(str::to_owned),
        next_run_at: now(),
    };

    for (rows, error) in [(7, None), (3, Some("no connection")), (0, None)] {
        record(&pool, &scheduler, "sweep", &run(rows, error)).await.expect("written");
    }

    let tasks = list_tasks(&pool).await.expect("listed");
    let sweep = tasks.iter().find(|task| task.name == "sweep").expect("listed");
    assert_eq!((sweep.last_result.as_deref(), sweep.last_rows, sweep.period_ms), (Some("idle"), Some(0), 60_000));
    let runs = list_runs(&pool, "sweep", None, 10).await.expect("listed");
    let history: Vec<_> = runs.iter().map(|run| (run.result.as_str(), run.rows, run.error.as_deref())).collect();
    assert_eq!(history, [("failed", 3, Some("no connection")), ("done", 7, None)]);
    assert_eq!(list_runs(&pool, "sweep", Some(runs[0].id), 10).await.expect("listed").len(), 1);
}
