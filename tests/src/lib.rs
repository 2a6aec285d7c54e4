//! The harness of the system tests. They run real processes with real Postgres, RabbitMQ and Redis, and kill them.
//!
//! A test starts a [`TestSystem`] (its own database, its own vhost, its own processes), does something, and ends with
//! [`TestSystem::finish`], which verifies every invariant of the system. Tests run one after the other, since some of
//! them restart the broker that all of them share.

#![expect(clippy::missing_panics_doc, reason = "a test harness reports failures by panicking")]

pub mod broker;
pub mod browser;
pub mod client;
pub mod database;
pub mod db_asserts;
pub mod eventually;
pub mod finish;
pub mod load;
pub mod message_recorder;
pub mod metrics;
pub mod process;
pub mod products;
pub mod proxy;
pub mod settings;
pub mod system;
pub mod tls_proxy;

pub use client::{ApiClient, NewOrder, Placed};
pub use eventually::eventually;
pub use metrics::Scrape;
pub use process::Role;
pub use products::SeedProduct;
pub use system::TestSystem;
