//! Returns of an order's delivered units. [`domain::returns`] decides, under the lock of the order; the commands it wants
//! go to the inventory and to payments, whose replies arrive in the queue of this slice.

mod apply;
mod batch;
mod changes;
mod decide;
mod error;
mod find;
mod locked;
mod messages;
mod preview;
mod receive;
mod request;
mod settings;
mod wake;

pub(crate) use batch::ReturnsOfBatch;
pub(crate) use changes::ReturnChanges;
pub use decide::{DecideReturn, ReturnDecision, decide_return};
pub use error::ReturnError;
pub use find::{find_return, list_returns};
pub use locked::ReturnActor;
pub use preview::{ReturnPreview, preview_returns};
pub use receive::{ReceiveReturn, receive_return};
pub use request::{RequestReturns, request_returns};
pub use settings::ReturnArgs;
pub use wake::wake_stalled_returns;
