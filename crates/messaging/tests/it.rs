//! Messaging on a real broker (`RABBITMQ_URL`) and a real database.

#[path = "it/begin.rs"]
mod begin;
#[path = "it/outbox.rs"]
mod outbox;
#[path = "it/publisher.rs"]
mod publisher;

use messaging::broker::Links;
use platform::config::RabbitmqArgs;

/// Links to the broker that the environment names.
#[expect(clippy::disallowed_methods, reason = "tests are told by the environment where the broker is")]
fn links() -> Links {
    let url = std::env::var("RABBITMQ_URL").expect("RABBITMQ_URL names a broker");
    Links::new(&RabbitmqArgs { rabbitmq_url: url.into(), retry_delay_percent: 100 }, "messaging tests").expect("a url")
}
