//! Messaging on a real broker (`RABBITMQ_URL`) and a real database.

#[path = "it/columns.rs"]
mod columns;
#[path = "it/outbox.rs"]
mod outbox;
#[path = "it/publisher.rs"]
mod publisher;

use messaging::broker::BrokerConnections;
use platform::config::{MessageSigningArgs, RabbitmqArgs};

/// Connections to the broker at `RABBITMQ_URL`.
#[expect(clippy::disallowed_methods, reason = "the environment configures the broker of the tests")]
fn connections() -> BrokerConnections {
    let url = std::env::var("RABBITMQ_URL").expect("RABBITMQ_URL names a broker");
    let args = RabbitmqArgs {
        rabbitmq_url: url.into(),
        retry_delay_percent: 100,
        rabbitmq_ca_file: None,
        signing: MessageSigningArgs::default(),
    };
    BrokerConnections::new(&args, "messaging tests").expect("a url")
}
