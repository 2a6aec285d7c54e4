//! Orders: owns schema `orders` (orders, items, timeline, sagas, idempotency keys). Consumes every reply (`Reply`).
//! Publishes the commands of the saga's plan and the events of `OrderEvent`. Depends on no other slice.

mod advance_saga;
mod apply_transition;
mod cancel_order;
mod commit_changes;
mod cursor;
mod error;
mod find_order;
mod intake;
mod list_orders;
mod list_sagas;
pub mod metrics;
mod order_events;
mod saga_actions;
mod saga_args;
mod store;
mod viewer;
mod wake_stalled_sagas;
mod watch_orders;

pub use advance_saga::SagaHandler;
pub use cancel_order::{CancelError, CancelOrder, CancelOutcome, cancel_order};
pub use cursor::{Cursor, InvalidCursor, SagaCursor};
pub use error::{PlaceOrderError, StoreError};
pub use find_order::{LineView, OrderView, ShipmentView, find_order};
pub use intake::{
    Accepted, BadIdempotencyKey, Fingerprint, IdempotencyKey, Intake, IntakeLimits, KEY_LENGTH_MAX, NewOrder,
    prune_keys,
};
pub use list_orders::{BadPageSize, OrderFilter, OrderPage, OrderSummary, PAGE_SIZE_MAX, PageSize, list_orders};
pub use list_sagas::{SagaFilter, SagaView, find_saga, list_sagas};
pub use order_events::{EVENTS_MAX, EventView, order_events, order_events_after};
pub use saga_actions::{SagaAction, SagaActionError, SagaActionRequest, act_on_saga};
pub use saga_args::SagaArgs;
pub use viewer::Viewer;
pub use wake_stalled_sagas::{WOKEN_MAX, wake_stalled_sagas};
pub use watch_orders::OrderWatch;
