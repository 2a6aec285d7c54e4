//! The slice on a real Postgres: driven as the consumer drives it, with a carrier that says what a test tells it to.
#![expect(clippy::unwrap_used, reason = "a test may break where it stands")]

mod book;
mod cancel;
mod carrier_events;
mod delays;
mod every_state;
mod fake_carrier;
mod harness;
mod simulated_moves;
mod track;
