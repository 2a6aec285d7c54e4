//! Query: what a request to return units would become. Changes nothing.

use super::error::ReturnError;
use super::locked::{find_refundable, lock_order};
use super::request::{RequestReturns, requested_returns};
use domain::Timestamp;
use domain::refund::Refundable;
use domain::returns::RequestedReturn;
use messaging::WriteContext;

/// The returns of a request, and the order for the quote of their refunds.
#[derive(Debug)]
pub struct ReturnPreview {
    pub returns: Vec<RequestedReturn>,
    pub order: Refundable,
}

pub async fn preview_returns(
    context: &WriteContext,
    request: RequestReturns,
    now: Timestamp,
) -> Result<ReturnPreview, ReturnError> {
    let mut tx = platform::postgres::begin(&context.pool).await?;
    let order = lock_order(&mut tx, request.order_id).await?.ok_or(ReturnError::NoSuchOrder)?;
    let returns = requested_returns(&mut tx, &order, &request, now).await?;
    let order = find_refundable(&mut tx, request.order_id).await?.ok_or(ReturnError::NoSuchOrder)?;
    tx.rollback().await?;
    Ok(ReturnPreview { returns, order })
}
