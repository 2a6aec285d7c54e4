//! Api: the HTTP door. Parses requests, asks the slices, and says their answers in HTTP. Holds no rules and no SQL.
//!
//! What a request meets, from outside in: its id, the log line, headers, limits, then its route: who sends it, whether
//! they may, the body, what is asked for. `main.rs` composes; `router.rs` lists every route.

mod auth;
mod body;
mod client_address;
mod config;
mod docs;
mod headers;
mod idempotency;
mod limits;
mod methods;
mod metrics;
mod page;
mod params;
mod pipeline;
mod policy;
mod problem;
mod request_id;
mod request_log;
mod router;
mod routes;
pub mod server;
mod state;
mod time;

pub use config::{ApiSettings, HttpArgs};
pub use metrics::Metrics;
pub use router::{documentation, router};
pub use state::{AppState, Options, Shared};
