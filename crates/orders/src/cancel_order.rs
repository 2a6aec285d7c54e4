//! Cancels an order: at once where nothing was done, and by undoing step after step where something was.

use crate::apply_transition::{Because, apply};
use crate::commit_changes::commit_moves;
use crate::error::StoreError;
use crate::store::lock_sagas::{self, Standing};
use domain::Timestamp;
use domain::ids::{OrderId, UserId};
use domain::order::placing::Note;
use domain::order::{Applied, CancelReason, Cancellation, Order, OrderStatus};
use domain::saga::{Pace, SagaError};
use messaging::{Relay, Trace};
use platform::answer::AnswerSink;
use platform::witness::{Change, Witness};
use serde_json::json;
use sqlx::{PgConnection, PgPool};

#[derive(Debug, Clone)]
pub struct CancelOrder {
    pub order_id: OrderId,
    /// Who asks.
    pub caller: UserId,
    /// Whether they may cancel orders that they did not place.
    pub cancels_any: bool,
    /// How the timeline names them: `customer:<id>`, `admin:<id>`.
    pub actor: String,
    /// Without one: their request.
    pub reason: Option<CancelReason>,
    /// For staff and for whoever asks.
    pub note: Option<Note>,
    pub trace: Trace,
}

/// Where the order stands now: `cancelling`, or where an earlier cancellation has brought it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CancelOutcome {
    pub order_id: OrderId,
    pub status: OrderStatus,
    pub version: i32,
    /// It was cancelled before.
    pub already: bool,
}

#[derive(Debug, thiserror::Error)]
pub enum CancelError {
    /// There is no such order, or it is somebody else's.
    #[error("no such order")]
    NotFound,
    #[error("an order that is {status} can't be cancelled; only `pending` and `confirmed` orders can")]
    Refused { status: OrderStatus },
    /// The order and its saga contradict each other.
    #[error(transparent)]
    Saga(SagaError),
    #[error(transparent)]
    Store(#[from] StoreError),
}

pub async fn cancel_order(
    pool: &PgPool,
    relay: &Relay,
    request: CancelOrder,
    pace: Pace,
    now: Timestamp,
    witness: &(impl Witness + AnswerSink<CancelOutcome>),
) -> Result<CancelOutcome, CancelError> {
    let mut tx = platform::postgres::begin(pool).await?;
    let Standing { order, saga, customer_id, .. } = find(&mut tx, &request).await?;
    let cancellation = request.cancellation(customer_id);
    let why = spelled_out(&cancellation);
    let advance = match saga.on_cancel(&order, cancellation) {
        Ok(Applied::Now(advance)) => advance,
        Ok(Applied::Already) => {
            let outcome =
                CancelOutcome { order_id: order.id, status: order.status, version: order.version, already: true };
            witness.keep(&mut tx, &outcome).await?;
            tx.commit().await?;
            return Ok(outcome);
        }
        Err(SagaError::InvalidTransition(_)) => return Err(CancelError::Refused { status: order.status }),
        Err(error) => return Err(CancelError::Saga(error)),
    };
    let (subject, before) = (format!("order:{}", order.id), json!({ "status": order.status }));
    let because = Because { cause: None, actor: Some(request.actor), trace: request.trace };
    let (moved, outgoing) = apply(order, advance, because, pace, now).map_err(CancelError::Saga)?;
    let Order { id: order_id, status, version, .. } = moved.order;
    let outcome = CancelOutcome { order_id, status, version, already: false };
    let (before, after) = (Some(before), Some(json!({ "status": outcome.status })));
    witness.note(&mut tx, Change { action: "order.cancel", subject, reason: Some(why), before, after }).await?;
    witness.keep(&mut tx, &outcome).await?;
    commit_moves(tx, &[moved], outgoing, relay, now).await?;
    Ok(outcome)
}

async fn find(tx: &mut PgConnection, request: &CancelOrder) -> Result<Standing, CancelError> {
    let found = lock_sagas::lock(tx, &[request.order_id.as_uuid()]).await?.pop();
    let (_, standing) = found.ok_or(CancelError::NotFound)?;
    let standing = standing?;
    let may = request.cancels_any || request.caller == standing.customer_id;
    if may { Ok(standing) } else { Err(CancelError::NotFound) }
}

impl CancelOrder {
    fn cancellation(&self, placed_by: UserId) -> Cancellation {
        let request = if self.caller == placed_by { CancelReason::CustomerRequest } else { CancelReason::AdminRequest };
        Cancellation { reason: self.reason.unwrap_or(request), note: self.note.clone() }
    }
}

/// For the audit log, which admins read.
fn spelled_out(cancellation: &Cancellation) -> String {
    match &cancellation.note {
        Some(note) => format!("{}: {}", cancellation.reason, note.as_str()),
        None => cancellation.reason.to_string(),
    }
}

impl From<sqlx::Error> for CancelError {
    fn from(error: sqlx::Error) -> Self {
        Self::Store(error.into())
    }
}
