//! Returns as the store and the use cases pass them to each other.

mod change;
mod cursor;
mod filter;
mod stored;
mod views;

pub use change::ReturnChange;
pub use cursor::ReturnCursor;
pub use filter::ReturnFilter;
pub use stored::StoredReturn;
pub use views::{ReturnEventView, ReturnView};
