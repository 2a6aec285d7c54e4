//! What the broker user of each process may do: RabbitMQ's patterns over the names in [`crate::topology`].
//!
//! Every process declares the topology when it opens a channel, which needs `configure` on every name, `write` on queues
//! and `read` on exchanges (to bind them). What is there already is only compared: without `read` on queues nothing can be
//! consumed, and a missing queue can't be made. So `orderctl broker` declares everything before a process starts, and a
//! worker, which may read, declares again what somebody deleted.

const EXCHANGES: &str = r"orderflow\.(commands|events|retry|dead)";
/// What the outbox publishes to; the default exchange takes replays, which go to one queue.
const OUTGOING: &str = r"amq\.default|orderflow\.(commands|events)";
const QUEUES: &str = r"(orders|inventory|payments|shipping)(\.dead|\.retry\.[0-9]+)?";

/// A process that has a user of its own.
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

/// Regular expressions, each over the whole name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Permissions {
    pub configure: String,
    pub write: String,
    pub read: String,
}

impl BrokerRole {
    pub fn permissions(self) -> Permissions {
        let (write, read) = match self {
            Self::Api | Self::Scheduler => ([OUTGOING, QUEUES].join("|"), EXCHANGES.to_owned()),
            Self::Worker => (["amq\\.default", EXCHANGES, QUEUES].join("|"), [EXCHANGES, QUEUES].join("|")),
        };
        Permissions { configure: whole(&[EXCHANGES, QUEUES].join("|")), write: whole(&write), read: whole(&read) }
    }
}

fn whole(pattern: &str) -> String {
    format!("^({pattern})$")
}
