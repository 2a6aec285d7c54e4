//! `POST /orders/{id}/stream-ticket`, and the ticket in the query of `GET /orders/{id}/stream`.

use super::visible_order;
use crate::auth::{Allowed, Caller};
use crate::params::{FromQuery, Params, PathParam, Query};
use crate::policy::SeeOrders;
use crate::problem::Problem;
use crate::state::AppState;
use axum::Json;
use axum::extract::{FromRequestParts, State};
use axum::http::StatusCode;
use axum::http::request::Parts;
use chrono::{DateTime, Utc};
use domain::ids::OrderId;
use secrecy::{ExposeSecret, SecretString};
use serde::Serialize;
use utoipa::ToSchema;

#[derive(Serialize, ToSchema)]
pub struct StreamTicketBody {
    /// Where an `EventSource` finds the stream, relative to this server.
    #[schema(example = "/api/v1/orders/0190a1b2-0000-7000-8000-00000000000a/stream?ticket=Y0c9mJ2bQh8")]
    url: String,
    #[schema(example = "Y0c9mJ2bQh8")]
    ticket: String,
    expires_at: DateTime<Utc>,
}

/// Get a ticket for a stream
///
/// For browsers, whose `EventSource` can't send a token: it opens the stream once, within 30 seconds. The stream ends
/// when your own access ends. The ticket is shown only in this response, so an `Idempotency-Key` is not supported.
#[utoipa::path(post, path = "/orders/{id}/stream-ticket", tag = "orders",
    params(("id" = uuid::Uuid, Path, description = "The order's `order_id`")),
    responses((status = 201, description = "The ticket", body = StreamTicketBody)),
    security(("access_token" = [])))]
pub async fn issue_stream_ticket(
    State(state): State<AppState>,
    Allowed { caller, .. }: Allowed<SeeOrders>,
    PathParam(id): PathParam<OrderId>,
) -> Result<(StatusCode, Json<StreamTicketBody>), Problem> {
    visible_order(&state, caller, id).await?;
    let issued = state.accounts.issue_stream_ticket(caller.principal, id, platform::clock::now()).await?;
    let ticket = issued.ticket.expose_secret().to_owned();
    let url = format!("/api/v1/orders/{id}/stream?ticket={ticket}");
    Ok((StatusCode::CREATED, Json(StreamTicketBody { url, ticket, expires_at: issued.expires_at })))
}

/// The caller of a stream: by a ticket in the query, else by their token.
#[derive(Debug)]
pub struct StreamCaller(pub Caller);

#[derive(Debug)]
struct StreamQuery {
    ticket: Option<String>,
}

impl FromQuery for StreamQuery {
    fn read(params: &mut Params) -> Option<Self> {
        Some(Self { ticket: params.optional("ticket")? })
    }
}

impl FromRequestParts<AppState> for StreamCaller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, Problem> {
        let Query(StreamQuery { ticket }) = Query::from_request_parts(parts, state).await?;
        let Allowed { caller, .. } = match ticket {
            None => Allowed::<SeeOrders>::from_request_parts(parts, state).await?,
            Some(ticket) => {
                let PathParam(order) = PathParam::<OrderId>::from_request_parts(parts, state).await?;
                let ticket = SecretString::from(ticket);
                let redeemed = state.accounts.redeem_stream_ticket(&ticket, order, platform::clock::now()).await?;
                Allowed::<SeeOrders>::with_ticket(redeemed, parts, state).await?
            }
        };
        Ok(Self(caller))
    }
}

impl std::fmt::Debug for StreamTicketBody {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("StreamTicketBody").field("expires_at", &self.expires_at).finish_non_exhaustive()
    }
}
