//! `POST /orders/{id}/refunds`.

use super::body::{RefundAmountsBody, RefundBody, respond_accepted};
use super::refundable;
use crate::body::{Field, FromJson, Members, one_of};
use crate::change::{Audited, Detached};
use crate::docs::sets::RefundReasonSet;
use crate::idempotency::{IdempotentJson, KeyParam};
use crate::params::{PathParam, Query};
use crate::policy::RefundOrders;
use crate::problem::{Kind, Problem};
use crate::request_id::RequestTrace;
use crate::routes::orders::line_units::{LineUnitsBody, read_units};
use crate::routes::orders::preview::Preview;
use crate::state::AppState;
use axum::Json;
use axum::response::{IntoResponse, Response};
use domain::ids::{OrderId, RefundId};
use domain::order::order_request::LINES_MAX;
use domain::refund::{LineUnits, RefundReason, RefundScope};
use payments::RefundRequest;
use std::num::NonZeroU64;
use utoipa::ToSchema;
use uuid::Uuid;

/// What to refund: `lines` or `amount_minor`; with neither, everything that is captured and not refunded.
#[derive(Debug, ToSchema)]
pub struct NewRefundBody {
    #[schema(value_type = RefundReasonSet, inline)]
    reason: RefundReason,
    /// Units of lines that are captured and not refunded, each line at most once. They are refunded with their shares of tax, discount and shipping.
    #[schema(value_type = Option<Vec<LineUnitsBody>>, min_items = 1, max_items = 100)]
    lines: Option<Vec<LineUnits>>,
    /// An amount that belongs to no line, in the minor unit of the order's currency.
    #[schema(value_type = Option<i64>, minimum = 1)]
    amount_minor: Option<NonZeroU64>,
}

impl FromJson for NewRefundBody {
    fn read(members: &mut Members<'_>) -> Option<Self> {
        let reason = members.required("reason", one_of);
        let lines = members.optional("lines", |lines| lines.list(LINES_MAX, read_units));
        let amount_minor = members.optional("amount_minor", read_amount);
        let (lines, amount_minor) = (lines?, amount_minor?);
        match lines.as_deref() {
            Some([]) => {
                members.refuse_member("lines", "must have at least one line; leave it out to refund everything")
            }
            Some(_) if amount_minor.is_some() => members.refuse_member("amount_minor", "must be absent with `lines`"),
            _ => Some(Self { reason: reason?, lines, amount_minor }),
        }
    }
}

fn read_amount(field: Field<'_>) -> Option<NonZeroU64> {
    field.integer_as(|amount| {
        let amount = u64::try_from(amount).ok().and_then(NonZeroU64::new);
        amount.ok_or("must be a whole number of minor units from 1 on")
    })
}

impl NewRefundBody {
    fn into_scope(self) -> RefundScope {
        match (self.lines, self.amount_minor) {
            (Some(lines), _) => RefundScope::Lines(lines),
            (None, Some(amount)) => RefundScope::Amount(amount),
            (None, None) => RefundScope::Whole,
        }
    }
}

/// Refund an order
///
/// The whole order, units of lines, or an amount: never more than is captured and not refunded. The refund is requested
/// from the gateway; follow it with GET /orders/{id}/refunds. One refund per `Idempotency-Key`.
///
/// With `preview=true` nothing is changed: the response is what would be refunded.
#[utoipa::path(post, path = "/orders/{id}/refunds", tag = "orders", request_body = NewRefundBody,
    params(("id" = uuid::Uuid, Path, description = "The order's `order_id`"),
        ("preview" = Option<bool>, Query, description = "Whether to change nothing, and to respond with what would be refunded"),
        KeyParam),
    responses((status = 202, description = "The refund is requested", body = RefundBody),
        (status = 200, description = "With `preview=true`: what would be refunded", body = RefundAmountsBody)),
    extensions(("x-problems" = json!([Kind::InvalidState, Kind::RefundTooLarge]))), security(("access_token" = [])))]
pub async fn create_refund(
    detached: Detached,
    by: Audited<RefundOrders>,
    PathParam(order_id): PathParam<OrderId>,
    Query(Preview(is_preview)): Query<Preview>,
    RequestTrace(trace): RequestTrace,
    IdempotentJson { body, idempotency }: IdempotentJson<NewRefundBody>,
) -> Result<Response, Problem> {
    if is_preview {
        return Ok(preview(&detached.state, order_id, body).await?.into_response());
    }
    let at = by.at;
    let work = |state: AppState, recorder| async move {
        let order = refundable(&state, order_id).await?;
        let (id, reason, scope) = (RefundId::from_uuid(Uuid::now_v7()), body.reason, body.into_scope());
        let request = RefundRequest { id, order_id, order, scope, reason, trace };
        payments::request_refund(&state.write, request, at, &recorder).await.map_err(Problem::from)
    };
    Ok(detached.run_once(by, idempotency, respond_accepted, work).await?.into_response())
}

async fn preview(state: &AppState, order_id: OrderId, body: NewRefundBody) -> Result<Json<RefundAmountsBody>, Problem> {
    let order = refundable(state, order_id).await?;
    let (quote, amount) = payments::preview_refund(&state.pool, order_id, &order, &body.into_scope()).await?;
    Ok(Json(RefundAmountsBody::of_quote(quote, amount)))
}
