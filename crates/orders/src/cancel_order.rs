//! Calls an order back: at once where nothing was done, and by undoing step after step where something was.

use crate::apply_advance::{Because, apply};
use crate::commit_moves::commit_moves;
use crate::error::StoreError;
use crate::store::saga::{self, Standing};
use domain::Timestamp;
use domain::ids::{OrderId, UserId};
use domain::order::{Applied, Order, OrderStatus};
use domain::saga::{Pace, SagaError};
use messaging::{Relay, Trace};
use platform::answer::AnswerSink;
use platform::witness::{Change, Witness};
use serde_json::json;
use sqlx::{PgConnection, PgPool};

#[derive(Debug, Clone)]
pub struct CancelOrder {
    pub order_id: OrderId,
    /// Whose order it must be; anybody's when none.
    pub customer: Option<UserId>,
    /// Who asks, for the timeline: `customer:<id>`, `admin:<id>`.
    pub actor: String,
    /// In a word: `customer_request`, ...
    pub reason: String,
    pub trace: Trace,
}

/// Where the order stands now: `cancelling`, or where an earlier cancellation has brought it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CancelOutcome {
    pub order_id: OrderId,
    pub status: OrderStatus,
    pub version: i32,
    /// It was called back before.
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
    let Standing { order, saga, .. } = find(&mut tx, &request).await?;
    let advance = match saga.on_cancel(&order, &request.reason) {
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
    witness
        .note(&mut tx, Change { action: "order.cancel", subject, reason: Some(request.reason), before, after })
        .await?;
    witness.keep(&mut tx, &outcome).await?;
    commit_moves(tx, &[moved], outgoing, relay, now).await?;
    Ok(outcome)
}

async fn find(tx: &mut PgConnection, request: &CancelOrder) -> Result<Standing, CancelError> {
    let found = saga::lock(tx, &[request.order_id.as_uuid()]).await?.pop();
    let (_, standing) = found.ok_or(CancelError::NotFound)?;
    let standing = standing?;
    let visible = request.customer.is_none_or(|customer| customer == standing.customer_id);
    if visible { Ok(standing) } else { Err(CancelError::NotFound) }
}

impl From<sqlx::Error> for CancelError {
    fn from(error: sqlx::Error) -> Self {
        Self::Store(error.into())
    }
}
