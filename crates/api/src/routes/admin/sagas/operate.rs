use super::saga::SagaBody;
use crate::auth::Allowed;
use crate::body::{FromJson, Json, Members};
use crate::params::PathParam;
use crate::policy::OperateSagas;
use crate::problem::{Kind, Problem};
use crate::request_id::{RequestId, RequestTrace};
use crate::routes::reason;
use crate::state::AppState;
use axum::extract::State;
use domain::ids::OrderId;
use orders::{OperateSaga, SagaVerb};
use utoipa::ToSchema;

/// What you saw, and why you do it; timeline and audit log tell it.
#[derive(Debug, ToSchema)]
pub struct OperateBody {
    /// The saga's `generation` when you looked: one that has moved on since is not touched.
    #[schema(example = 12)]
    generation: u32,
    #[schema(max_length = 200, example = "the carrier is back")]
    reason: String,
}

impl FromJson for OperateBody {
    fn read(members: &mut Members<'_>) -> Option<Self> {
        let generation = members.required("generation", |field| field.whole_as(u32::try_from));
        let reason = members.required("reason", |field| field.text_as(reason::parse));
        Some(Self { generation: generation?, reason: reason? })
    }
}

/// What each verb is told; read in this order, so that nobody's body is read who may not send it.
type Asked = (Allowed<OperateSagas>, PathParam<OrderId>, RequestId, RequestTrace, Json<OperateBody>);

/// Ask a saga's question again
///
/// At once and with fresh patience: once whoever did not answer is back. Asked twice, they do no more than once.
#[utoipa::path(post, path = "/admin/sagas/{id}/retry-step", tag = "admin", request_body = OperateBody,
    params(("id" = uuid::Uuid, Path, description = "The order's `order_id`")),
    responses((status = 200, description = "The saga as it is then", body = SagaBody)),
    extensions(("x-problems" = json!([Kind::InvalidState]))), security(("access_token" = [])))]
pub async fn retry_saga_step(State(state): State<AppState>, asked: Asked) -> Result<axum::Json<SagaBody>, Problem> {
    operate(state, SagaVerb::RetryStep, asked).await
}

/// Mark a saga's step done
///
/// It goes on as if the open question had been answered with yes: say in the reason how you know. Refused before the order is
/// confirmed: a step that nobody answers is given up and undone anyway.
#[utoipa::path(post, path = "/admin/sagas/{id}/mark-step-done", tag = "admin", request_body = OperateBody,
    params(("id" = uuid::Uuid, Path, description = "The order's `order_id`")),
    responses((status = 200, description = "The saga as it is then", body = SagaBody)),
    extensions(("x-problems" = json!([Kind::InvalidState]))), security(("access_token" = [])))]
pub async fn mark_saga_step_done(State(state): State<AppState>, asked: Asked) -> Result<axum::Json<SagaBody>, Problem> {
    operate(state, SagaVerb::MarkStepDone, asked).await
}

/// Abandon an undo
///
/// The order ends at once, with the undo that is not answered left as it is: settle that by hand. Those that would have
/// followed are asked for; goods that are held all the same are released within a day. Refused unless the saga is undoing.
#[utoipa::path(post, path = "/admin/sagas/{id}/abandon", tag = "admin", request_body = OperateBody,
    params(("id" = uuid::Uuid, Path, description = "The order's `order_id`")),
    responses((status = 200, description = "The saga as it is then", body = SagaBody)),
    extensions(("x-problems" = json!([Kind::InvalidState]))), security(("access_token" = [])))]
pub async fn abandon_saga(State(state): State<AppState>, asked: Asked) -> Result<axum::Json<SagaBody>, Problem> {
    operate(state, SagaVerb::Abandon, asked).await
}

async fn operate(state: AppState, verb: SagaVerb, asked: Asked) -> Result<axum::Json<SagaBody>, Problem> {
    let (Allowed { caller, .. }, PathParam(order_id), request, RequestTrace(trace), Json(body)) = asked;
    let OperateBody { generation, reason } = body;
    let operation = OperateSaga { order_id, verb, generation, actor: caller.actor(), reason, trace };
    let (shared, now) = (state.clone(), platform::clock::now());
    let auditor = caller.auditor(&request, now);
    let operating =
        async move { orders::operate_saga(&shared.pool, &shared.relay, operation, shared.pace, now, &auditor).await };
    Ok(axum::Json(state.finish(operating).await?.into()))
}
