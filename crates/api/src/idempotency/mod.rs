//! Idempotent requests: a repeat under the same `Idempotency-Key` gets the first response again.
//!
//! A POST that changes something reads its body as [`IdempotentJson`] and runs through [`crate::change::Detached::run_once`]. Its
//! use case stores the response in its own transaction ([`Recorder`]), so a repeat finds either the response or no
//! effect at all. Only successful responses are stored: a refused request may be corrected and sent again under the
//! same key. `POST /orders` does the same in batches, with its own table of keys (`orders::Intake`). Routes that do not
//! document the header refuse it ([`supported`]).

mod idempotent_json;
mod key;
mod recorder;
mod response;
mod supported;

pub use idempotent_json::{Idempotency, IdempotentJson};
pub use key::{HEADER as IDEMPOTENCY_KEY, IdempotencyKey, KeyParam};
pub use recorder::Recorder;
pub use response::IdempotentResponse;
pub use supported::SupportedRoutes;

/// Response header that marks a replayed response.
pub const REPLAYED: &str = "idempotent-replayed";
