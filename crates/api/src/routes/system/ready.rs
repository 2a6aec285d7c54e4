use super::health::postgres_answers;
use super::live::StatusBody;
use crate::state::AppState;
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;

/// Can orders be taken?
///
/// Postgres decides: what it holds is carried on as soon as the broker is back. If not, send requests elsewhere.
#[utoipa::path(get, path = "/system/health/ready", tag = "system",
    responses((status = 200, body = StatusBody), (status = 503, body = StatusBody)), security(()))]
pub async fn ready(State(state): State<AppState>) -> (StatusCode, Json<StatusBody>) {
    let stopping = state.lifecycle.stopping.is_cancelled();
    if stopping || !postgres_answers(&state).await {
        return (StatusCode::SERVICE_UNAVAILABLE, Json(StatusBody { status: "down" }));
    }
    (StatusCode::OK, Json(StatusBody { status: "ok" }))
}
