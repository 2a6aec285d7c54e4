//! The actions of admins on a saga that needs them: retry the open step, mark it as done, capture again, renew the
//! authorization, or abandon a compensation.

use crate::apply_transition::{ChangeCause, apply};
use crate::changes::OrderChanges;
use crate::error::StoreError;
use crate::order_change::OrderChange;
use crate::store::lock_sagas::{self, LockedOrder};
use crate::views::SagaView;
use domain::Timestamp;
use domain::ids::OrderId;
use domain::order::Order;
use domain::saga::{OrderSaga, PhaseName, SagaError, Transition};
use messaging::{Trace, UnitOfWork, WriteContext};
use platform::audit::{AuditRecord, AuditSink};
use platform::response::ResponseSink;
use serde_json::{Value, json};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SagaAction {
    /// Send the open command again at once, and count attempts from zero.
    RetryStep,
    /// Continue as if the open command had succeeded.
    MarkStepDone,
    /// Capture again, under other keys, what the gateway declined.
    CaptureAgain,
    /// Renew the authorization, then capture again what the gateway declined.
    Reauthorize,
    /// End an undoing saga at once. The compensation without a reply is left as it is.
    Abandon,
}

/// A request for a [`SagaAction`].
#[derive(Debug, Clone)]
pub struct SagaActionRequest {
    pub order_id: OrderId,
    pub action: SagaAction,
    /// The `generation` of the saga that the operator read. It must be the current one, so that the action applies to
    /// the command that the operator saw.
    pub generation: u32,
    /// The operator in the timeline: `admin:<id>`.
    pub actor: String,
    /// The reason or the evidence; shown in the timeline and in the audit log.
    pub reason: String,
    pub trace: Trace,
}

#[derive(Debug, thiserror::Error)]
pub enum SagaActionError {
    #[error("no such order")]
    NotFound,
    /// The saga has advanced since the operator read it; this request may also be a repetition.
    #[error("the saga has advanced: its `generation` is {0} now; read it again before you act")]
    StaleGeneration(u32),
    /// The action is not possible in the current phase.
    #[error("{error}. {}", advice(*.phase))]
    Refused { error: SagaError, phase: PhaseName },
    /// The order and its saga contradict each other.
    #[error(transparent)]
    Saga(SagaError),
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Applies the action and returns the saga after it. The audit record, the response for the idempotency key and the
/// messages are stored in the same transaction.
pub async fn act_on_saga(
    context: &WriteContext,
    request: SagaActionRequest,
    now: Timestamp,
    audit: &(impl AuditSink + ResponseSink<SagaView>),
) -> Result<SagaView, SagaActionError> {
    let SagaActionRequest { order_id, action, generation, actor, reason, trace } = request;
    let mut work = UnitOfWork::begin(context).await?;
    let found = lock_sagas::lock(&mut work, &[order_id.as_uuid()]).await?.pop();
    let (_, locked) = found.ok_or(SagaActionError::NotFound)?;
    let LockedOrder { order, saga, trace: order_trace, .. } = locked?;
    if saga.generation() != generation {
        return Err(SagaActionError::StaleGeneration(saga.generation()));
    }
    let before = audit_state(&order, &saga);
    let transition = action.apply_to(saga, &order, (&reason, now))?;
    let cause = ChangeCause { message_id: None, actor: Some(actor), trace };
    let (change, outgoing) = apply(order, transition, cause, context.time_scale, now).map_err(SagaActionError::Saga)?;
    let (subject, after) = (format!("order:{order_id}"), audit_state(&change.order, &change.saga));
    let (reason, before, after) = (Some(reason), Some(before), Some(after));
    audit.record(&mut work, AuditRecord { action: action.audit_name(), subject, reason, before, after }).await?;
    let view = view(&change, order_trace.correlation_id, now);
    audit.store_response(&mut work, &view).await?;
    work.send(outgoing);
    work.commit(OrderChanges(vec![change]), now).await?;
    Ok(view)
}

/// The saga as this change leaves it, even if it has advanced again since.
fn view(change: &OrderChange, correlation_id: String, now: Timestamp) -> SagaView {
    let OrderChange { order, saga, deadline_at, .. } = change;
    SagaView {
        order_id: order.id,
        order_status: order.status,
        phase: saga.phase_name(),
        step: saga.step_name().map(ToOwned::to_owned),
        generation: saga.generation(),
        attention: order.attention.clone(),
        deadline_at: saga.is_active().then_some(*deadline_at),
        updated_at: now,
        correlation_id,
    }
}

impl SagaAction {
    fn apply_to(
        self,
        saga: OrderSaga,
        order: &Order,
        (reason, now): (&str, Timestamp),
    ) -> Result<Transition, SagaActionError> {
        let transition = match self {
            Self::RetryStep => saga.retry_step(order, reason),
            Self::MarkStepDone => saga.mark_step_done(order, reason),
            Self::CaptureAgain => saga.capture_again(order, reason),
            Self::Reauthorize => saga.reauthorize(order, reason, now),
            Self::Abandon => saga.abandon(order, reason),
        };
        transition.map_err(|error| match error {
            SagaError::ActionRefused { phase, .. } => SagaActionError::Refused { error, phase },
            other => SagaActionError::Saga(other),
        })
    }

    /// The action in the audit log.
    fn audit_name(self) -> &'static str {
        match self {
            Self::RetryStep => "saga.retry_step",
            Self::MarkStepDone => "saga.mark_step_done",
            Self::CaptureAgain => "saga.capture_again",
            Self::Reauthorize => "saga.reauthorize",
            Self::Abandon => "saga.abandon",
        }
    }
}

/// The actions that are possible in a phase.
const fn advice(phase: PhaseName) -> &'static str {
    match phase {
        PhaseName::Running => "The order is still being placed: use `retry-step`, or cancel the order",
        PhaseName::Undoing => "Use `retry-step`, `mark-step-done` or `abandon`",
        PhaseName::Delivering => {
            "Use `capture-again` after a declined capture, `reauthorize` while something is left to capture, `retry-step`, \
             or `mark-step-done` while a capture or a stock deduction is open"
        }
        PhaseName::Ended => "The saga has ended: no action is possible",
        PhaseName::Stuck => {
            "Use `retry-step`; `mark-step-done` needs a confirmed or undoing order, `abandon` an undoing one"
        }
    }
}

/// The state of the order and its saga in the audit log.
fn audit_state(order: &Order, saga: &OrderSaga) -> Value {
    let status: &str = order.status.into();
    json!({ "status": status, "phase": <&str>::from(saga.phase_name()), "step": saga.step_name(), "generation": saga.generation() })
}

impl From<sqlx::Error> for SagaActionError {
    fn from(error: sqlx::Error) -> Self {
        Self::Store(error.into())
    }
}
