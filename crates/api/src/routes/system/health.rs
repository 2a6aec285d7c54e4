//! `GET /system/health`: the state of Postgres, RabbitMQ and Redis, and of order processing.

use super::CHECK_TIMEOUT;
use super::flow::faults;
use crate::docs::sets::{DependencyStatusSet, HealthStatusSet};
use crate::state::AppState;
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use platform::telemetry::milliseconds;
use serde::Serialize;
use sqlx::Connection;
use std::time::Instant;
use utoipa::ToSchema;

domain::string_enum! {
    pub enum HealthStatus {
        Ok,
        Degraded,
        Down,
    }
}

domain::string_enum! {
    pub enum DependencyStatus {
        Ok,
        Down,
        Busy,
    }
}

/// The services that orders need. Without Postgres no order is accepted. Without RabbitMQ orders are accepted and wait.
/// Without Redis each process applies the login limits on its own.
#[derive(Debug, Serialize, ToSchema)]
pub struct HealthBody {
    /// `ok`; `degraded`: orders are accepted, but a dependency is not available or accepted orders wait; `down`: no order
    /// is accepted.
    #[schema(value_type = HealthStatusSet, inline)]
    pub status: HealthStatus,
    dependencies: Dependencies,
    /// Why accepted orders wait although every dependency is available: queues without a consumer, or an outbox with
    /// messages that have waited for more than 10 seconds.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(example = json!(["queue payments has no consumer"]))]
    faults: Vec<String>,
}

#[derive(Debug, Serialize, ToSchema)]
struct Dependencies {
    postgres: Dependency,
    rabbitmq: Dependency,
    redis: Dependency,
}

#[derive(Debug, Serialize, ToSchema)]
struct Dependency {
    /// `ok`, `down`, or `busy`: it is available, but every connection to it was in use.
    #[schema(value_type = DependencyStatusSet, inline)]
    status: DependencyStatus,
    /// Duration of the check.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = 0.4)]
    latency_ms: Option<f64>,
}

/// Check the dependencies
///
/// 200 while orders can be accepted (`ok` or `degraded`), 503 while they can't (`down`). The status is also `degraded`
/// while accepted orders wait; `faults` lists the reasons.
#[utoipa::path(get, path = "/system/health", tag = "system",
    responses((status = 200, description = "Orders are accepted", body = HealthBody),
        (status = 503, description = "Orders can't be accepted", body = HealthBody)), security(()))]
pub async fn health(State(state): State<AppState>) -> (StatusCode, Json<HealthBody>) {
    let (postgres, rabbitmq, redis, faults) = tokio::join!(
        check(postgres_responds(&state)),
        check(async { state.queue_inspector.ping().await.is_ok() }),
        check(async { state.redis.ping().await.is_ok() }),
        Box::pin(faults(&state)),
    );
    let postgres =
        if !postgres.is_ok() && state.pool_activity.is_busy(&state.vital) { Dependency::busy() } else { postgres };
    let (status, code) = match (
        postgres.status != DependencyStatus::Down,
        postgres.is_ok() && rabbitmq.is_ok() && redis.is_ok() && faults.is_empty(),
    ) {
        (true, true) => (HealthStatus::Ok, StatusCode::OK),
        (true, false) => (HealthStatus::Degraded, StatusCode::OK),
        (false, _) => (HealthStatus::Down, StatusCode::SERVICE_UNAVAILABLE),
    };
    (code, Json(HealthBody { status, dependencies: Dependencies { postgres, rabbitmq, redis }, faults }))
}

/// Uses the vital pool, so that the check measures the database and not the wait for a connection of the common pool.
async fn postgres_responds(state: &AppState) -> bool {
    let pinging = async { platform::postgres::reader(&state.vital).await?.ping().await };
    tokio::time::timeout(CHECK_TIMEOUT, pinging).await.is_ok_and(|result| result.is_ok())
}

async fn check(responds: impl Future<Output = bool>) -> Dependency {
    let started_at = Instant::now();
    let is_up = tokio::time::timeout(CHECK_TIMEOUT, responds).await.unwrap_or(false);
    let latency_ms = is_up.then(|| milliseconds(started_at.elapsed()));
    let status = if is_up { DependencyStatus::Ok } else { DependencyStatus::Down };
    Dependency { status, latency_ms }
}

impl Dependency {
    /// Available, but all connections to it are in use.
    fn busy() -> Self {
        Self { status: DependencyStatus::Busy, latency_ms: None }
    }

    fn is_ok(&self) -> bool {
        self.status == DependencyStatus::Ok
    }
}
