use super::health::health;
use super::live::StatusBody;
use crate::state::AppState;
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;

/// Can orders be taken?
///
/// Postgres decides. While RabbitMQ or Redis is away the answer is still 200, and `degraded`: orders are taken, and
/// carried on as soon as the broker is back. 503, here or while the process stops: send requests elsewhere.
#[utoipa::path(get, path = "/system/health/ready", tag = "system",
    responses((status = 200, description = "Send requests", body = StatusBody),
        (status = 503, description = "Send requests elsewhere", body = StatusBody)), security(()))]
pub async fn ready(State(state): State<AppState>) -> (StatusCode, Json<StatusBody>) {
    if state.lifecycle.stopping.is_cancelled() {
        return (StatusCode::SERVICE_UNAVAILABLE, Json(StatusBody { status: "down" }));
    }
    let (code, Json(health)) = health(State(state)).await;
    (code, Json(StatusBody { status: health.status }))
}
