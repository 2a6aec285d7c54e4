//! `GET /orders/{id}/stream`: the timeline of an order as server-sent events.

use super::events::EventBody;
use super::visible_order;
use crate::auth::{Allowed, Caller};
use crate::params::PathParam;
use crate::policy::SeeOrders;
use crate::problem::{Kind, Problem};
use crate::rate_limits::OpenStream;
use crate::routes::viewer::viewer;
use crate::state::AppState;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use domain::ids::OrderId;
use futures::stream::{Stream, unfold};
use orders::EventView;
use serde::Serialize;
use std::collections::VecDeque;
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, watch};

const LAST_EVENT_ID: &str = "last-event-id";
/// How often an idle stream checks that the caller may still see the order; it is also checked before each event.
const ACCESS_CHECK_INTERVAL: Duration = Duration::from_secs(3);
/// `Retry-After` when the caller has too many streams open.
const STREAM_RETRY_AFTER: Duration = Duration::from_secs(5);
/// The `event` of each entry, and of the last event of every stream.
const ENTRY_EVENT: &str = "entry";
const END_EVENT: &str = "end";
/// How long a browser waits before it reconnects, sent as `retry`.
const RECONNECT_AFTER: Duration = Duration::from_secs(3);
/// Interval of keep-alive comments: proxies close connections that are silent for longer.
const KEEP_ALIVE_INTERVAL: Duration = Duration::from_secs(15);

/// Follow an order
///
/// Its timeline as server-sent events: the entries so far, then each new one within half a second, until the order is
/// delivered, rejected or cancelled, or your access token expires or is revoked. The `data` of an `event: entry` is an
/// entry of `/orders/{id}/events`. The last event is an `event: end` with the `reason`: `order_ended`, `access_ended`,
/// or `interrupted`, after which you reconnect. After a disconnect, send the last `id` that you received as
/// `Last-Event-ID`: the stream continues after it. A 204 means that the order has ended; later entries, such as the
/// capture for its last shipment, are in `/orders/{id}/events`.
#[utoipa::path(get, path = "/orders/{id}/stream", tag = "orders",
    params(("id" = uuid::Uuid, Path, description = "The order's `order_id`"),
        ("Last-Event-ID" = Option<i32>, Header, description = "The `id` of the last event that you received")),
    responses(
        (status = 200, description = "One event per entry", content_type = "text/event-stream", body = String,
            example = "id: 2\nevent: entry\ndata: {\"version\":2,\"kind\":\"stock_reserved\",\"to_status\":\"pending\",\"at\":\"2026-01-15T09:30:00Z\"}\n\n"),
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
    let open = state.streams_by_principal.open(caller.counted_as()).ok_or_else(|| too_many_streams(&state))?;
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
    let permits = (permit, open);
    let stream =
        EventStream { state, id, caller, latest, pending, last_sent, progress: Progress::New, _permits: permits };
    let response = Sse::new(stream.events()).keep_alive(KeepAlive::new().interval(KEEP_ALIVE_INTERVAL));
    // A proxy that buffers responses would never forward an event.
    Ok(([("x-accel-buffering", "no")], response).into_response())
}

fn too_many_streams(state: &AppState) -> Problem {
    let max = state.streams_by_principal.per_principal_max();
    let detail = format!("You have {max} order streams open, which is the limit; close one first");
    Problem::new(Kind::TooManyRequests, detail).retry_after(STREAM_RETRY_AFTER)
}

/// The version in `Last-Event-ID`; 0 without the header.
fn last_event_id(headers: &HeaderMap) -> Result<i32, Problem> {
    let Some(given) = headers.get(LAST_EVENT_ID) else { return Ok(0) };
    let version = given.to_str().ok().and_then(|text| text.parse().ok()).filter(|version| *version >= 0);
    let detail = "`Last-Event-ID` must be the `id` of the last event that you received, a whole number";
    version.ok_or_else(|| Problem::about_parameter(Kind::InvalidParameter, LAST_EVENT_ID, detail))
}

/// Why a stream ends: the data of its last event.
#[derive(Debug, Clone, Copy, Serialize)]
#[serde(tag = "reason", rename_all = "snake_case")]
enum End {
    /// The order is delivered, rejected or cancelled. Reconnecting gets a 204.
    OrderEnded,
    /// The access token has expired or was revoked.
    AccessEnded,
    /// This process stops, or could not read the order: reconnect.
    Interrupted,
}

/// How far a stream is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Progress {
    /// The client has received nothing yet.
    New,
    Open,
    /// The last entry of the order was sent.
    OrderEnded,
    /// The `end` event was sent.
    Closed,
}

/// A subscription to the timeline of an order, and its position.
struct EventStream {
    state: AppState,
    id: OrderId,
    caller: Caller,
    latest: watch::Receiver<i32>,
    /// Entries that were read and not sent yet.
    pending: VecDeque<EventView>,
    /// The version of the last entry that was sent.
    last_sent: i32,
    progress: Progress,
    _permits: (OwnedSemaphorePermit, OpenStream),
}

impl EventStream {
    fn events(self) -> impl Stream<Item = Result<Event, axum::Error>> {
        unfold(self, async |mut stream| Some((stream.next().await?, stream)))
    }

    /// The next entry, then the `end` event, then `None`.
    async fn next(&mut self) -> Option<Result<Event, axum::Error>> {
        if self.progress == Progress::Closed {
            return None;
        }
        let event = match self.next_entry().await {
            Ok(entry) => self.entry_event(entry),
            Err(end) => {
                self.progress = Progress::Closed;
                Event::default().event(END_EVENT).json_data(end)
            }
        };
        Some(event)
    }

    fn entry_event(&mut self, entry: EventView) -> Result<Event, axum::Error> {
        let event = match self.progress {
            Progress::New => Event::default().retry(RECONNECT_AFTER),
            _ => Event::default(),
        };
        self.progress = if entry.to.is_final() { Progress::OrderEnded } else { Progress::Open };
        self.last_sent = entry.version;
        event.id(entry.version.to_string()).event(ENTRY_EVENT).json_data(EventBody::from(entry))
    }

    async fn next_entry(&mut self) -> Result<EventView, End> {
        if self.pending.is_empty() {
            if self.progress == Progress::OrderEnded {
                return Err(End::OrderEnded);
            }
            let access_ends = until_access_ends(self.state.clone(), self.caller);
            tokio::select! {
                read = self.read_next() => read?,
                end = access_ends => return Err(end),
            }
        }
        if !self.is_allowed().await {
            return Err(End::AccessEnded);
        }
        self.pending.pop_front().ok_or(End::Interrupted)
    }

    /// Waits for newer entries and reads them.
    async fn read_next(&mut self) -> Result<(), End> {
        let last_sent = self.last_sent;
        self.latest.wait_for(|version| *version > last_sent).await.map_err(|_stopping| End::Interrupted)?;
        let read = orders::order_events_after(&self.state.pool, self.id, viewer(self.caller), last_sent).await;
        self.pending = read.map_err(|error| interrupted(&error, self.id))?.into();
        Ok(())
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

fn interrupted(error: &impl std::fmt::Display, id: OrderId) -> End {
    tracing::warn!(%error, order.id = %id, "failed to read order events");
    End::Interrupted
}

/// Waits until the caller's token expires or is revoked, or the process stops. While accounts can't be read, the stream
/// stays open: access is checked again before each entry.
async fn until_access_ends(state: AppState, caller: Caller) -> End {
    while !state.lifecycle.stopping.is_cancelled() {
        let now = platform::clock::now();
        let left = (caller.principal.until - now).to_std().unwrap_or_default();
        if left.is_zero() || matches!(state.accounts.is_current(caller.principal, now).await, Ok(false)) {
            return End::AccessEnded;
        }
        state.lifecycle.sleep_or_stop(left.min(ACCESS_CHECK_INTERVAL), std::future::pending()).await;
    }
    End::Interrupted
}
