//! The inventory slice on a real Postgres: no broker, no other slice.

mod adjustments;
mod columns;
mod harness;
mod races;
mod release_and_ship;
mod reserve;
mod upkeep;
