//! Dead letters are kept, found, sent again and let be.

use domain::ids::{MessageId, OrderId};
use domain::messages::Queue;
use messaging::dead_letters::{DeadLetter, DeadLetterSink};
use messaging::{Header, RelayHandle, Trace};
use operations::failed_jobs::{
    DecideError, Decided, FailedJob, FailedJobFilter, JobStatus, discard, list_failed_jobs, replay,
};
use operations::{Auditor, FailedJobs};
use platform::audit::NoAudit;
use platform::clock::now;
use serde_json::json;
use sqlx::PgPool;
use uuid::Uuid;

pub fn letter(number: u32) -> DeadLetter {
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

pub fn decided() -> Decided {
    Decided { by: "admin:1".to_owned(), reason: "mended".to_owned(), at: now() }
}

pub async fn keep(pool: &PgPool, letters: &[DeadLetter]) {
    FailedJobs::new(pool.clone()).store(letters).await.expect("kept");
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
async fn a_letter_that_is_handed_over_twice_is_one_job(pool: PgPool) {
    let (one, other) = (letter(1), letter(2));
    keep(&pool, &[one.clone(), other.clone(), one.clone()]).await;
    keep(&pool, std::slice::from_ref(&one)).await;

    let jobs = jobs(&pool).await;
    assert_eq!(jobs.len(), 2);
    let job = jobs.iter().find(|job| job.message_id == one.message_id).expect("kept");
    assert_eq!((job.attempts, job.deaths, job.replays, job.status), (6, 1, 0, JobStatus::Open));
    assert_eq!((job.payload.clone(), job.error.as_str()), (one.payload, "no row 1"));
    assert_eq!(job.fingerprint, jobs[0].fingerprint, "the same trouble has one fingerprint");
    assert_eq!(job.order_id, one.header.map(|header| header.subject));
}

#[sqlx::test(migrations = "../../migrations")]
async fn whatever_bytes_a_message_has_it_is_kept(pool: PgPool) {
    let nothing = DeadLetter { header: None, type_name: String::new(), ..letter(1) };
    let bytes = DeadLetter { payload: vec![0, 0xff, 0xfe], ..nothing.clone() };
    let nul = DeadLetter {
        error: "a\0b".to_owned(),
        headers: json!({ "x\0": ["\0", { "deep": "\0" }] }),
        type_name: "\0".to_owned(),
        payload: Vec::new(),
        ..nothing.clone()
    };
    // The same id on other bytes is another message.
    keep(&pool, &[nothing, bytes.clone(), nul]).await;

    assert_eq!(jobs(&pool).await.len(), 3);
    let kept = jobs(&pool).await.into_iter().find(|job| job.payload == bytes.payload).expect("kept");
    let refused = replay(&pool, &RelayHandle::default(), kept.id, &decided(), &NoAudit).await;
    assert!(matches!(refused, Err(DecideError::Unreadable(_))), "{refused:?}");
    assert_eq!(outbox(&pool).await, []);
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_replay_sends_the_message_to_its_queue_alone_and_once_however_often_it_is_said(pool: PgPool) {
    let letter = letter(1);
    keep(&pool, std::slice::from_ref(&letter)).await;
    let id = jobs(&pool).await[0].id;

    let (relay, decided) = (RelayHandle::default(), decided());
    let (one, two) =
        tokio::join!(replay(&pool, &relay, id, &decided, &NoAudit), replay(&pool, &relay, id, &decided, &NoAudit));

    assert_eq!([one.expect("replayed").status, two.expect("again").status], [JobStatus::Replayed; 2]);
    let payload = String::from_utf8(letter.payload.clone()).expect("text");
    assert_eq!(outbox(&pool).await, [(String::new(), "inventory".to_owned(), letter.message_id.as_uuid(), payload)]);
    let discarded = discard(&pool, id, &decided, &NoAudit).await;
    assert!(matches!(discarded, Err(DecideError::Refused(..))), "{discarded:?}");
}

#[sqlx::test(migrations = "../../migrations")]
async fn what_dies_again_is_open_again_in_the_same_row(pool: PgPool) {
    let letter = letter(1);
    keep(&pool, std::slice::from_ref(&letter)).await;
    let id = jobs(&pool).await[0].id;
    replay(&pool, &RelayHandle::default(), id, &decided(), &NoAudit).await.expect("replayed");

    keep(&pool, &[DeadLetter { error: "still no row 1".to_owned(), ..letter }]).await;

    let job = jobs(&pool).await.remove(0);
    assert_eq!((job.id, job.status, job.error.as_str()), (id, JobStatus::Open, "still no row 1"));
    assert_eq!((job.attempts, job.deaths, job.replays), (12, 2, 1));
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_discarded_job_stays_with_its_reason_and_the_audit_log_tells_who(pool: PgPool) {
    keep(&pool, &[letter(1)]).await;
    let id = jobs(&pool).await[0].id;
    let auditor = Auditor { actor: "admin:1".to_owned(), request_id: "request-7".to_owned(), at: now() };

    for _ in 0..2 {
        discard(&pool, id, &decided(), &auditor).await.expect("discarded");
    }

    let job = jobs(&pool).await.remove(0);
    assert_eq!((job.status, job.reason.as_deref()), (JobStatus::Discarded, Some("mended")));
    let log = operations::audit::list_audit_log(&pool, &operations::audit::AuditFilter::default(), 10).await;
    let log = log.expect("read");
    assert_eq!(log.len(), 1, "said twice it is done once");
    assert_eq!((log[0].action.as_str(), log[0].subject.clone()), ("failed_job.discard", format!("failed_job:{id}")));
    assert_eq!(
        (log[0].request_id.as_str(), log[0].after.clone()),
        ("request-7", Some(json!({ "status": "discarded" })))
    );
    assert_eq!(outbox(&pool).await, []);
}

#[sqlx::test(migrations = "../../migrations")]
async fn jobs_are_found_by_what_is_known_of_them(pool: PgPool) {
    let letters = [letter(1), letter(2), DeadLetter { queue: Queue::Orders, ..letter(3) }];
    keep(&pool, &letters).await;
    let order = letters[0].header.as_ref().map(|header| header.subject.as_uuid());
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
async fn nobody_rewrites_the_audit_log(pool: PgPool) {
    for deed in ["UPDATE operations.audit_log SET actor = 'nobody'", "DELETE FROM operations.audit_log"] {
        let refused = sqlx::query(deed).execute(&pool).await.expect_err("refused");
        assert!(refused.to_string().contains("only ever added to"), "{refused}");
    }
}
