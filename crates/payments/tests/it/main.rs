//! The payments slice on a real Postgres, with the simulated gateway and with gateways that misbehave.

mod batches;
mod books;
mod desk;
mod gateway_contract;
mod methods;
mod misbehaving;
mod parts;
mod races;
mod reconcile;
mod voids;
