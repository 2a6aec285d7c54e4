//! `GET /system/health/ready`.

use super::health::health;
use super::live::StatusBody;
use crate::state::AppState;
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;

/// Readiness probe
///
/// Depends on Postgres only. While RabbitMQ or Redis is unavailable, the response is 200 with `degraded`: orders are
/// accepted, and processed when the broker is available again. 503 while Postgres is unavailable or the process stops.
#[utoipa::path(get, path = "/system/health/ready", tag = "system",
    responses((status = 200, description = "Ready for requests", body = StatusBody),
        (status = 503, description = "Not ready: send requests to another process", body = StatusBody)), security(()))]
pub async fn ready(State(state): State<AppState>) -> (StatusCode, Json<StatusBody>) {
    if state.lifecycle.stopping.is_cancelled() {
        return (StatusCode::SERVICE_UNAVAILABLE, Json(StatusBody { status: "down" }));
    }
    let (code, Json(health)) = health(State(state)).await;
    (code, Json(StatusBody { status: health.status.into() }))
}
