//! The RabbitMQ permissions of each process's broker user: patterns over the names in [`crate::topology`].
//!
//! Every process declares the topology when it opens a channel, which needs `configure` on every name, `write` on
//! queues and `read` on exchanges (to bind them). For a queue that exists the broker only compares the arguments.
//! Without `read` on queues a process can neither consume nor create a missing queue. So `orderctl broker` declares
//! everything before the processes start, and the worker, which has `read`, declares deleted queues again.

use domain::messages::Queue;
use std::sync::LazyLock;
use strum::VariantNames;

const EXCHANGES: &str = r"orderflow\.(commands|events|retry|dead)";
/// The exchanges that the outbox publishes to. Replays use the default exchange, which routes to a single queue.
const OUTGOING: &str = r"amq\.default|orderflow\.(commands|events)";

/// Every queue of [`Queue`] with its retry queues and its dead queue.
static QUEUES: LazyLock<String> =
    LazyLock::new(|| format!(r"({})(\.dead|\.retry\.[0-9]+)?", Queue::VARIANTS.join("|")));

/// A process with a broker user of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, strum::Display, strum::EnumIter)]
#[strum(serialize_all = "snake_case")]
pub enum BrokerRole {
    /// Publishes its outbox.
    Api,
    /// Publishes its outbox, consumes the queues, sends failed messages to retry and dead queues.
    Worker,
    /// Publishes its outbox.
    Scheduler,
}

/// Regular expressions that must match the whole name of a queue or exchange.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Permissions {
    pub configure: String,
    pub write: String,
    pub read: String,
}

impl BrokerRole {
    pub fn permissions(self) -> Permissions {
        let (write, read) = match self {
            Self::Api | Self::Scheduler => ([OUTGOING, &QUEUES].join("|"), EXCHANGES.to_owned()),
            Self::Worker => (["amq\\.default", EXCHANGES, &QUEUES].join("|"), [EXCHANGES, &QUEUES].join("|")),
        };
        let configure = [EXCHANGES, &QUEUES].join("|");
        Permissions { configure: anchored(&configure), write: anchored(&write), read: anchored(&read) }
    }
}

fn anchored(pattern: &str) -> String {
    format!("^({pattern})$")
}
