//! One log line and one count a request. What went wrong on our side is told here, once, beside the request it broke.

use crate::problem::Problem;
use crate::request_id::RequestId;
use crate::state::AppState;
use axum::extract::{MatchedPath, Request, State};
use axum::http::Method;
use axum::middleware::Next;
use axum::response::Response;
use platform::telemetry::milliseconds;
use std::sync::Arc;
use std::time::Instant;

/// What was asked for stands in the log as the route that it matched: paths hold ids, and whatever clients make up.
const NO_ROUTE: &str = "none";

pub async fn observe(State(state): State<AppState>, id: RequestId, request: Request, next: Next) -> Response {
    let begun = Instant::now();
    let method = method_label(request.method());
    let route = request.extensions().get::<MatchedPath>().cloned();
    let in_flight = InFlight::enter(&state);
    let response = next.run(request).await;
    drop(in_flight);

    let route = route.as_ref().map_or(NO_ROUTE, MatchedPath::as_str);
    let status = response.status().as_u16();
    let took = begun.elapsed();
    state.metrics.answered(method, route, status, took);
    let problem = response.extensions().get::<Arc<Problem>>();
    let code = problem.map(|problem| problem.kind.slug());
    let cause = problem.and_then(|problem| problem.cause.as_deref());
    let duration_ms = milliseconds(took);
    let request_id = id.as_str();
    if status >= 500 {
        tracing::error!(method, route, status, duration_ms, request_id, code, cause, "request failed");
    } else {
        tracing::info!(method, route, status, duration_ms, request_id, code, "request");
    }
    response
}

/// Methods are the client's to make up, and each would be a time series.
fn method_label(method: &Method) -> &'static str {
    let known = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"];
    known.into_iter().find(|known| method == known).unwrap_or("OTHER")
}

/// Counts a request while it is being answered, even if its client goes away.
struct InFlight(AppState);

impl InFlight {
    fn enter(state: &AppState) -> Self {
        state.metrics.in_flight.inc();
        Self(state.clone())
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        self.0.metrics.in_flight.dec();
    }
}
