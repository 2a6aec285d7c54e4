use super::events::EventBody;
use super::{viewer, visible_order};
use crate::auth::{Allowed, Caller};
use crate::params::PathParam;
use crate::policy::SeeOrders;
use crate::problem::{Kind, Problem};
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
/// How long a stream on which nothing happens may outlive the right to it; before each event the right is checked anew.
const RIGHT_CHECKED_EVERY: Duration = Duration::from_secs(3);
/// How long nothing may be said; proxies take a longer silence for an end.
const SILENCE_MAX: Duration = Duration::from_secs(15);

/// Follow an order
///
/// Its timeline as server-sent events: the entries so far, then each new one within half a second, until the order is
/// delivered, rejected or cancelled, or your access token expires or is revoked. The `data` is an entry of
/// `/orders/{id}/events`. After a break, reconnect with the last `id` that you have in `Last-Event-ID`: you get what follows it. A 204 means that the order
/// has ended; later entries, such as the capture of its last shipment, are in `/orders/{id}/events`.
#[utoipa::path(get, path = "/orders/{id}/stream", tag = "orders",
    params(("id" = uuid::Uuid, Path, description = "The order's `order_id`"),
        ("Last-Event-ID" = Option<i32>, Header, description = "The `id` of the last event that you have")),
    responses(
        (status = 200, description = "One event per entry", content_type = "text/event-stream", body = String,
            example = "id: 2\ndata: {\"version\":2,\"kind\":\"stock_reserved\",\"to_status\":\"pending\",\"at\":\"2026-01-15T09:30:00Z\"}\n\n"),
        (status = 204, description = "The order has ended, and you have its timeline so far")),
    security(("access_token" = [])))]
pub async fn stream_order(
    State(state): State<AppState>,
    Allowed { caller, .. }: Allowed<SeeOrders>,
    PathParam(id): PathParam<OrderId>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let seen = last_event_id(&headers)?;
    let place = state.streams.clone().try_acquire_owned();
    let place =
        place.map_err(|_full| Problem::overloaded("Too many orders are being followed at once; try again later"))?;
    // First, so that nothing falls between what is read now and what is told later.
    let latest = state.followed.follow(id);
    let order = visible_order(&state, caller, id).await?.order;
    if seen > order.version {
        let told = format!("`Last-Event-ID` {seen} is ahead of this order; its newest event is {}", order.version);
        return Err(Problem::about_parameter(Kind::InvalidParameter, LAST_EVENT_ID, told));
    }
    if seen == order.version && order.status.is_final() {
        return Ok(StatusCode::NO_CONTENT.into_response());
    }
    let unseen = orders::order_events_after(&state.pool, id, viewer(caller), seen).await?.into();
    let over = until_over(state.clone(), caller);
    let telling = Telling { state, id, caller, latest, unseen, seen, has_ended: false, _place: place };
    let answer = Sse::new(telling.events().take_until(over)).keep_alive(KeepAlive::new().interval(SILENCE_MAX));
    // Proxies that keep answers until they are whole would keep this one for ever.
    Ok(([("x-accel-buffering", "no")], answer).into_response())
}

/// Nought when there is none: nothing was seen.
fn last_event_id(headers: &HeaderMap) -> Result<i32, Problem> {
    let Some(given) = headers.get(LAST_EVENT_ID) else { return Ok(0) };
    let version = given.to_str().ok().and_then(|text| text.parse().ok()).filter(|version| *version >= 0);
    let told = "`Last-Event-ID` must be the `id` of the last event that you have, a whole number";
    version.ok_or_else(|| Problem::about_parameter(Kind::InvalidParameter, LAST_EVENT_ID, told))
}

/// Until the caller's token has expired or was revoked, or the process is to stop. While the accounts can't be read, nothing
/// is revoked: events are asked for one by one.
async fn until_over(state: AppState, caller: Caller) {
    while !state.lifecycle.stopping.is_cancelled() {
        let now = platform::clock::now();
        let left = (caller.principal.until - now).to_std().unwrap_or_default();
        if left.is_zero() || matches!(state.accounts.is_current(caller.principal, now).await, Ok(false)) {
            return;
        }
        state.lifecycle.pause(left.min(RIGHT_CHECKED_EVERY), std::future::pending()).await;
    }
}

/// One who follows an order, and how far they are.
struct Telling {
    state: AppState,
    id: OrderId,
    caller: Caller,
    latest: watch::Receiver<i32>,
    /// What happened and was not told yet.
    unseen: VecDeque<EventView>,
    /// The version of what was told last.
    seen: i32,
    has_ended: bool,
    _place: OwnedSemaphorePermit,
}

impl Telling {
    fn events(self) -> impl Stream<Item = Result<Event, axum::Error>> {
        unfold(self, async |mut telling| Some((telling.next().await?, telling)))
    }

    /// None at the end, or when nothing can be read: whoever follows comes back then.
    async fn next(&mut self) -> Option<Result<Event, axum::Error>> {
        if self.unseen.is_empty() && !self.has_ended {
            self.look_on().await?;
        }
        let event = self.unseen.pop_front()?;
        if !self.may_go_on().await {
            return None;
        }
        (self.seen, self.has_ended) = (event.version, event.to.is_final());
        Some(Event::default().id(event.version.to_string()).json_data(EventBody::from(event)))
    }

    async fn look_on(&mut self) -> Option<()> {
        let seen = self.seen;
        self.latest.wait_for(|version| *version > seen).await.ok()?;
        let unseen = orders::order_events_after(&self.state.pool, self.id, viewer(self.caller), seen).await;
        let unseen =
            unseen.inspect_err(|error| tracing::warn!(%error, order.id = %self.id, "An order can't be followed"));
        self.unseen = unseen.ok()?.into();
        Some(())
    }

    /// Whether the caller may still see the order; not when that can't be read.
    async fn may_go_on(&self) -> bool {
        let current = self.state.accounts.is_current(self.caller.principal, platform::clock::now()).await;
        current
            .inspect_err(|error| tracing::warn!(%error, order.id = %self.id, "A stream ends unchecked"))
            .unwrap_or(false)
    }
}
