//! Refunds of an order: request, preview, list, and what people do about those that need them.

pub mod body;
pub mod create;
pub mod list;
pub mod resolve;
pub mod retry;

use crate::problem::Problem;
use crate::state::AppState;
use domain::ids::OrderId;
use domain::refund::Refundable;

/// The order's lines with what of them is captured, which payments do not know.
async fn refundable(state: &AppState, id: OrderId) -> Result<Refundable, Problem> {
    let found = orders::find_refundable(&state.pool, id).await?;
    found.ok_or_else(|| Problem::not_found("order"))
}
