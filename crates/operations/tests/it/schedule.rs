//! One leader a task, and a history of what it did.

use operations::schedule::{Run, Runner, enroll, lead, let_go, list_runs, list_tasks, record};
use platform::clock::now;
use sqlx::PgPool;
use std::time::Duration;
use uuid::Uuid;

const LEASE: Duration = Duration::from_secs(9);
const TASKS: [&str; 3] = ["count", "sweep", "tidy"];

async fn enrolled(pool: &PgPool) {
    enroll(pool, &TASKS.map(|name| (name, Duration::from_mins(1)))).await.expect("enrolled");
}

fn runner(name: &str) -> Runner {
    Runner { id: Uuid::now_v7(), name: name.to_owned() }
}

async fn led(pool: &PgPool, runner: &Runner, tasks: &[&str]) -> Vec<String> {
    let mut led: Vec<_> =
        lead(pool, runner, tasks, LEASE).await.expect("asked").into_iter().map(|led| led.task).collect();
    led.sort();
    led
}

async fn time_passes(pool: &PgPool) {
    let all = "UPDATE operations.tasks SET leased_until = leased_until - interval '10 seconds'";
    sqlx::query(all).execute(pool).await.expect("written");
}

#[sqlx::test(migrations = "../../migrations")]
async fn of_many_schedulers_one_leads_until_its_lease_ends(pool: PgPool) {
    enrolled(&pool).await;
    let (one, two) = (runner("one"), runner("two"));

    assert_eq!(led(&pool, &one, &TASKS).await, TASKS);
    assert_eq!(led(&pool, &two, &TASKS).await, [""; 0]);
    assert_eq!(led(&pool, &one, &TASKS).await, TASKS, "renewed");
    time_passes(&pool).await;
    assert_eq!(led(&pool, &two, &TASKS).await, TASKS);
    assert_eq!(led(&pool, &one, &TASKS).await, [""; 0], "it comes back too late");
}

#[sqlx::test(migrations = "../../migrations")]
async fn whoever_stops_gives_its_tasks_back_at_once(pool: PgPool) {
    enrolled(&pool).await;
    let (one, two) = (runner("one"), runner("two"));
    led(&pool, &one, &TASKS).await;

    let_go(&pool, &one).await.expect("given back");

    assert_eq!(led(&pool, &two, &TASKS).await, TASKS);
}

#[sqlx::test(migrations = "../../migrations")]
async fn schedulers_with_tasks_of_their_own_lead_side_by_side(pool: PgPool) {
    enrolled(&pool).await;

    assert_eq!(led(&pool, &runner("one"), &["count"]).await, ["count"]);
    assert_eq!(led(&pool, &runner("two"), &TASKS).await, ["sweep", "tidy"]);
}

#[sqlx::test(migrations = "../../migrations")]
async fn of_many_who_ask_at_once_one_leads(pool: PgPool) {
    enrolled(&pool).await;
    let runners: Vec<_> = (0..8).map(|number| runner(&number.to_string())).collect();

    let asking = runners.iter().map(|runner| led(&pool, runner, &TASKS));
    let all: Vec<_> = futures::future::join_all(asking).await.concat();

    assert_eq!(all.len(), TASKS.len());
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_run_is_the_tasks_last_and_stands_in_the_history_unless_there_was_nothing_to_do(pool: PgPool) {
    enrolled(&pool).await;
    let runner = runner("one");
    let run = |rows, error: Option<&str>| Run {
        started_at: now(),
        took: Duration::from_millis(5),
        rows,
        error: error.map(str::to_owned),
        next_run_at: now(),
    };

    for (rows, error) in [(7, None), (3, Some("the shelf fell")), (0, None)] {
        record(&pool, &runner, "sweep", &run(rows, error)).await.expect("written");
    }

    let tasks = list_tasks(&pool).await.expect("listed");
    let sweep = tasks.iter().find(|task| task.name == "sweep").expect("listed");
    assert_eq!((sweep.last_result.as_deref(), sweep.last_rows, sweep.period_ms), (Some("idle"), Some(0), 60_000));
    let runs = list_runs(&pool, "sweep", None, 10).await.expect("listed");
    let told: Vec<_> = runs.iter().map(|run| (run.result.as_str(), run.rows, run.error.as_deref())).collect();
    assert_eq!(told, [("failed", 3, Some("the shelf fell")), ("done", 7, None)]);
    assert_eq!(list_runs(&pool, "sweep", Some(runs[0].id), 10).await.expect("listed").len(), 1);
}
