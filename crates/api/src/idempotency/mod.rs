//! Requests that may be repeated under a key of their caller's (`Idempotency-Key`).
//!
//! A POST that changes something reads its body as [`Keyed`] and is run by `AppState::change`. Its use case stores the
//! answer in its own transaction ([`Recorder`]), so a repeat finds the answer or nothing at all. Only what was accepted is
//! stored: a refused request may be mended and sent again under the same key. `POST /orders` does the same by the batch,
//! with keys of its own (`orders::Intake`). Routes whose description has no such header refuse it ([`supported`]).

mod answer;
mod key;
mod keyed;
mod recorder;
mod supported;

pub use answer::Answer;
pub use key::{IdempotencyKey, KeyParam};
pub use keyed::Keyed;
pub use recorder::Recorder;
pub use supported::SupportedRoutes;

/// Says that the answer was given before.
pub const REPLAYED: &str = "idempotent-replayed";
