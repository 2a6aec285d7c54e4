//! What admins do with an order that got stuck: they know better than the saga what was done, or what never will be.

use crate::apply_transition::{Because, apply};
use crate::commit_changes::commit_moves;
use crate::error::StoreError;
use crate::list_sagas::SagaView;
use crate::store::lock_sagas::{self, Moved, Standing};
use domain::Timestamp;
use domain::ids::OrderId;
use domain::order::Order;
use domain::saga::{Advance, OrderSaga, Pace, SagaError};
use messaging::{Relay, Trace};
use platform::answer::AnswerSink;
use platform::witness::{Change, Witness};
use serde_json::{Value, json};
use sqlx::PgPool;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SagaVerb {
    /// Ask the open question again, at once and with fresh patience.
    RetryStep,
    /// Go on as if the open question had been answered with yes.
    MarkStepDone,
    /// End an undoing saga at once, with the undo that is not answered left as it is.
    Abandon,
}

#[derive(Debug, Clone)]
pub struct OperateSaga {
    pub order_id: OrderId,
    pub verb: SagaVerb,
    /// The saga's as it was when they looked: what it waits for now must be what they speak of.
    pub generation: u32,
    /// Who asks, for the timeline: `admin:<id>`.
    pub actor: String,
    /// Why, or how they know; the timeline tells it.
    pub reason: String,
    pub trace: Trace,
}

#[derive(Debug, thiserror::Error)]
pub enum OperateError {
    #[error("no such order")]
    NotFound,
    /// It has moved on since they looked: they may have been here before.
    #[error("`generation` is {0} by now: the saga has moved on; read it again before you act")]
    MovedOn(u32),
    /// The verb makes no sense where the saga stands.
    #[error("{error}. {}", advice(.phase))]
    Refused { error: SagaError, phase: &'static str },
    /// The order and its saga contradict each other.
    #[error(transparent)]
    Saga(SagaError),
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Answers with the saga as it is then.
pub async fn operate_saga(
    pool: &PgPool,
    relay: &Relay,
    request: OperateSaga,
    pace: Pace,
    now: Timestamp,
    witness: &(impl Witness + AnswerSink<SagaView>),
) -> Result<SagaView, OperateError> {
    let OperateSaga { order_id, verb, generation, actor, reason, trace } = request;
    let mut tx = platform::postgres::begin(pool).await?;
    let found = lock_sagas::lock(&mut tx, &[order_id.as_uuid()]).await?.pop();
    let (_, standing) = found.ok_or(OperateError::NotFound)?;
    let Standing { order, saga, trace: placing, .. } = standing?;
    if saga.generation() != generation {
        return Err(OperateError::MovedOn(saga.generation()));
    }
    let before = shown(&order, &saga);
    let advance = verb.of(saga, &order, &reason)?;
    let because = Because { cause: None, actor: Some(actor), trace };
    let (moved, outgoing) = apply(order, advance, because, pace, now).map_err(OperateError::Saga)?;
    let (subject, after) = (format!("order:{order_id}"), shown(&moved.order, &moved.saga));
    let change =
        Change { action: verb.action(), subject, reason: Some(reason), before: Some(before), after: Some(after) };
    witness.note(&mut tx, change).await?;
    let view = view(&moved, placing.correlation_id, now);
    witness.keep(&mut tx, &view).await?;
    commit_moves(tx, &[moved], outgoing, relay, now).await?;
    Ok(view)
}

/// The saga as this move has left it, whoever has moved it on meanwhile.
fn view(moved: &Moved, correlation_id: String, now: Timestamp) -> SagaView {
    let Moved { order, saga, deadline_at, .. } = moved;
    SagaView {
        order_id: order.id,
        order_status: order.status,
        phase: saga.phase_name().to_owned(),
        step: saga.step_name().map(ToOwned::to_owned),
        generation: saga.generation(),
        attention: order.attention.clone(),
        deadline_at: saga.is_active().then_some(*deadline_at),
        updated_at: now,
        correlation_id,
    }
}

impl SagaVerb {
    fn of(self, saga: OrderSaga, order: &Order, reason: &str) -> Result<Advance, OperateError> {
        let advance = match self {
            Self::RetryStep => saga.retry_step(order, reason),
            Self::MarkStepDone => saga.mark_step_done(order, reason),
            Self::Abandon => saga.abandon(order, reason),
        };
        advance.map_err(|error| match error {
            SagaError::VerbRefused { phase, .. } => OperateError::Refused { error, phase },
            other => OperateError::Saga(other),
        })
    }

    /// As the audit log names it.
    fn action(self) -> &'static str {
        match self {
            Self::RetryStep => "saga.retry_step",
            Self::MarkStepDone => "saga.mark_step_done",
            Self::Abandon => "saga.abandon",
        }
    }
}

/// What an operator can do in a phase.
fn advice(phase: &str) -> &'static str {
    match phase {
        "running" => "The order is still being placed: use `retry-step`, or cancel the order",
        "undoing" => "Use `retry-step`, `mark-step-done` or `abandon`",
        "delivering" => "Use `retry-step`, or `mark-step-done` once a shipment is handed over and not settled",
        "ended" => "The saga has ended: nothing is left to do",
        _ => "Use `retry-step`; `mark-step-done` needs a confirmed or undoing order, `abandon` an undoing one",
    }
}

fn shown(order: &Order, saga: &OrderSaga) -> Value {
    let status: &str = order.status.into();
    json!({ "status": status, "phase": saga.phase_name(), "step": saga.step_name(), "generation": saga.generation() })
}

impl From<sqlx::Error> for OperateError {
    fn from(error: sqlx::Error) -> Self {
        Self::Store(error.into())
    }
}
