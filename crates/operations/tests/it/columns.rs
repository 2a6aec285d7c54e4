//! Each column holds the value of its name. No two values of one type are equal, so two swapped columns are found.

use super::failed_jobs::{dead_letter, jobs, justification, store};
use domain::ids::OrderId;
use operations::Auditor;
use operations::failed_jobs::discard;
use operations::schedule::{Run, SchedulerId, enroll, record};
use platform::audit::{AuditRecord, AuditSink as _};
use platform::clock::now;
use serde_json::{Value, json};
use sqlx::PgPool;
use std::time::Duration;
use uuid::Uuid;

/// Checks that the only row that `select` finds has `columns`.
async fn assert_row(pool: &PgPool, select: &'static str, columns: Value) {
    let row: Value = sqlx::query_scalar(select).fetch_one(pool).await.expect(select);
    for (column, value) in columns.as_object().expect("columns") {
        assert_eq!(&row[column], value, "{column}: {select}");
    }
}

#[sqlx::test(migrations = "../../migrations")]
async fn each_column_of_a_failed_job_holds_the_value_of_its_name(pool: PgPool) {
    let letter = dead_letter(1);
    store(&pool, std::slice::from_ref(&letter)).await;
    let job = jobs(&pool).await.remove(0);
    discard(&messaging::WriteContext::of(pool.clone()), job.id, &justification(), &platform::audit::NoAudit)
        .await
        .expect("discarded");

    let order: Option<OrderId> = letter.header.map(|header| header.subject);
    let payload = r"\x7b226e756d626572223a317d";
    let expected = json!({ "id": job.id, "queue": "inventory", "message_id": letter.message_id, "order_id": order,
                           "type": "inventory.reserve.v1", "correlation_id": "request-1", "payload": payload,
                           "headers": { "x-attempt": 6 }, "error": "no row 1", "attempts": 6, "status": "discarded",
                           "decided_by": "admin:1", "reason": "fixed" });
    assert_row(&pool, "SELECT to_jsonb(row) FROM operations.failed_jobs AS row", expected).await;
}

#[sqlx::test(migrations = "../../migrations")]
async fn each_column_of_a_task_and_of_its_run_holds_the_value_of_its_name(pool: PgPool) {
    enroll(&pool, &[("the task", Duration::from_secs(7))]).await.expect("enrolled");
    let scheduler = SchedulerId { id: Uuid::now_v7(), name: "the scheduler".to_owned() };
    let error = Some("the error".to_owned());
    let run = Run { started_at: now(), took: Duration::from_micros(5_500), rows: 3, error, next_run_at: now() };
    record(&pool, &scheduler, "the task", &run).await.expect("recorded");

    let task = json!({ "name": "the task", "period_ms": 7_000, "last_duration_ms": 5.5, "last_result": "failed",
                       "last_rows": 3, "last_error": "the error" });
    let recorded = json!({ "task": "the task", "duration_ms": 5.5, "result": "failed", "rows": 3,
                           "error": "the error", "scheduler": "the scheduler" });
    assert_row(&pool, "SELECT to_jsonb(row) FROM operations.tasks AS row", task).await;
    assert_row(&pool, "SELECT to_jsonb(row) FROM operations.task_runs AS row", recorded).await;
}

#[sqlx::test(migrations = "../../migrations")]
async fn each_column_of_an_audit_entry_holds_the_value_of_its_name(pool: PgPool) {
    let auditor = Auditor { actor: "the actor".to_owned(), request_id: "the request".to_owned(), at: now() };
    let change = AuditRecord {
        action: "the action",
        subject: "the subject".to_owned(),
        reason: Some("the reason".to_owned()),
        before: Some(json!("before")),
        after: Some(json!("after")),
    };
    auditor
        .record(&mut platform::postgres::writer(&pool).await.expect("a connection"), change)
        .await
        .expect("recorded");

    let expected = json!({ "actor": "the actor", "action": "the action", "subject": "the subject",
                           "reason": "the reason", "before": "before", "after": "after", "request_id": "the request" });
    assert_row(&pool, "SELECT to_jsonb(row) FROM operations.audit_log AS row", expected).await;
}
