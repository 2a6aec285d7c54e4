//! One log line and one metric sample per request. The cause of a server-side error is logged here, and only here, in
//! the line of the request that failed.

use crate::client_address::ClientAddress;
use crate::problem::Problem;
use crate::request_id::RequestId;
use crate::state::AppState;
use accounts::ApiKeyId;
use axum::RequestExt as _;
use axum::extract::{MatchedPath, RawPathParams, Request};
use axum::http::header::LOCATION;
use axum::http::{Method, StatusCode};
use axum::response::Response;
use domain::ids::UserId;
use platform::telemetry::milliseconds;
use std::sync::{Arc, OnceLock};
use std::time::Instant;
use tracing::field::display;
use uuid::Uuid;

/// Label of requests that match no route. Log and metrics use the route template, never the path: paths contain ids and
/// arbitrary client input.
const NO_ROUTE: &str = "none";
/// Part of the route template of every route of a single order.
const ORDER_ROUTE: &str = "/orders/{id}";
const ORDER_PARAM: &str = "id";

/// The authenticated user of a request; empty until authentication.
#[derive(Debug, Clone, Default)]
pub struct Requester(Arc<OnceLock<(UserId, Option<ApiKeyId>)>>);

impl Requester {
    /// Later calls change nothing: a request has one sender.
    pub fn set(&self, user: UserId, key: Option<ApiKeyId>) {
        self.0.get_or_init(|| (user, key));
    }
}

/// A request in progress. Dropping it decrements the in-flight gauge, so a disconnected client is counted correctly.
pub struct RequestRecord {
    state: AppState,
    started_at: Instant,
    method: &'static str,
    route: Option<MatchedPath>,
    /// The order id in the path.
    order: Option<Uuid>,
    requester: Requester,
    address: ClientAddress,
}

pub async fn begin(state: &AppState, request: &mut Request) -> RequestRecord {
    let started_at = Instant::now();
    let method = method_label(request.method());
    let route = request.extensions().get::<MatchedPath>().cloned();
    let order = order_in_path(request, route.as_ref()).await;
    let requester = Requester::default();
    request.extensions_mut().insert(requester.clone());
    let address = ClientAddress::of(request.extensions(), request.headers(), state);
    state.metrics.in_flight.inc();
    RequestRecord { state: state.clone(), started_at, method, route, order, requester, address }
}

impl Drop for RequestRecord {
    fn drop(&mut self) {
        self.state.metrics.in_flight.dec();
    }
}

impl RequestRecord {
    pub fn end(self, response: &Response, id: &RequestId) {
        let method = self.method;
        let route = self.route.as_ref().map_or(NO_ROUTE, MatchedPath::as_str);
        let status = response.status().as_u16();
        let elapsed = self.started_at.elapsed();
        self.state.metrics.record_response(method, route, status, elapsed);
        let problem = response.extensions().get::<Arc<Problem>>();
        let code = problem.map(|problem| problem.kind.slug());
        let cause = problem.and_then(|problem| problem.cause.as_deref());
        let duration_ms = milliseconds(elapsed);
        let request_id = id.as_str();
        let requester = self.requester.0.get();
        let user_id = requester.map(|(user, _)| display(user));
        let key_id = requester.and_then(|(_, key)| key.map(display));
        let client_address = display(self.address.0);
        let order_id = self.order.or_else(|| placed_order(response)).map(display);
        if status >= 500 {
            tracing::error!(
                method,
                route,
                status,
                duration_ms,
                request_id,
                correlation_id = request_id,
                order.id = order_id,
                user.id = user_id,
                api_key.id = key_id,
                client.address = client_address,
                code,
                cause,
                "request failed"
            );
        } else {
            tracing::info!(
                method,
                route,
                status,
                duration_ms,
                request_id,
                correlation_id = request_id,
                order.id = order_id,
                user.id = user_id,
                api_key.id = key_id,
                client.address = client_address,
                code,
                "request"
            );
        }
    }
}

/// The order id in the path. Anything that is not an id is arbitrary client input and stays out of the log.
async fn order_in_path(request: &mut Request, route: Option<&MatchedPath>) -> Option<Uuid> {
    route.filter(|route| route.as_str().contains(ORDER_ROUTE))?;
    let params = request.extract_parts::<RawPathParams>().await.ok()?;
    params.iter().find(|(name, _)| *name == ORDER_PARAM)?.1.parse().ok()
}

/// The order that this request placed, from the `Location` header.
fn placed_order(response: &Response) -> Option<Uuid> {
    let location = response.headers().get(LOCATION).filter(|_| response.status() == StatusCode::ACCEPTED)?;
    location.to_str().ok()?.rsplit_once("/orders/")?.1.parse().ok()
}

/// Unknown methods share one label: clients can send any method, and each label value is a time series.
fn method_label(method: &Method) -> &'static str {
    let known = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"];
    known.into_iter().find(|known| method == known).unwrap_or("OTHER")
}
