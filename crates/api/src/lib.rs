//! The HTTP API: parses requests, calls the use cases of the slices and renders their results. No business rules, no
//! SQL.
//!
//! Stages of a request, outermost first: request id, log line, response headers, limits, and then the route:
//! authentication, permission, body, use case. `main.rs` composes the process; `router.rs` lists every route.

mod allowed_origin;
mod auth;
mod body;
mod change;
mod client_address;
mod config;
mod cors;
mod docs;
mod former_vendor;
mod headers;
mod idempotency;
mod limits;
mod methods;
mod metrics;
mod page;
mod params;
mod personal_records;
mod pipeline;
mod policy;
mod problem;
mod rate_limits;
mod request_id;
mod request_log;
mod router;
mod routes;
pub mod server;
mod state;
mod time;

pub use allowed_origin::AllowedOrigin;
pub use config::{API_METRICS_PORT, ApiSettings, HttpArgs};
pub use metrics::Metrics;
pub use rate_limits::{OpenStreams, RateLimitArgs, RateLimits, register as register_rate_limits};
pub use router::{documentation, operators_router, router};
pub use state::{AppState, Options, Shared};
