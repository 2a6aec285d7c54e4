use super::saga::SagaBody;
use crate::auth::Allowed;
use crate::body::{FromJson, Members, within};
use crate::idempotency::{Answer, KeyParam, Keyed};
use crate::params::PathParam;
use crate::policy::OperateSagas;
use crate::problem::{Kind, Problem};
use crate::request_id::{RequestId, RequestTrace};
use crate::routes::reason;
use crate::state::AppState;
use axum::extract::State;
use axum::http::StatusCode;
use domain::ids::OrderId;
use orders::{OperateSaga, SagaVerb, SagaView};
use utoipa::ToSchema;

/// What you saw and why you act; shown in the timeline and the audit log.
#[derive(Debug, ToSchema)]
pub struct OperateBody {
    /// The saga's `generation` when you looked: if it has moved on since, nothing is changed.
    #[schema(example = 12)]
    generation: u32,
    #[schema(max_length = 200, example = "the carrier is back")]
    reason: String,
}

impl FromJson for OperateBody {
    fn read(members: &mut Members<'_>) -> Option<Self> {
        let generation = members.required("generation", |field| within(field, 0..=u32::MAX.into()));
        let reason = members.required("reason", |field| field.text_as(|text| reason::parse(&text)));
        Some(Self { generation: generation?, reason: reason? })
    }
}

/// What each verb is told; read in this order, so that nobody's body is read who may not send it.
type Asked = (Allowed<OperateSagas>, PathParam<OrderId>, RequestId, RequestTrace, Keyed<OperateBody>);

/// Retry the current step
///
/// Sends the command of the open step again now and resets its retries. Safe to repeat: the step is done once.
#[utoipa::path(post, path = "/admin/sagas/{id}/retry-step", tag = "admin", request_body = OperateBody,
    params(("id" = uuid::Uuid, Path, description = "The order's `order_id`"), KeyParam),
    responses((status = 200, description = "The saga after the action", body = SagaBody)),
    extensions(("x-problems" = json!([Kind::InvalidState]))), security(("access_token" = [])))]
pub async fn retry_saga_step(State(state): State<AppState>, asked: Asked) -> Result<Answer, Problem> {
    operate(state, SagaVerb::RetryStep, asked).await
}

/// Mark the current step as done
///
/// The saga continues as if the open step had succeeded; say in the reason how you know. Refused before the order is confirmed:
/// a step that is not answered is undone automatically then.
#[utoipa::path(post, path = "/admin/sagas/{id}/mark-step-done", tag = "admin", request_body = OperateBody,
    params(("id" = uuid::Uuid, Path, description = "The order's `order_id`"), KeyParam),
    responses((status = 200, description = "The saga after the action", body = SagaBody)),
    extensions(("x-problems" = json!([Kind::InvalidState]))), security(("access_token" = [])))]
pub async fn mark_saga_step_done(State(state): State<AppState>, asked: Asked) -> Result<Answer, Problem> {
    operate(state, SagaVerb::MarkStepDone, asked).await
}

/// Abandon a compensation
///
/// The order ends at once and the compensation that is not answered stays as it is: settle it by hand. The compensations after
/// it are still sent; stock that stays reserved is released within a day. Refused unless the saga is undoing.
#[utoipa::path(post, path = "/admin/sagas/{id}/abandon", tag = "admin", request_body = OperateBody,
    params(("id" = uuid::Uuid, Path, description = "The order's `order_id`"), KeyParam),
    responses((status = 200, description = "The saga after the action", body = SagaBody)),
    extensions(("x-problems" = json!([Kind::InvalidState]))), security(("access_token" = [])))]
pub async fn abandon_saga(State(state): State<AppState>, asked: Asked) -> Result<Answer, Problem> {
    operate(state, SagaVerb::Abandon, asked).await
}

async fn operate(state: AppState, verb: SagaVerb, asked: Asked) -> Result<Answer, Problem> {
    let (Allowed { caller, .. }, PathParam(order_id), request, RequestTrace(trace), Keyed { body, repeat }) = asked;
    let OperateBody { generation, reason } = body;
    let recorder = repeat.recorder(&state, caller, &request, answer);
    let operation = OperateSaga { order_id, verb, generation, actor: caller.actor(), reason, trace };
    let (shared, recording) = (state.clone(), recorder.clone());
    let operating = async move {
        orders::operate_saga(&shared.pool, &shared.relay, operation, shared.pace, recording.at(), &recording).await
    };
    state.change(&recorder, operating).await
}

fn answer(saga: &SagaView) -> Answer {
    Answer::json(StatusCode::OK, &SagaBody::from(saga.clone()))
}
