//! `GET /orders/{id}/events`: the timeline of an order.

use crate::auth::Allowed;
use crate::docs::sets::OrderStatusSet;
use crate::page::Page;
use crate::params::PathParam;
use crate::policy::SeeOrders;
use crate::problem::Problem;
use crate::routes::viewer::viewer;
use crate::state::AppState;
use axum::Json;
use axum::extract::State;
use chrono::{DateTime, Utc};
use domain::ids::OrderId;
use orders::EventView;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

/// An entry of an order's timeline.
#[derive(Debug, Serialize, ToSchema)]
pub struct EventBody {
    /// The order's version after this entry.
    #[schema(example = 2)]
    version: i32,
    #[schema(example = "stock_reserved")]
    kind: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<OrderStatusSet>, inline)]
    from_status: Option<&'static str>,
    #[schema(value_type = OrderStatusSet, inline)]
    to_status: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    detail: Option<serde_json::Value>,
    /// The message that caused it, if any.
    #[serde(skip_serializing_if = "Option::is_none")]
    cause: Option<Uuid>,
    /// The user who caused it, if any.
    #[serde(skip_serializing_if = "Option::is_none")]
    actor: Option<String>,
    at: DateTime<Utc>,
}

impl From<EventView> for EventBody {
    fn from(event: EventView) -> Self {
        Self {
            version: event.version,
            kind: event.kind,
            from_status: event.from.map(Into::into),
            to_status: event.to.into(),
            detail: event.detail,
            cause: event.cause.map(|cause| cause.as_uuid()),
            actor: event.actor,
            at: event.at,
        }
    }
}

/// Show an order's timeline
///
/// Everything that happened to it, oldest first.
#[utoipa::path(get, path = "/orders/{id}/events", tag = "orders",
    params(("id" = uuid::Uuid, Path, description = "The order's `order_id`")),
    responses((status = 200, description = "The whole timeline", body = Page<EventBody>)),
    security(("access_token" = [])))]
pub async fn order_events(
    State(state): State<AppState>,
    Allowed { caller, .. }: Allowed<SeeOrders>,
    PathParam(id): PathParam<OrderId>,
) -> Result<Json<Page<EventBody>>, Problem> {
    let events = orders::order_events(&state.pool, id, viewer(caller)).await?;
    let events = events.ok_or_else(|| Problem::not_found("order"))?;
    Ok(Json(Page::complete(events.into_iter().map(EventBody::from))))
}
