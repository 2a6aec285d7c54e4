//! `POST /returns/{id}/approve`, `…/decline` and `…/cancel`.

use super::actor;
use super::body::{ReturnBody, respond_changed};
use crate::body::{FromJson, Members, parsed};
use crate::change::{Audited, Detached};
use crate::idempotency::{IdempotentJson, IdempotentResponse, KeyParam};
use crate::params::PathParam;
use crate::policy::{DecideReturns, Permission, RequestReturns};
use crate::problem::{Kind, Problem};
use crate::request_id::RequestTrace;
use crate::state::AppState;
use domain::ids::ReturnId;
use domain::order::order_request::Note;
use messaging::Trace;
use orders::{DecideReturn, ReturnDecision};
use utoipa::ToSchema;

/// The body is optional.
#[derive(Debug, Default, ToSchema)]
pub struct ReturnDecisionBody {
    /// For everybody who sees the return.
    #[schema(value_type = Option<String>, min_length = 1, max_length = 1_000, example = "Please use the original box")]
    note: Option<Note>,
}

impl FromJson for ReturnDecisionBody {
    fn read(members: &mut Members<'_>) -> Option<Self> {
        let note = members.optional("note", parsed);
        Some(Self { note: note? })
    }

    fn when_empty() -> Option<Self> {
        Some(Self::default())
    }
}

/// Approve a return
///
/// For the vendor of its lines, and for admins. The customer may then send the goods; a return that is not received in
/// time expires. Safe to repeat.
#[utoipa::path(post, path = "/returns/{id}/approve", tag = "returns", request_body = Option<ReturnDecisionBody>,
    params(("id" = uuid::Uuid, Path, description = "The return's `id`"), KeyParam),
    responses((status = 200, description = "The return after it", body = ReturnBody)),
    extensions(("x-problems" = json!([Kind::InvalidState]))), security(("access_token" = [])))]
pub async fn approve_return(
    detached: Detached,
    by: Audited<DecideReturns>,
    PathParam(id): PathParam<ReturnId>,
    RequestTrace(trace): RequestTrace,
    body: IdempotentJson<ReturnDecisionBody>,
) -> Result<IdempotentResponse, Problem> {
    let expires_after = detached.state.options.returns.expires_after();
    decide(detached, by, id, ReturnDecision::Approve { expires_after }, trace, body).await
}

/// Decline a return
///
/// For the vendor of its lines, and for admins. Its units can be returned by another request. Safe to repeat.
#[utoipa::path(post, path = "/returns/{id}/decline", tag = "returns", request_body = Option<ReturnDecisionBody>,
    params(("id" = uuid::Uuid, Path, description = "The return's `id`"), KeyParam),
    responses((status = 200, description = "The return after it", body = ReturnBody)),
    extensions(("x-problems" = json!([Kind::InvalidState]))), security(("access_token" = [])))]
pub async fn decline_return(
    detached: Detached,
    by: Audited<DecideReturns>,
    PathParam(id): PathParam<ReturnId>,
    RequestTrace(trace): RequestTrace,
    body: IdempotentJson<ReturnDecisionBody>,
) -> Result<IdempotentResponse, Problem> {
    decide(detached, by, id, ReturnDecision::Decline, trace, body).await
}

/// Cancel a return
///
/// For the customer who requested it, and for admins, until it is received. Its units can be returned by another
/// request. Safe to repeat.
#[utoipa::path(post, path = "/returns/{id}/cancel", tag = "returns", request_body = Option<ReturnDecisionBody>,
    params(("id" = uuid::Uuid, Path, description = "The return's `id`"), KeyParam),
    responses((status = 200, description = "The return after it", body = ReturnBody)),
    extensions(("x-problems" = json!([Kind::InvalidState]))), security(("access_token" = [])))]
pub async fn cancel_return(
    detached: Detached,
    by: Audited<RequestReturns>,
    PathParam(id): PathParam<ReturnId>,
    RequestTrace(trace): RequestTrace,
    body: IdempotentJson<ReturnDecisionBody>,
) -> Result<IdempotentResponse, Problem> {
    decide(detached, by, id, ReturnDecision::Cancel, trace, body).await
}

async fn decide<P: Permission>(
    detached: Detached,
    by: Audited<P>,
    return_id: ReturnId,
    decision: ReturnDecision,
    trace: Trace,
    IdempotentJson { body, idempotency }: IdempotentJson<ReturnDecisionBody>,
) -> Result<IdempotentResponse, Problem> {
    let at = by.at;
    let request = DecideReturn { return_id, decision, actor: actor(by.caller), note: body.note, trace };
    let work =
        |state: AppState, recorder| async move { orders::decide_return(&state.write, request, at, &recorder).await };
    detached.run_once(by, idempotency, respond_changed, work).await
}
