//! A connection that is made anew whenever somebody needs a channel and it is gone.
//!
//! The library's own recovery is off: it hides a loss for as long as it lasts, and a confirm in flight stays pending
//! meanwhile. Here every await fails at once, and whoever it fails for asks for a new channel, with backoff.

use crate::topology::{self, RetryLadder};
use async_rs::TokioRuntime;
use lapin::uri::AMQPUri;
use lapin::{Channel, Connection, ConnectionProperties};
use platform::config::RabbitmqArgs;
use secrecy::ExposeSecret;
use std::sync::Arc;
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
        Ok(Self(Arc::new(Inner { uri, name: name.to_owned(), ladder, runtime, connection: Mutex::default() })))
    }

    /// A new channel, on a new connection if need be, with the topology declared.
    pub async fn channel(&self) -> Result<Channel, BrokerError> {
        let channel = self.bare_channel().await?;
        within(CHANNEL_LIMIT, topology::declare(&channel, &self.0.ladder)).await?;
        Ok(channel)
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
