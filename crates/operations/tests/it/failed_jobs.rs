//! Failed jobs: stored, found, replayed and discarded.

use domain::ids::{MessageId, OrderId};
use domain::messages::Queue;
use messaging::dead_letters::{DeadLetter, DeadLetterSink};
use messaging::{Header, Trace, WriteContext};
use operations::failed_jobs::{DecideError, FailedJob, FailedJobFilter, JobStatus, discard, list_failed_jobs, replay};
use operations::{Auditor, FailedJobs, Justification};
use platform::audit::NoAudit;
use platform::clock::now;
use serde_json::json;
use sqlx::PgPool;
use uuid::Uuid;

pub fn dead_letter(number: u32) -> DeadLetter {
    let order = OrderId::from_uuid(Uuid::now_v7());
    let message_id = MessageId::derive(order, &number.to_string());
    let trace = Trace { correlation_id: "request-1".to_owned(), causation_id: None, traceparent: None };
    DeadLetter {
        queue: Queue::Inventory,
        message_id,
        type_name: "inventory.reserve.v1".to_owned(),
        header: Some(Header { id: message_id, time: now(), subject: order, trace }),
        payload: format!(r#"{{"number":{number}}}"#).into_bytes(),
        headers: json!({ "x-attempt": 6 }),
        error: format!("no row {number}"),
        attempts: 6,
    }
}

pub fn justification() -> Justification {
    Justification { by: "admin:1".to_owned(), reason: "fixed".to_owned(), at: now() }
}

pub async fn store(pool: &PgPool, dead_letters: &[DeadLetter]) {
    FailedJobs::new(pool.clone()).store(dead_letters).await.expect("stored");
}

pub async fn jobs(pool: &PgPool) -> Vec<FailedJob> {
    list_failed_jobs(pool, &FailedJobFilter::default(), 100).await.expect("listed")
}

pub async fn outbox(pool: &PgPool) -> Vec<(String, String, Uuid, String)> {
    sqlx::query_as("SELECT exchange, routing_key, message_id, payload FROM messaging.outbox")
        .fetch_all(pool)
        .await
        .expect("read")
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_dead_letter_that_is_delivered_twice_is_one_job(pool: PgPool) {
    let (one, other) = (dead_letter(1), dead_letter(2));
    store(&pool, &[one.clone(), other.clone(), one.clone()]).await;
    store(&pool, std::slice::from_ref(&one)).await;

    let jobs = jobs(&pool).await;
    assert_eq!(jobs.len(), 2);
    let job = jobs.iter().find(|job| job.message_id == one.message_id).expect("stored");
    assert_eq!((job.attempts, job.dead_letter_count, job.replays, job.status), (6, 1, 0, JobStatus::Open));
    assert_eq!((job.payload.clone(), job.error.as_str()), (one.payload, "no row 1"));
    assert_eq!(job.fingerprint, jobs[0].fingerprint, "the same cause has the same fingerprint");
    assert_eq!(job.order_id, one.header.map(|header| header.subject));
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_message_with_any_bytes_is_stored(pool: PgPool) {
    let nothing = DeadLetter { header: None, type_name: String::new(), ..dead_letter(1) };
    let bytes = DeadLetter { payload: vec![0, 0xff, 0xfe], ..nothing.clone() };
    let nul = DeadLetter {
        error: "a\0b".to_owned(),
        headers: json!({ "x\0": ["\0", { "deep": "\0" }] }),
        type_name: "\0".to_owned(),
        payload: Vec::new(),
        ..nothing.clone()
    };
    // The same id on other bytes is another message.
    store(&pool, &[nothing, bytes.clone(), nul]).await;

    assert_eq!(jobs(&pool).await.len(), 3);
    let stored = jobs(&pool).await.into_iter().find(|job| job.payload == bytes.payload).expect("stored");
    let refused = replay(&WriteContext::of(pool.clone()), stored.id, &justification(), &NoAudit).await;
    assert!(matches!(refused, Err(DecideError::Unreadable(_))), "{refused:?}");
    assert_eq!(outbox(&pool).await, []);
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_replay_publishes_the_message_once_to_its_queue_only_even_if_it_is_repeated(pool: PgPool) {
    let dead_letter = dead_letter(1);
    store(&pool, std::slice::from_ref(&dead_letter)).await;
    let id = jobs(&pool).await[0].id;

    let (context, justification) = (WriteContext::of(pool.clone()), justification());
    let (one, two) =
        tokio::join!(replay(&context, id, &justification, &NoAudit), replay(&context, id, &justification, &NoAudit));

    assert_eq!([one.expect("replayed").status, two.expect("again").status], [JobStatus::Replayed; 2]);
    let payload = String::from_utf8(dead_letter.payload.clone()).expect("text");
    assert_eq!(
        outbox(&pool).await,
        [(String::new(), "inventory".to_owned(), dead_letter.message_id.as_uuid(), payload)]
    );
    let discarded = discard(&context, id, &justification, &NoAudit).await;
    assert!(matches!(discarded, Err(DecideError::Refused(..))), "{discarded:?}");
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_job_that_fails_again_is_open_again_in_the_same_row(pool: PgPool) {
    let dead_letter = dead_letter(1);
    store(&pool, std::slice::from_ref(&dead_letter)).await;
    let id = jobs(&pool).await[0].id;
    replay(&WriteContext::of(pool.clone()), id, &justification(), &NoAudit).await.expect("replayed");

    store(&pool, &[DeadLetter { error: "still no row 1".to_owned(), ..dead_letter }]).await;

    let job = jobs(&pool).await.remove(0);
    assert_eq!((job.id, job.status, job.error.as_str()), (id, JobStatus::Open, "still no row 1"));
    assert_eq!((job.attempts, job.dead_letter_count, job.replays), (12, 2, 1));
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_discarded_job_keeps_its_reason_and_is_in_the_audit_log(pool: PgPool) {
    store(&pool, &[dead_letter(1)]).await;
    let id = jobs(&pool).await[0].id;
    let auditor = Auditor { actor: "admin:1".to_owned(), request_id: "request-7".to_owned(), at: now() };

    for _ in 0..2 {
        discard(&WriteContext::of(pool.clone()), id, &justification(), &auditor).await.expect("discarded");
    }

    let job = jobs(&pool).await.remove(0);
    assert_eq!((job.status, job.reason.as_deref()), (JobStatus::Discarded, Some("fixed")));
    let log = operations::audit::list_audit_log(&pool, &operations::audit::AuditFilter::default(), 10).await;
    let log = log.expect("read");
    assert_eq!(log.len(), 1, "a repeated decision has no further effect");
    assert_eq!((log[0].action.as_str(), log[0].subject.clone()), ("failed_job.discard", format!("failed_job:{id}")));
    assert_eq!(
        (log[0].request_id.as_str(), log[0].after.clone()),
        ("request-7", Some(json!({ "status": "discarded" })))
    );
    assert_eq!(outbox(&pool).await, []);
}

#[sqlx::test(migrations = "../../migrations")]
async fn jobs_are_found_by_each_filter(pool: PgPool) {
    let dead_letters = [dead_letter(1), dead_letter(2), DeadLetter { queue: Queue::Orders, ..dead_letter(3) }];
    store(&pool, &dead_letters).await;
    let order = dead_letters[0].header.as_ref().map(|header| header.subject.as_uuid());
    let count = async |filter: FailedJobFilter| list_failed_jobs(&pool, &filter, 100).await.expect("listed").len();

    let fingerprint = jobs(&pool).await.iter().find(|job| job.queue == "orders").map(|job| job.fingerprint.clone());
    assert_eq!(count(FailedJobFilter { queue: Some(Queue::Orders), ..Default::default() }).await, 1);
    assert_eq!(count(FailedJobFilter { fingerprint, ..Default::default() }).await, 1);
    assert_eq!(count(FailedJobFilter { order_id: order, ..Default::default() }).await, 1);
    assert_eq!(count(FailedJobFilter { status: Some(JobStatus::Open), ..Default::default() }).await, 3);
    let newest = jobs(&pool).await[0].id;
    assert_eq!(count(FailedJobFilter { before: Some(newest), ..Default::default() }).await, 2);
}

#[sqlx::test(migrations = "../../migrations")]
async fn the_audit_log_can_not_be_rewritten(pool: PgPool) {
    for statement in ["UPDATE operations.audit_log SET actor = 'nobody'", "DELETE FROM operations.audit_log"] {
        let refused = sqlx::query(statement).execute(&pool).await.expect_err("refused");
        assert!(refused.to_string().contains("only ever added to"), "{refused}");
    }
}
