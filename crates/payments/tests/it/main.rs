//! The payments slice on a real Postgres, with the simulated gateway and with gateways that misbehave.

mod batches;
mod entries;
mod gateway_contract;
mod harness;
mod late_refunds;
mod ledger;
mod methods;
mod misbehaving;
mod parts;
mod races;
mod reauthorizations;
mod reconcile;
mod refunds;
mod returns;
mod settlements;
mod voids;
