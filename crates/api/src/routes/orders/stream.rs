//! `GET /orders/{id}/stream`: the timeline of an order as server-sent events.

use super::events::EventBody;
use super::visible_order;
use crate::auth::{Allowed, Caller};
use crate::params::PathParam;
use crate::policy::SeeOrders;
use crate::problem::{Kind, Problem};
use crate::routes::viewer::viewer;
use crate::state::AppState;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use domain::ids::OrderId;
use futures::stream::{Stream, StreamExt, unfold};
use orders::EventView;
use std::collections::VecDeque;
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, watch};

const LAST_EVENT_ID: &str = "last-event-id";
/// How often an idle stream checks that the caller may still see the order; it is also checked before each event.
const ACCESS_CHECK_INTERVAL: Duration = Duration::from_secs(3);
/// Interval of keep-alive comments: proxies close connections that are silent for longer.
const KEEP_ALIVE_INTERVAL: Duration = Duration::from_secs(15);

/// Follow an order
///
/// Its timeline as server-sent events: the entries so far, then each new one within half a second, until the order is
/// delivered, rejected or cancelled, or your access token expires or is revoked. The `data` is an entry of
/// `/orders/{id}/events`. After a disconnect, send the last `id` that you received as `Last-Event-ID`: the stream
/// continues after it. A 204 means that the order has ended; later entries, such as the capture for its last shipment,
/// are in `/orders/{id}/events`.
#[utoipa::path(get, path = "/orders/{id}/stream", tag = "orders",
    params(("id" = uuid::Uuid, Path, description = "The order's `order_id`"),
        ("Last-Event-ID" = Option<i32>, Header, description = "The `id` of the last event that you received")),
    responses(
        (status = 200, description = "One event per entry", content_type = "text/event-stream", body = String,
            example = "id: 2\ndata: {\"version\":2,\"kind\":\"stock_reserved\",\"to_status\":\"pending\",\"at\":\"2026-01-15T09:30:00Z\"}\n\n"),
        (status = 204, description = "The order has ended, and you have received its timeline")),
    security(("access_token" = [])))]
pub async fn stream_order(
    State(state): State<AppState>,
    Allowed { caller, .. }: Allowed<SeeOrders>,
    PathParam(id): PathParam<OrderId>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let last_sent = last_event_id(&headers)?;
    let permit = state.streams.clone().try_acquire_owned();
    let permit = permit.map_err(|_full| Problem::overloaded("Too many order streams are open; retry later"))?;
    // Subscribe before reading, so that no event is missed between the two.
    let latest = state.order_watch.subscribe(id);
    let order = visible_order(&state, caller, id).await?.order;
    if last_sent > order.version {
        let detail =
            format!("`Last-Event-ID` {last_sent} is ahead of this order; its newest event is {}", order.version);
        return Err(Problem::about_parameter(Kind::InvalidParameter, LAST_EVENT_ID, detail));
    }
    if last_sent == order.version && order.status.is_final() {
        return Ok(StatusCode::NO_CONTENT.into_response());
    }
    let pending = orders::order_events_after(&state.pool, id, viewer(caller), last_sent).await?.into();
    let end = until_access_ends(state.clone(), caller);
    let stream = EventStream { state, id, caller, latest, pending, last_sent, has_ended: false, _permit: permit };
    let response = Sse::new(stream.events().take_until(end)).keep_alive(KeepAlive::new().interval(KEEP_ALIVE_INTERVAL));
    // A proxy that buffers responses would never forward an event.
    Ok(([("x-accel-buffering", "no")], response).into_response())
}

/// The version in `Last-Event-ID`; 0 without the header.
fn last_event_id(headers: &HeaderMap) -> Result<i32, Problem> {
    let Some(given) = headers.get(LAST_EVENT_ID) else { return Ok(0) };
    let version = given.to_str().ok().and_then(|text| text.parse().ok()).filter(|version| *version >= 0);
    let detail = "`Last-Event-ID` must be the `id` of the last event that you received, a whole number";
    version.ok_or_else(|| Problem::about_parameter(Kind::InvalidParameter, LAST_EVENT_ID, detail))
}

/// Waits until the caller's token expires or is revoked, or the process stops. While accounts can't be read, the stream
/// stays open: access is checked again before each event.
async fn until_access_ends(state: AppState, caller: Caller) {
    while !state.lifecycle.stopping.is_cancelled() {
        let now = platform::clock::now();
        let left = (caller.principal.until - now).to_std().unwrap_or_default();
        if left.is_zero() || matches!(state.accounts.is_current(caller.principal, now).await, Ok(false)) {
            return;
        }
        state.lifecycle.sleep_or_stop(left.min(ACCESS_CHECK_INTERVAL), std::future::pending()).await;
    }
}

/// A subscription to the timeline of an order, and its position.
struct EventStream {
    state: AppState,
    id: OrderId,
    caller: Caller,
    latest: watch::Receiver<i32>,
    /// Events that were read and not sent yet.
    pending: VecDeque<EventView>,
    /// The version of the last event that was sent.
    last_sent: i32,
    has_ended: bool,
    _permit: OwnedSemaphorePermit,
}

impl EventStream {
    fn events(self) -> impl Stream<Item = Result<Event, axum::Error>> {
        unfold(self, async |mut stream| Some((stream.next().await?, stream)))
    }

    /// `None` at the end, or after a failed read: the client reconnects then.
    async fn next(&mut self) -> Option<Result<Event, axum::Error>> {
        if self.pending.is_empty() && !self.has_ended {
            self.read_next().await?;
        }
        let event = self.pending.pop_front()?;
        if !self.is_allowed().await {
            return None;
        }
        (self.last_sent, self.has_ended) = (event.version, event.to.is_final());
        Some(Event::default().id(event.version.to_string()).json_data(EventBody::from(event)))
    }

    /// Waits for newer events and reads them.
    async fn read_next(&mut self) -> Option<()> {
        let last_sent = self.last_sent;
        self.latest.wait_for(|version| *version > last_sent).await.ok()?;
        let events = orders::order_events_after(&self.state.pool, self.id, viewer(self.caller), last_sent).await;
        let events =
            events.inspect_err(|error| tracing::warn!(%error, order.id = %self.id, "failed to read order events"));
        self.pending = events.ok()?.into();
        Some(())
    }

    /// Whether the caller may still see the order; false if that can't be read.
    async fn is_allowed(&self) -> bool {
        let current = self.state.accounts.is_current(self.caller.principal, platform::clock::now()).await;
        current
            .inspect_err(
                |error| tracing::warn!(%error, order.id = %self.id, "stream closed: access could not be checked"),
            )
            .unwrap_or(false)
    }
}
