//! `GET /system/health/live`.

use axum::Json;
use serde::Serialize;
use utoipa::ToSchema;

#[derive(Debug, Serialize, ToSchema)]
pub struct StatusBody {
    #[schema(example = "ok")]
    pub status: &'static str,
}

/// Liveness probe
///
/// Restart the process if it does not respond.
#[utoipa::path(get, path = "/system/health/live", tag = "system",
    responses((status = 200, description = "The process is alive", body = StatusBody)), security(()))]
pub async fn live() -> Json<StatusBody> {
    Json(StatusBody { status: "ok" })
}
