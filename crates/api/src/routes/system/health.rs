use super::flow::faults;
use crate::state::AppState;
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use platform::telemetry::milliseconds;
use serde::Serialize;
use sqlx::Connection;
use std::time::{Duration, Instant};
use utoipa::ToSchema;

/// What has not answered within this counts as away.
pub(super) const CHECK_LIMIT: Duration = Duration::from_secs(1);

/// The services that orders need. Without Postgres no order is accepted; without RabbitMQ orders are accepted and wait;
/// without Redis each process applies limits on its own.
#[derive(Debug, Serialize, ToSchema)]
pub struct HealthBody {
    /// `ok`, `degraded` or `down`.
    #[schema(example = "ok")]
    pub status: &'static str,
    dependencies: Dependencies,
    /// Why orders that were accepted wait, though every dependency answers: queues without a consumer, an outbox that has not
    /// drained for 10 seconds.
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
    /// `ok`, `down` or `busy`: it answers others, but no connection to it was free.
    #[schema(example = "ok")]
    status: &'static str,
    /// How long the check took.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = 0.4)]
    latency_ms: Option<f64>,
}

/// Check the dependencies
///
/// 200 while orders can be accepted (`ok` or `degraded`), 503 when they can't (`down`). `degraded` also while orders that
/// were accepted wait: `faults` names what they wait for.
#[utoipa::path(get, path = "/system/health", tag = "system",
    responses((status = 200, description = "Orders are accepted", body = HealthBody),
        (status = 503, description = "Orders can't be accepted", body = HealthBody)), security(()))]
pub async fn health(State(state): State<AppState>) -> (StatusCode, Json<HealthBody>) {
    let (postgres, rabbitmq, redis, faults) = tokio::join!(
        check(postgres_answers(&state)),
        check(async { state.probe.ping().await.is_ok() }),
        check(async { state.redis.ping().await.is_ok() }),
        Box::pin(faults(&state)),
    );
    let postgres = if !postgres.is_ok() && state.pulse.is_busy(&state.vital) { Dependency::busy() } else { postgres };
    let (status, code) =
        match (postgres.status != "down", postgres.is_ok() && rabbitmq.is_ok() && redis.is_ok() && faults.is_empty()) {
            (true, true) => ("ok", StatusCode::OK),
            (true, false) => ("degraded", StatusCode::OK),
            (false, _) => ("down", StatusCode::SERVICE_UNAVAILABLE),
        };
    (code, Json(HealthBody { status, dependencies: Dependencies { postgres, rabbitmq, redis }, faults }))
}

/// Of its own share of connections, so that it tells of the database and not of what waits there.
async fn postgres_answers(state: &AppState) -> bool {
    let pinging = async { state.vital.acquire().await?.ping().await };
    tokio::time::timeout(CHECK_LIMIT, pinging).await.is_ok_and(|answered| answered.is_ok())
}

async fn check(answers: impl Future<Output = bool>) -> Dependency {
    let begun = Instant::now();
    let answered = tokio::time::timeout(CHECK_LIMIT, answers).await.unwrap_or(false);
    let latency_ms = answered.then(|| milliseconds(begun.elapsed()));
    Dependency { status: if answered { "ok" } else { "down" }, latency_ms }
}

impl Dependency {
    /// It can be reached, but all connections to it are in use.
    fn busy() -> Self {
        Self { status: "busy", latency_ms: None }
    }

    fn is_ok(&self) -> bool {
        self.status == "ok"
    }
}
