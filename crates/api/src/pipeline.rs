//! The stages around every route, outermost first. They form one layer on purpose: for each request, axum clones and
//! boxes the inner service of every layer.

use crate::idempotency::SupportedRoutes;
use crate::request_id::RequestId;
use crate::state::AppState;
use crate::{headers, limits, problem, request_log};
use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

/// Assigns the id, checks the headers, runs the route, then completes the response and writes the log line.
pub async fn handle_request(
    State((state, supported)): State<(AppState, SupportedRoutes)>,
    mut request: Request,
    next: Next,
) -> Response {
    let id = RequestId::assign(&mut request);
    let record = request_log::begin(&state, &mut request).await;
    let path = request.uri().path().to_owned();
    let mut response = match limits::check_headers(&request).and_then(|()| supported.check(&request)) {
        Ok(()) => next.run(request).await,
        Err(problem) => problem.into_response(),
    };
    headers::add_security_headers(response.headers_mut());
    problem::render(&mut response, &path, &id);
    record.end(&response, &id);
    id.add_to(response.headers_mut());
    response
}
