//! A connection that is made anew whenever somebody needs a channel and it is gone.
//!
//! The library's own recovery is off: it hides a loss for as long as it lasts, and a confirm in flight stays pending
//! meanwhile. Here every await fails at once, and whoever it fails for asks for a new channel, with backoff.

use crate::topology::{self, RetryLadder, Scope};
use async_rs::TokioRuntime;
use lapin::protocol::AMQPErrorKind;
use lapin::uri::AMQPUri;
use lapin::{Channel, Connection, ConnectionProperties, ErrorKind};
use platform::config::RabbitmqArgs;
use secrecy::ExposeSecret;
use std::collections::BTreeSet;
use std::sync::{Arc, PoisonError};
use std::time::Duration;
use tokio::sync::Mutex;

/// A dead peer is noticed after two of these without a sign of life.
const HEARTBEAT_SECONDS: u16 = 10;
/// Bytes of a frame at most; longer messages go in several. The library keeps two buffers of 32 frames a connection.
const FRAME_BYTES_MAX: u32 = 16 * 1024;
const CONNECT_LIMIT: Duration = Duration::from_secs(10);
const CHANNEL_LIMIT: Duration = Duration::from_secs(10);

#[derive(Debug, thiserror::Error)]
pub enum BrokerError {
    #[error("RABBITMQ_URL is malformed: {0}")]
    BadUrl(String),
    #[error("the broker did not answer within {0:?}")]
    TooSlow(Duration),
    #[error("the broker stopped delivering from queue {0}")]
    ConsumerCancelled(String),
    #[error("the broker refused a message: {0}")]
    Refused(String),
    #[error("no thread for the broker's client: {0}")]
    NoThread(std::io::Error),
    #[error(transparent)]
    Failed(#[from] lapin::Error),
}

impl BrokerError {
    /// The broker answered, and closed the channel for what was asked: the same on a new channel is refused again, until
    /// somebody changes something.
    pub fn is_refusal(&self) -> bool {
        let Self::Failed(error) = self else { return false };
        matches!(error.kind(), ErrorKind::ProtocolError(error) if matches!(error.kind(), AMQPErrorKind::Soft(_)))
    }
}

/// The two connections of a process.
#[derive(Debug, Clone)]
pub struct Links {
    pub publishing: Link,
    pub consuming: Link,
}

/// One connection, shared; clones are the same one.
#[derive(Clone)]
pub struct Link(Arc<Inner>);

struct Inner {
    uri: AMQPUri,
    name: String,
    ladder: RetryLadder,
    runtime: TokioRuntime,
    connection: Mutex<Option<Connection>>,
    /// What could not be declared when that was last tried.
    undeclared: std::sync::Mutex<BTreeSet<Scope>>,
}

impl Links {
    /// Connects to nothing yet: a process may start before its broker does.
    pub fn new(args: &RabbitmqArgs, process: &str) -> Result<Self, BrokerError> {
        let runtime = runtime().map_err(BrokerError::NoThread)?;
        let publishing = Link::new(args, &format!("{process} publishing"), runtime.clone())?;
        let consuming = Link::new(args, &format!("{process} consuming"), runtime)?;
        Ok(Self { publishing, consuming })
    }

    pub async fn close(&self) {
        self.consuming.close().await;
        self.publishing.close().await;
    }
}

impl Link {
    fn new(args: &RabbitmqArgs, name: &str, runtime: TokioRuntime) -> Result<Self, BrokerError> {
        let mut uri: AMQPUri = args.rabbitmq_url.expose_secret().parse().map_err(BrokerError::BadUrl)?;
        uri.query.heartbeat = Some(HEARTBEAT_SECONDS);
        uri.query.frame_max = Some(FRAME_BYTES_MAX);
        let ladder = RetryLadder::scaled(args.retry_delay_percent);
        let (name, connection, undeclared) = (name.to_owned(), Mutex::default(), std::sync::Mutex::default());
        Ok(Self(Arc::new(Inner { uri, name, ladder, runtime, connection, undeclared })))
    }

    /// A new channel, on a new connection if need be, with the rows of `scope` declared.
    pub async fn channel(&self, scope: Scope) -> Result<Channel, BrokerError> {
        let channel = self.bare_channel().await?;
        within(CHANNEL_LIMIT, topology::declare(&channel, scope, &self.0.ladder)).await?;
        Ok(channel)
    }

    /// Declares all of the topology, or names what the broker refuses.
    pub async fn declare_all(&self) -> Result<(), BrokerError> {
        for scope in Scope::all() {
            self.channel(scope).await?;
        }
        Ok(())
    }

    /// A new channel, with all of the topology declared but what the broker refuses: its messages wait in the outbox,
    /// and those of other queues go on.
    pub(super) async fn channel_to_all(&self) -> Result<Channel, BrokerError> {
        let mut channel = self.bare_channel().await?;
        for scope in Scope::all() {
            let declared = within(CHANNEL_LIMIT, topology::declare(&channel, scope, &self.0.ladder)).await;
            self.note_declared(scope, declared.as_ref().err());
            match declared {
                Ok(()) => {}
                Err(error) if error.is_refusal() => channel = self.bare_channel().await?,
                Err(error) => return Err(error),
            }
        }
        Ok(channel)
    }

    /// Logs what can't be declared once, and once more when it can.
    fn note_declared(&self, scope: Scope, refused: Option<&BrokerError>) {
        let mut undeclared = self.0.undeclared.lock().unwrap_or_else(PoisonError::into_inner);
        match refused {
            Some(error) if error.is_refusal() && undeclared.insert(scope) => {
                tracing::error!(%error, %scope, "The broker refuses to declare the {scope}");
            }
            None if undeclared.remove(&scope) => tracing::info!(%scope, "The {scope} is declared again"),
            Some(_) | None => {}
        }
    }

    /// A new channel, for whoever only looks.
    pub(super) async fn bare_channel(&self) -> Result<Channel, BrokerError> {
        let mut connection = self.0.connection.lock().await;
        let alive = match connection.take() {
            Some(open) if open.status().connected() => open,
            _ => self.connect().await?,
        };
        within(CHANNEL_LIMIT, connection.insert(alive).create_channel()).await
    }

    pub fn ladder(&self) -> RetryLadder {
        self.0.ladder
    }

    /// Says goodbye; channels that are still open end.
    pub async fn close(&self) {
        if let Some(connection) = self.0.connection.lock().await.take() {
            let goodbye = connection.close(200, "the process stops".into());
            if !matches!(tokio::time::timeout(CHANNEL_LIMIT, goodbye).await, Ok(Ok(()))) {
                tracing::debug!(link = self.0.name, "The broker did not hear our goodbye");
            }
        }
    }

    async fn connect(&self) -> Result<Connection, BrokerError> {
        let properties = ConnectionProperties::default().with_connection_name(self.0.name.as_str().into());
        let (uri, runtime) = (self.0.uri.clone(), self.0.runtime.clone());
        let connecting = Connection::connect_uri_with_runtime(uri, properties, runtime);
        let connection = within(CONNECT_LIMIT, connecting).await?;
        tracing::info!(link = self.0.name, "Connected to the broker");
        Ok(connection)
    }
}

/// The library's own tasks have a thread of their own. Where they share the only one with ours, they stop when the
/// connection breaks (lapin 4.12), and nobody learns that it has.
fn runtime() -> std::io::Result<TokioRuntime> {
    let builder = || tokio::runtime::Builder::new_multi_thread();
    let runtime = builder().worker_threads(1).thread_name("broker").enable_all().build()?;
    Ok(TokioRuntime::tokio_with_runtime(runtime))
}

/// Awaits the broker's answer, but not for ever: what is asked while the connection breaks may never be answered.
pub(crate) async fn within<T>(
    limit: Duration,
    answer: impl Future<Output = Result<T, lapin::Error>>,
) -> Result<T, BrokerError> {
    tokio::time::timeout(limit, answer).await.map_err(|_| BrokerError::TooSlow(limit))?.map_err(BrokerError::from)
}

impl std::fmt::Debug for Link {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Link").field("name", &self.0.name).finish_non_exhaustive()
    }
}
