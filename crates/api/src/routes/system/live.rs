use axum::Json;
use serde::Serialize;
use utoipa::ToSchema;

#[derive(Debug, Serialize, ToSchema)]
pub struct StatusBody {
    #[schema(example = "ok")]
    pub status: &'static str,
}

/// Does the process answer?
///
/// If not, it should be started anew.
#[utoipa::path(get, path = "/system/health/live", tag = "system",
    responses((status = 200, description = "It does", body = StatusBody)), security(()))]
pub async fn live() -> Json<StatusBody> {
    Json(StatusBody { status: "ok" })
}
