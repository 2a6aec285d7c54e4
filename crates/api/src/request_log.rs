//! One log line and one count a request. What went wrong on our side is told here, once, beside the request it broke.

use crate::client_address::ClientAddress;
use crate::problem::Problem;
use crate::request_id::RequestId;
use crate::state::AppState;
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

/// What was asked for stands in the log as the route that it matched: paths hold ids, and whatever clients make up.
const NO_ROUTE: &str = "none";
/// How the routes of one order name it.
const ONE_ORDER: &str = "/orders/{id}";
const ORDER_PARAM: &str = "id";

/// Who sends a request, once that is known.
#[derive(Debug, Clone, Default)]
pub struct Requester(Arc<OnceLock<UserId>>);

impl Requester {
    /// The first one stays: a request has one sender.
    pub fn set(&self, user: UserId) {
        self.0.get_or_init(|| user);
    }
}

/// A request that is being answered: counted while it is, even if its client goes away.
pub struct Observed {
    state: AppState,
    begun: Instant,
    method: &'static str,
    route: Option<MatchedPath>,
    /// The order that its path names.
    order: Option<Uuid>,
    requester: Requester,
    address: ClientAddress,
}

pub async fn begin(state: &AppState, request: &mut Request) -> Observed {
    let begun = Instant::now();
    let method = method_label(request.method());
    let route = request.extensions().get::<MatchedPath>().cloned();
    let order = named_order(request, route.as_ref()).await;
    let requester = Requester::default();
    request.extensions_mut().insert(requester.clone());
    let address = ClientAddress::of(request.extensions(), request.headers(), state);
    state.metrics.in_flight.inc();
    Observed { state: state.clone(), begun, method, route, order, requester, address }
}

impl Drop for Observed {
    fn drop(&mut self) {
        self.state.metrics.in_flight.dec();
    }
}

impl Observed {
    pub fn end(self, response: &Response, id: &RequestId) {
        let method = self.method;
        let route = self.route.as_ref().map_or(NO_ROUTE, MatchedPath::as_str);
        let status = response.status().as_u16();
        let took = self.begun.elapsed();
        self.state.metrics.answered(method, route, status, took);
        let problem = response.extensions().get::<Arc<Problem>>();
        let code = problem.map(|problem| problem.kind.slug());
        let cause = problem.and_then(|problem| problem.cause.as_deref());
        let duration_ms = milliseconds(took);
        let request_id = id.as_str();
        let user_id = self.requester.0.get().map(display);
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
                client.address = client_address,
                code,
                "request"
            );
        }
    }
}

/// The order that the path names; what is no id is the client's to make up, and stays out of the log.
async fn named_order(request: &mut Request, route: Option<&MatchedPath>) -> Option<Uuid> {
    route.filter(|route| route.as_str().contains(ONE_ORDER))?;
    let params = request.extract_parts::<RawPathParams>().await.ok()?;
    params.iter().find(|(name, _)| *name == ORDER_PARAM)?.1.parse().ok()
}

/// The order that was placed.
fn placed_order(response: &Response) -> Option<Uuid> {
    let location = response.headers().get(LOCATION).filter(|_| response.status() == StatusCode::ACCEPTED)?;
    location.to_str().ok()?.rsplit_once("/orders/")?.1.parse().ok()
}

/// Methods are the client's to make up, and each would be a time series.
fn method_label(method: &Method) -> &'static str {
    let known = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"];
    known.into_iter().find(|known| method == known).unwrap_or("OTHER")
}
