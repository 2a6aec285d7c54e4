use super::saga::SagaBody;
use crate::auth::{Allowed, Caller};
use crate::body::Json;
use crate::params::PathParam;
use crate::policy::OperateSagas;
use crate::problem::{Kind, Problem};
use crate::request_id::{RequestId, RequestTrace};
use crate::routes::reason::ReasonBody;
use crate::state::AppState;
use axum::extract::State;
use domain::ids::OrderId;
use messaging::Trace;
use orders::{OperateSaga, SagaVerb};

/// Ask a saga's question again
///
/// At once and with fresh patience: once whoever did not answer is back. Asked twice, they do no more than once.
#[utoipa::path(post, path = "/admin/sagas/{id}/retry-step", tag = "admin", request_body = ReasonBody,
    params(("id" = uuid::Uuid, Path, description = "The order's `order_id`")),
    responses((status = 200, description = "The saga as it is then", body = SagaBody)),
    extensions(("x-problems" = json!([Kind::InvalidState]))), security(("access_token" = [])))]
pub async fn retry_saga_step(
    State(state): State<AppState>,
    Allowed { caller, .. }: Allowed<OperateSagas>,
    PathParam(id): PathParam<OrderId>,
    request: RequestId,
    RequestTrace(trace): RequestTrace,
    Json(ReasonBody { reason }): Json<ReasonBody>,
) -> Result<axum::Json<SagaBody>, Problem> {
    operate(state, caller, request, asked(id, SagaVerb::RetryStep, caller, reason, trace)).await
}

/// Mark a saga's step done
///
/// It goes on as if the open question had been answered with yes: say in the reason how you know. Refused for a reservation,
/// since only the inventory knows where the goods would be held.
#[utoipa::path(post, path = "/admin/sagas/{id}/mark-step-done", tag = "admin", request_body = ReasonBody,
    params(("id" = uuid::Uuid, Path, description = "The order's `order_id`")),
    responses((status = 200, description = "The saga as it is then", body = SagaBody)),
    extensions(("x-problems" = json!([Kind::InvalidState]))), security(("access_token" = [])))]
pub async fn mark_saga_step_done(
    State(state): State<AppState>,
    Allowed { caller, .. }: Allowed<OperateSagas>,
    PathParam(id): PathParam<OrderId>,
    request: RequestId,
    RequestTrace(trace): RequestTrace,
    Json(ReasonBody { reason }): Json<ReasonBody>,
) -> Result<axum::Json<SagaBody>, Problem> {
    operate(state, caller, request, asked(id, SagaVerb::MarkStepDone, caller, reason, trace)).await
}

/// Abandon an undo
///
/// The order ends at once, with whatever is not undone yet left as it is: settle that by hand. Goods that it still holds are
/// released within a day. Refused unless the saga is undoing.
#[utoipa::path(post, path = "/admin/sagas/{id}/abandon", tag = "admin", request_body = ReasonBody,
    params(("id" = uuid::Uuid, Path, description = "The order's `order_id`")),
    responses((status = 200, description = "The saga as it is then", body = SagaBody)),
    extensions(("x-problems" = json!([Kind::InvalidState]))), security(("access_token" = [])))]
pub async fn abandon_saga(
    State(state): State<AppState>,
    Allowed { caller, .. }: Allowed<OperateSagas>,
    PathParam(id): PathParam<OrderId>,
    request: RequestId,
    RequestTrace(trace): RequestTrace,
    Json(ReasonBody { reason }): Json<ReasonBody>,
) -> Result<axum::Json<SagaBody>, Problem> {
    operate(state, caller, request, asked(id, SagaVerb::Abandon, caller, reason, trace)).await
}

fn asked(order_id: OrderId, verb: SagaVerb, caller: Caller, reason: String, trace: Trace) -> OperateSaga {
    OperateSaga { order_id, verb, actor: caller.actor(), reason, trace }
}

async fn operate(
    state: AppState,
    caller: Caller,
    request: RequestId,
    asked: OperateSaga,
) -> Result<axum::Json<SagaBody>, Problem> {
    let (shared, now) = (state.clone(), platform::clock::now());
    let auditor = caller.auditor(&request, now);
    let operating =
        async move { orders::operate_saga(&shared.pool, &shared.relay, asked, shared.pace, now, &auditor).await };
    Ok(axum::Json(state.finish(operating).await?.into()))
}
