//! What admins do with an order that got stuck: they know better than the saga what was done, or what never will be.

use crate::apply_advance::{Because, apply};
use crate::commit_moves::commit_moves;
use crate::error::StoreError;
use crate::list_sagas::SagaView;
use crate::store::saga::{self, Standing};
use crate::store::sagas as store;
use domain::Timestamp;
use domain::ids::OrderId;
use domain::order::Order;
use domain::saga::{Advance, OrderSaga, Pace, SagaError};
use messaging::{Relay, Trace};
use platform::witness::{Change, Witness};
use serde_json::{Value, json};
use sqlx::PgPool;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SagaVerb {
    /// Ask the open question again, at once and with fresh patience.
    RetryStep,
    /// Go on as if the open question had been answered with yes.
    MarkStepDone,
    /// End an undoing saga at once, with whatever it has not undone left as it is.
    Abandon,
}

#[derive(Debug, Clone)]
pub struct OperateSaga {
    pub order_id: OrderId,
    pub verb: SagaVerb,
    /// Who asks, for the timeline: `admin:<id>`.
    pub actor: String,
    /// Why, or how they know; the timeline tells it.
    pub reason: String,
    pub trace: Trace,
}

#[derive(Debug, thiserror::Error)]
pub enum OperateError {
    #[error("there is no such order")]
    NotFound,
    /// The verb makes no sense where the saga stands.
    #[error("{0}")]
    Refused(SagaError),
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
    witness: &impl Witness,
) -> Result<SagaView, OperateError> {
    let OperateSaga { order_id, verb, actor, reason, trace } = request;
    let mut tx = platform::postgres::begin(pool).await?;
    let found = saga::lock(&mut tx, &[order_id.as_uuid()]).await?.pop();
    let (_, standing) = found.ok_or(OperateError::NotFound)?;
    let Standing { order, saga, .. } = standing?;
    let before = shown(&saga);
    let advance = verb.of(saga, &order, &reason)?;
    let because = Because { cause: None, actor: Some(actor), trace };
    let (moved, outgoing) = apply(order, advance, because, pace, now).map_err(OperateError::Saga)?;
    let (subject, after) = (format!("order:{order_id}"), shown(&moved.saga));
    let change =
        Change { action: verb.action(), subject, reason: Some(reason), before: Some(before), after: Some(after) };
    witness.note(&mut tx, change).await?;
    commit_moves(tx, &[moved], outgoing, relay, now).await?;
    store::find(&mut *pool.acquire().await?, order_id).await?.ok_or(OperateError::NotFound)
}

impl SagaVerb {
    fn of(self, saga: OrderSaga, order: &Order, reason: &str) -> Result<Advance, OperateError> {
        let advance = match self {
            Self::RetryStep => saga.retry_step(order, reason),
            Self::MarkStepDone => saga.mark_step_done(order, reason),
            Self::Abandon => saga.abandon(reason),
        };
        advance.map_err(|error| match error {
            SagaError::VerbRefused { .. } => OperateError::Refused(error),
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

fn shown(saga: &OrderSaga) -> Value {
    json!({ "phase": saga.phase_name(), "step": saga.step_name() })
}

impl From<sqlx::Error> for OperateError {
    fn from(error: sqlx::Error) -> Self {
        Self::Store(error.into())
    }
}
