//! The actions of an operator on a saga: retry a step, mark it as done, capture again, renew the authorization, abandon a
//! compensation.

use super::saga::SagaBody;
use crate::body::{FromJson, Members, integer_within};
use crate::change::{Audited, Detached};
use crate::idempotency::{IdempotentJson, IdempotentResponse, KeyParam};
use crate::params::PathParam;
use crate::policy::OperateSagas;
use crate::problem::{Kind, Problem};
use crate::request_id::RequestTrace;
use crate::routes::reason;
use crate::state::AppState;
use axum::http::StatusCode;
use domain::ids::OrderId;
use orders::{SagaAction, SagaActionRequest, SagaView};
use utoipa::ToSchema;

/// The state that you acted on, and the reason; shown in the timeline and the audit log.
#[derive(Debug, ToSchema)]
pub struct OperateBody {
    /// The `generation` of the saga that you read: if it has changed since, the action is refused.
    #[schema(example = 12)]
    generation: u32,
    #[schema(max_length = 200, example = "the carrier is available again")]
    reason: String,
}

impl FromJson for OperateBody {
    fn read(members: &mut Members<'_>) -> Option<Self> {
        let generation = members.required("generation", |field| integer_within(field, 0..=u32::MAX.into()));
        let reason = members.required("reason", |field| field.text_as(|text| reason::parse(&text)));
        Some(Self { generation: generation?, reason: reason? })
    }
}

/// The extractors of every action, in this order: permission before body, so that the body of an unauthorized request
/// is never read.
type ActionRequest = (Audited<OperateSagas>, PathParam<OrderId>, RequestTrace, IdempotentJson<OperateBody>);

/// Retry the current step
///
/// Sends the command of the open step again now and resets its retries. Safe to repeat: the step takes effect once.
#[utoipa::path(post, path = "/admin/sagas/{id}/retry-step", tag = "admin", request_body = OperateBody,
    params(("id" = uuid::Uuid, Path, description = "The order's `order_id`"), KeyParam),
    responses((status = 200, description = "The saga after the action", body = SagaBody)),
    extensions(("x-problems" = json!([Kind::InvalidState]))), security(("access_token" = [])))]
pub async fn retry_saga_step(detached: Detached, request: ActionRequest) -> Result<IdempotentResponse, Problem> {
    operate(detached, SagaAction::RetryStep, request).await
}

/// Mark the current step as done
///
/// The saga continues as if the open step had succeeded; give your evidence in the reason. Refused before the order is
/// confirmed: until then, a step without a reply is undone automatically.
#[utoipa::path(post, path = "/admin/sagas/{id}/mark-step-done", tag = "admin", request_body = OperateBody,
    params(("id" = uuid::Uuid, Path, description = "The order's `order_id`"), KeyParam),
    responses((status = 200, description = "The saga after the action", body = SagaBody)),
    extensions(("x-problems" = json!([Kind::InvalidState]))), security(("access_token" = [])))]
pub async fn mark_saga_step_done(detached: Detached, request: ActionRequest) -> Result<IdempotentResponse, Problem> {
    operate(detached, SagaAction::MarkStepDone, request).await
}

/// Capture again
///
/// Captures what the gateway declined, as another capture: a gateway declines for good. Refused unless a capture of the
/// order was declined. If it is declined again, the order needs attention again.
#[utoipa::path(post, path = "/admin/sagas/{id}/capture-again", tag = "admin", request_body = OperateBody,
    params(("id" = uuid::Uuid, Path, description = "The order's `order_id`"), KeyParam),
    responses((status = 200, description = "The saga after the action", body = SagaBody)),
    extensions(("x-problems" = json!([Kind::InvalidState]))), security(("access_token" = [])))]
pub async fn capture_again(detached: Detached, request: ActionRequest) -> Result<IdempotentResponse, Problem> {
    operate(detached, SagaAction::CaptureAgain, request).await
}

/// Renew the authorization
///
/// For an authorization that has expired, or that the gateway declined to renew. Then captures again what the gateway
/// declined. Refused while nothing is left to capture, and while the authorization is being renewed.
#[utoipa::path(post, path = "/admin/sagas/{id}/reauthorize", tag = "admin", request_body = OperateBody,
    params(("id" = uuid::Uuid, Path, description = "The order's `order_id`"), KeyParam),
    responses((status = 200, description = "The saga after the action", body = SagaBody)),
    extensions(("x-problems" = json!([Kind::InvalidState]))), security(("access_token" = [])))]
pub async fn reauthorize(detached: Detached, request: ActionRequest) -> Result<IdempotentResponse, Problem> {
    operate(detached, SagaAction::Reauthorize, request).await
}

/// Abandon a compensation
///
/// The order ends at once, and the compensation without a reply is not completed: complete it by hand. The
/// compensations after it are still sent; stock that is still reserved is released within a day. Refused unless the
/// saga is undoing.
#[utoipa::path(post, path = "/admin/sagas/{id}/abandon", tag = "admin", request_body = OperateBody,
    params(("id" = uuid::Uuid, Path, description = "The order's `order_id`"), KeyParam),
    responses((status = 200, description = "The saga after the action", body = SagaBody)),
    extensions(("x-problems" = json!([Kind::InvalidState]))), security(("access_token" = [])))]
pub async fn abandon_saga(detached: Detached, request: ActionRequest) -> Result<IdempotentResponse, Problem> {
    operate(detached, SagaAction::Abandon, request).await
}

async fn operate(
    detached: Detached,
    action: SagaAction,
    (by, PathParam(order_id), RequestTrace(trace), IdempotentJson { body, idempotency }): ActionRequest,
) -> Result<IdempotentResponse, Problem> {
    let (OperateBody { generation, reason }, at) = (body, by.at);
    let request = SagaActionRequest { order_id, action, generation, actor: by.caller.actor(), reason, trace };
    let work =
        |state: AppState, recorder| async move { orders::act_on_saga(&state.write, request, at, &recorder).await };
    detached.run_once(by, idempotency, respond, work).await
}

fn respond(saga: &SagaView) -> IdempotentResponse {
    IdempotentResponse::json(StatusCode::OK, &SagaBody::from(saga.clone()))
}
