//! Orders: place, list, follow, cancel, refund.

pub mod allocation;
pub mod cancel;
pub mod events;
pub mod find;
pub mod line_units;
pub mod list;
pub mod order;
pub mod payments;
pub mod place;
pub mod preview;
pub mod recipient;
pub mod refunds;
pub mod request;
pub mod shipments;
pub mod stream;
pub mod stream_ticket;

use crate::auth::Caller;
use crate::problem::Problem;
use crate::routes::viewer::viewer;
use crate::state::AppState;
use domain::ids::OrderId;
use orders::OrderView;

/// The order as the caller may see it; 404 if they may not.
pub async fn visible_order(state: &AppState, caller: Caller, id: OrderId) -> Result<OrderView, Problem> {
    let found = orders::find_order(&state.pool, id, viewer(caller)).await?;
    found.ok_or_else(|| Problem::not_found("order"))
}
