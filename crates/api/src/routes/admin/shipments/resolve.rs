//! `POST /admin/orders/{id}/shipments/{shipment_id}/resolve`.

use super::body::{DecidedBody, respond};
use crate::body::{FromJson, Members, one_of};
use crate::change::{Audited, Detached};
use crate::docs::sets::ExceptionOutcomeSet;
use crate::idempotency::{IdempotentJson, IdempotentResponse, KeyParam};
use crate::params::PathParams;
use crate::policy::OperateSagas;
use crate::problem::{Kind, Problem};
use crate::request_id::RequestTrace;
use crate::routes::reason;
use crate::state::AppState;
use domain::ids::{OrderId, ShipmentId};
use domain::saga::ExceptionDecision;
use orders::DecideException;
use utoipa::ToSchema;

domain::string_enum! {
    pub enum ExceptionOutcome {
        Dismissed,
        Closed,
    }
}

#[derive(Debug, ToSchema)]
pub struct ResolveShipmentBody {
    #[schema(value_type = ExceptionOutcomeSet, inline)]
    outcome: ExceptionOutcome,
    /// Shown in the timeline and stored in the audit log.
    #[schema(max_length = 200, example = "the carrier pays for it; refunded")]
    reason: String,
}

impl FromJson for ResolveShipmentBody {
    fn read(members: &mut Members<'_>) -> Option<Self> {
        let outcome = members.required("outcome", one_of);
        let reason = members.required("reason", |field| field.text_as(|text| reason::parse(&text)));
        Some(Self { outcome: outcome?, reason: reason? })
    }
}

/// Decide about a shipment that needs attention
///
/// After the carrier reported an exception, or moves a shipment that was cancelled. `dismissed`: it goes on as before.
/// `closed`: it will not arrive, and the order does not wait for it any more; only after `lost`, `damaged` or
/// `returned_to_sender`, and not while its units are in a return. Refund its units with POST /orders/{id}/refunds, or send them again with `reship` instead.
#[utoipa::path(post, path = "/admin/orders/{id}/shipments/{shipment_id}/resolve", tag = "admin",
    request_body = ResolveShipmentBody,
    params(("id" = uuid::Uuid, Path, description = "The order's `order_id`"),
        ("shipment_id" = uuid::Uuid, Path, description = "The shipment's `id`"), KeyParam),
    responses((status = 200, description = "The order after the decision", body = DecidedBody)),
    extensions(("x-problems" = json!([Kind::InvalidState]))), security(("access_token" = [])))]
pub async fn resolve_shipment(
    detached: Detached,
    by: Audited<OperateSagas>,
    PathParams(order_id, shipment_id): PathParams<OrderId, ShipmentId>,
    RequestTrace(trace): RequestTrace,
    IdempotentJson { body, idempotency }: IdempotentJson<ResolveShipmentBody>,
) -> Result<IdempotentResponse, Problem> {
    let decision = match body.outcome {
        ExceptionOutcome::Dismissed => ExceptionDecision::Dismiss,
        ExceptionOutcome::Closed => ExceptionDecision::Close { reshipped_by: None },
    };
    let (actor, reason, at) = (by.caller.actor(), body.reason, by.at);
    let request = DecideException { order_id, shipment_id, decision, actor, reason, trace };
    let work = move |state: AppState, recorder| async move {
        // Before the decision is stored: if the process dies in between, the order still needs it, and it is repeated.
        if decision == ExceptionDecision::Dismiss {
            orders::check_exception(&state.write, order_id, shipment_id, decision).await?;
            shipping::dismiss_exception(&state.write, order_id, shipment_id, at).await?;
        }
        orders::decide_exception(&state.write, request, at, &recorder).await.map_err(Problem::from)
    };
    detached.run_once(by, idempotency, respond, work).await
}
