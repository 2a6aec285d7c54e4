//! `POST /orders/{id}/refunds/{refund_id}/resolve`.

use super::body::{RefundBody, respond_accepted};
use crate::body::{FromJson, Members, one_of};
use crate::change::{Audited, Detached};
use crate::docs::sets::RefundResolutionSet;
use crate::idempotency::{IdempotentJson, IdempotentResponse, KeyParam};
use crate::params::PathParams;
use crate::policy::RefundOrders;
use crate::problem::{Kind, Problem};
use crate::request_id::RequestTrace;
use crate::routes::reason;
use crate::state::AppState;
use domain::ids::{OrderId, RefundId};
use domain::refund::RefundResolution;
use payments::ResolveRefund;
use utoipa::ToSchema;

/// What you found out about the refund.
#[derive(Debug, ToSchema)]
pub struct ResolutionBody {
    #[schema(value_type = RefundResolutionSet, inline)]
    outcome: RefundResolution,
    /// How you know; stored in the audit log.
    #[schema(max_length = 200, example = "seen in the gateway's report of 23 November")]
    evidence: String,
}

impl FromJson for ResolutionBody {
    fn read(members: &mut Members<'_>) -> Option<Self> {
        let outcome = members.required("outcome", one_of);
        let evidence = members.required("evidence", |field| field.text_as(|text| reason::parse(&text)));
        Some(Self { outcome: outcome?, evidence: evidence? })
    }
}

/// Resolve a refund
///
/// For a refund in `manual_review`: whether the gateway executed it, which it can't be asked any more. With `refused` also
/// acknowledges a refund that the gateway refused, which ends the order's attention for it. The gateway is not called.
#[utoipa::path(post, path = "/orders/{id}/refunds/{refund_id}/resolve", tag = "orders", request_body = ResolutionBody,
    params(("id" = uuid::Uuid, Path, description = "The order's `order_id`"),
        ("refund_id" = uuid::Uuid, Path, description = "The refund's `id`"), KeyParam),
    responses((status = 202, description = "The refund after it; the order follows", body = RefundBody)),
    extensions(("x-problems" = json!([Kind::InvalidState]))), security(("access_token" = [])))]
pub async fn resolve_refund(
    detached: Detached,
    by: Audited<RefundOrders>,
    PathParams(order_id, refund_id): PathParams<OrderId, RefundId>,
    RequestTrace(trace): RequestTrace,
    IdempotentJson { body, idempotency }: IdempotentJson<ResolutionBody>,
) -> Result<IdempotentResponse, Problem> {
    let (ResolutionBody { outcome: resolution, evidence }, at) = (body, by.at);
    let request = ResolveRefund { order_id, refund_id, resolution, evidence, trace };
    let work =
        |state: AppState, recorder| async move { payments::resolve_refund(&state.write, request, at, &recorder).await };
    detached.run_once(by, idempotency, respond_accepted, work).await
}
