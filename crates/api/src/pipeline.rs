//! What every request passes on its way to its route and back, the outermost first. It is one layer: for each request and
//! each layer, axum clones and boxes all that is inside of it.

use crate::idempotency::SupportedRoutes;
use crate::request_id::RequestId;
use crate::state::AppState;
use crate::{headers, limits, problem, request_log};
use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

pub async fn pass(
    State((state, keyed)): State<(AppState, SupportedRoutes)>,
    mut request: Request,
    next: Next,
) -> Response {
    let id = RequestId::assign(&mut request);
    let observed = request_log::begin(&state, &mut request).await;
    let path = request.uri().path().to_owned();
    let mut response = match limits::head(&request).and_then(|()| keyed.check(&request)) {
        Ok(()) => next.run(request).await,
        Err(problem) => problem.into_response(),
    };
    headers::secure(response.headers_mut());
    problem::render(&mut response, &path, &id);
    observed.end(&response, &id);
    id.name(response.headers_mut());
    response
}
