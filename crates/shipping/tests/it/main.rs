//! The shipping slice on a real Postgres, with a fake carrier.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod amend;
mod book;
mod cancel;
mod carrier_events;
mod carriers;
mod delays;
mod every_state;
mod fake_carrier;
mod harness;
mod lists;
mod manual;
mod recipients;
mod simulated_moves;
mod track;
