//! `GET /metrics`, also served under the base path.

use crate::problem::Problem;
use crate::state::AppState;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::HeaderName;
use axum::http::header::CONTENT_TYPE;

const PROMETHEUS_TEXT: &str = "text/plain; version=0.0.4; charset=utf-8";

type Text = ([(HeaderName, &'static str); 1], Bytes);

/// Metrics
///
/// In the Prometheus text format.
#[utoipa::path(get, path = "/metrics", tag = "system",
    responses((status = 200, description = "One sample per line", body = String, content_type = "text/plain",
        example = "http_requests_total{method=\"GET\",route=\"/api/v1/products\",status=\"200\"} 42")), security(()))]
pub async fn metrics(state: State<AppState>) -> Result<Text, Problem> {
    text(state)
}

/// Metrics, under the base path
///
/// The same as `/metrics`.
#[utoipa::path(get, path = "/system/metrics", tag = "system",
    responses((status = 200, description = "One sample per line", body = String, content_type = "text/plain",
        example = "http_requests_total{method=\"GET\",route=\"/api/v1/products\",status=\"200\"} 42")), security(()))]
pub async fn system_metrics(state: State<AppState>) -> Result<Text, Problem> {
    text(state)
}

fn text(State(state): State<AppState>) -> Result<Text, Problem> {
    let text = state.metrics.text().map_err(Problem::internal)?;
    Ok(([(CONTENT_TYPE, PROMETHEUS_TEXT)], text))
}
