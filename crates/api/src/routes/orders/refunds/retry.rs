//! `POST /orders/{id}/refunds/{refund_id}/retry`.

use super::body::{RefundBody, respond_accepted};
use super::refundable;
use crate::change::{Audited, Detached};
use crate::idempotency::{IdempotentJson, IdempotentResponse, KeyParam};
use crate::params::PathParams;
use crate::policy::RefundOrders;
use crate::problem::{Kind, Problem};
use crate::request_id::RequestTrace;
use crate::routes::reason::ReasonBody;
use crate::state::AppState;
use domain::ids::{OrderId, RefundId};
use payments::RetryRefund;

/// Retry a refused refund
///
/// Requests it from the gateway again, which takes it as another refund: a gateway refuses for good. Not possible when
/// its units or its amount are refunded otherwise by now.
#[utoipa::path(post, path = "/orders/{id}/refunds/{refund_id}/retry", tag = "orders", request_body = ReasonBody,
    params(("id" = uuid::Uuid, Path, description = "The order's `order_id`"),
        ("refund_id" = uuid::Uuid, Path, description = "The refund's `id`"), KeyParam),
    responses((status = 202, description = "The refund is requested again", body = RefundBody)),
    extensions(("x-problems" = json!([Kind::InvalidState, Kind::RefundTooLarge]))), security(("access_token" = [])))]
pub async fn retry_refund(
    detached: Detached,
    by: Audited<RefundOrders>,
    PathParams(order_id, refund_id): PathParams<OrderId, RefundId>,
    RequestTrace(trace): RequestTrace,
    IdempotentJson { body, idempotency }: IdempotentJson<ReasonBody>,
) -> Result<IdempotentResponse, Problem> {
    let at = by.at;
    let work = |state: AppState, recorder| async move {
        let order = refundable(&state, order_id).await?;
        let request = RetryRefund { order_id, refund_id, order, reason: body.reason, trace };
        payments::retry_refund(&state.write, request, at, &recorder).await.map_err(Problem::from)
    };
    detached.run_once(by, idempotency, respond_accepted, work).await
}
