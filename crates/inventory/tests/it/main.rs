//! The inventory slice on a real Postgres: no broker, no other slice.

mod adjustments;
mod allocation;
mod backorder_races;
mod backorders;
mod closed_warehouses;
mod columns;
mod counts_and_transfers;
mod harness;
mod movements;
mod races;
mod reduce;
mod release_and_ship;
mod reserve;
mod restock;
mod upkeep;
