//! Orders: owns schema `orders` (orders, items, recipients, metadata, timeline, sagas, returns,
//! idempotency keys). Consumes every reply (`Reply`).
//! Publishes the commands of the saga's plan and of returns, and the events of `OrderEvent` and `ReturnEvent`. Depends on
//! no other slice.

mod advance_saga;
mod apply_transition;
mod cancel_order;
mod changes;
mod cursor;
mod decide_exception;
mod erase_orders;
mod error;
mod filters;
mod find_order;
mod find_recipients;
mod find_refundable;
mod idempotency_key;
mod intake;
mod list_orders;
mod list_sagas;
pub mod metrics;
mod new_order;
mod order_change;
mod order_events;
mod placement;
mod reauthorize_payments;
mod remove_orders;
mod return_model;
mod returns;
mod saga_actions;
mod saga_args;
mod store;
mod viewer;
mod views;
mod wake_stalled_sagas;
mod watch_orders;

pub use advance_saga::SagaHandler;
pub use cancel_order::{CancelError, CancelOrder, CancelOutcome, cancel_order, preview_cancellation};
pub use cursor::{Cursor, InvalidCursor, SagaCursor};
pub use decide_exception::{
    DecideException, DecidedException, ExceptionError, check_exception, decide_exception, find_undeliverable,
};
pub use erase_orders::{ErasedOrders, count_open_orders, erase_orders};
pub use error::{PlaceOrderError, StoreError};
pub use filters::{OrderFilter, SagaFilter};
pub use find_order::find_order;
pub use find_recipients::find_recipients;
pub use find_refundable::find_refundable;
pub use idempotency_key::{BadIdempotencyKey, Fingerprint, IdempotencyKey, KEY_LENGTH_MAX};
pub use intake::{Intake, IntakeLimits, KeyLifetime, UnpaidArgs, prune_keys};
pub use list_orders::list_orders;
pub use list_sagas::{find_saga, list_sagas};
pub use new_order::{Accepted, NewOrder};
pub use order_events::{EVENTS_MAX, order_events, order_events_after};
pub use reauthorize_payments::{AuthorizationArgs, reauthorize_payments};
pub use remove_orders::{ended_orders, finish_removals, remove_orders, unfinished_removals};
pub use return_model::{ReturnCursor, ReturnEventView, ReturnFilter, ReturnView};
pub use returns::{
    DecideReturn, ReceiveReturn, RequestReturns, ReturnActor, ReturnArgs, ReturnDecision, ReturnError, ReturnPreview,
    decide_return, find_return, list_returns, preview_returns, receive_return, request_returns, wake_stalled_returns,
};
pub use saga_actions::{SagaAction, SagaActionError, SagaActionRequest, act_on_saga};
pub use saga_args::SagaArgs;
pub use viewer::Viewer;
pub use views::{EventView, LineView, OrderSummary, OrderView, SagaView, ShipmentView};
pub use wake_stalled_sagas::{WOKEN_MAX, wake_stalled_sagas};
pub use watch_orders::OrderWatch;
