//! A connection that reconnects when a channel is requested and the connection is lost.
//!
//! lapin's own recovery is off: it hides the loss while it lasts, and a confirm in flight stays pending for that time.
//! Without it every await fails at once, and the caller requests a new channel, with backoff.

use super::signature::MessageSigner;
use crate::topology::{self, RetrySchedule, Scope};
use async_rs::TokioRuntime;
use lapin::protocol::AMQPErrorKind;
use lapin::tcp::OwnedTLSConfig;
use lapin::uri::AMQPUri;
use lapin::{Channel, Connection, ConnectionProperties, ErrorKind};
use platform::config::RabbitmqArgs;
use secrecy::ExposeSecret;
use std::collections::BTreeSet;
use std::sync::{Arc, PoisonError};
use std::time::Duration;
use tokio::sync::Mutex;

/// A dead peer is detected after two heartbeats without traffic.
const HEARTBEAT_SECONDS: u16 = 10;
/// The maximum size of a frame; longer messages are split. lapin keeps two buffers of 32 frames per connection.
const FRAME_BYTES_MAX: u32 = 16 * 1024;
const CONNECT_LIMIT: Duration = Duration::from_secs(10);
const CHANNEL_LIMIT: Duration = Duration::from_secs(10);

/// Why a request to the broker failed.
#[derive(Debug, thiserror::Error)]
pub enum BrokerError {
    #[error("RABBITMQ_URL is malformed: {0}")]
    BadUrl(String),
    #[error("RABBITMQ_CA_FILE can't be read: {0}")]
    BadCaFile(std::io::Error),
    #[error("the broker did not answer within {0:?}")]
    TooSlow(Duration),
    #[error("the broker stopped delivering from queue {0}")]
    ConsumerCancelled(String),
    #[error("the broker refused a message: {0}")]
    Refused(String),
    #[error("the runtime of the broker client could not be started: {0}")]
    NoThread(std::io::Error),
    #[error(transparent)]
    Failed(#[from] lapin::Error),
}

impl BrokerError {
    /// The broker rejected the request with a channel exception. The same request on a new channel is rejected again,
    /// until an operator changes the broker or its permissions.
    pub fn is_refusal(&self) -> bool {
        let Self::Failed(error) = self else { return false };
        matches!(error.kind(), ErrorKind::ProtocolError(error) if matches!(error.kind(), AMQPErrorKind::Soft(_)))
    }
}

/// The two connections of a process; cheap to clone.
#[derive(Debug, Clone)]
pub struct BrokerConnections {
    pub publishing: BrokerConnection,
    pub consuming: BrokerConnection,
}

/// A connection with its topology settings; clones share it.
#[derive(Clone)]
pub struct BrokerConnection(Arc<Inner>);

struct Inner {
    uri: AMQPUri,
    /// The certificates of private authorities, as PEM text.
    ca: Option<String>,
    name: String,
    retry_schedule: RetrySchedule,
    signer: MessageSigner,
    runtime: TokioRuntime,
    connection: Mutex<Option<Connection>>,
    /// The scopes that the broker refused to declare at the last attempt.
    undeclared: std::sync::Mutex<BTreeSet<Scope>>,
}

impl BrokerConnections {
    /// Does not connect yet: a process may start before its broker.
    pub fn new(args: &RabbitmqArgs, process: &str) -> Result<Self, BrokerError> {
        let runtime = runtime().map_err(BrokerError::NoThread)?;
        let publishing = BrokerConnection::new(args, &format!("{process} publishing"), runtime.clone())?;
        let consuming = BrokerConnection::new(args, &format!("{process} consuming"), runtime)?;
        Ok(Self { publishing, consuming })
    }

    pub async fn close(&self) {
        self.consuming.close().await;
        self.publishing.close().await;
    }
}

impl BrokerConnection {
    fn new(args: &RabbitmqArgs, name: &str, runtime: TokioRuntime) -> Result<Self, BrokerError> {
        let mut uri: AMQPUri = args.rabbitmq_url.expose_secret().parse().map_err(BrokerError::BadUrl)?;
        uri.query.heartbeat = Some(HEARTBEAT_SECONDS);
        uri.query.frame_max = Some(FRAME_BYTES_MAX);
        let ca = args.read_ca_file().map_err(BrokerError::BadCaFile)?;
        let retry_schedule = RetrySchedule::scaled(args.retry_delay_percent);
        let signer = MessageSigner::new(&args.signing);
        let (name, connection, undeclared) = (name.to_owned(), Mutex::default(), std::sync::Mutex::default());
        Ok(Self(Arc::new(Inner { uri, ca, name, retry_schedule, signer, runtime, connection, undeclared })))
    }

    pub(crate) fn signer(&self) -> &MessageSigner {
        &self.0.signer
    }

    /// Opens a channel, on a new connection if necessary, and declares the queues and exchanges of `scope`.
    pub async fn channel(&self, scope: Scope) -> Result<Channel, BrokerError> {
        let channel = self.bare_channel().await?;
        within(CHANNEL_LIMIT, topology::declare(&channel, scope, &self.0.retry_schedule)).await?;
        Ok(channel)
    }

    /// Declares the whole topology; fails at the first scope that the broker refuses.
    pub async fn declare_all(&self) -> Result<(), BrokerError> {
        for scope in Scope::all() {
            self.channel(scope).await?;
        }
        Ok(())
    }

    /// Opens a channel and declares the whole topology, except for scopes that the broker refuses. Messages to their
    /// queues wait in the outbox; messages to other queues are not affected.
    pub(super) async fn channel_to_all(&self) -> Result<Channel, BrokerError> {
        let mut channel = self.bare_channel().await?;
        for scope in Scope::all() {
            let declared = within(CHANNEL_LIMIT, topology::declare(&channel, scope, &self.0.retry_schedule)).await;
            self.log_changes(scope, declared.as_ref().err());
            match declared {
                Ok(()) => {}
                Err(error) if error.is_refusal() => channel = self.bare_channel().await?,
                Err(error) => return Err(error),
            }
        }
        Ok(channel)
    }

    /// Logs when a scope is refused for the first time, and when it can be declared again.
    fn log_changes(&self, scope: Scope, refused: Option<&BrokerError>) {
        let mut undeclared = self.0.undeclared.lock().unwrap_or_else(PoisonError::into_inner);
        match refused {
            Some(error) if error.is_refusal() && undeclared.insert(scope) => {
                tracing::error!(%error, %scope, "The broker refuses to declare the {scope}");
            }
            None if undeclared.remove(&scope) => tracing::info!(%scope, "The {scope} is declared again"),
            Some(_) | None => {}
        }
    }

    /// Opens a channel and declares nothing.
    pub(super) async fn bare_channel(&self) -> Result<Channel, BrokerError> {
        let mut connection = self.0.connection.lock().await;
        let alive = match connection.take() {
            Some(open) if open.status().connected() => open,
            _ => self.connect().await?,
        };
        within(CHANNEL_LIMIT, connection.insert(alive).create_channel()).await
    }

    pub fn retry_schedule(&self) -> RetrySchedule {
        self.0.retry_schedule
    }

    /// Closes the connection and all of its channels.
    pub async fn close(&self) {
        if let Some(connection) = self.0.connection.lock().await.take() {
            let closing = connection.close(200, "the process stops".into());
            if !matches!(tokio::time::timeout(CHANNEL_LIMIT, closing).await, Ok(Ok(()))) {
                tracing::debug!(connection = self.0.name, "The connection to the broker could not be closed");
            }
        }
    }

    async fn connect(&self) -> Result<Connection, BrokerError> {
        let properties = ConnectionProperties::default().with_connection_name(self.0.name.as_str().into());
        let (uri, runtime) = (self.0.uri.clone(), self.0.runtime.clone());
        let tls = OwnedTLSConfig { identity: None, cert_chain: self.0.ca.clone() };
        let connecting = Connection::connect_uri_with_config(uri, properties, tls, runtime);
        let connection = within(CONNECT_LIMIT, connecting).await?;
        tracing::info!(connection = self.0.name, "Connected to the broker");
        Ok(connection)
    }
}

/// lapin's tasks run on a thread of their own. On a runtime with a single thread that they share with our tasks, they
/// stop when the connection breaks (lapin 4.12), and the break is never reported.
fn runtime() -> std::io::Result<TokioRuntime> {
    let builder = || tokio::runtime::Builder::new_multi_thread();
    let runtime = builder().worker_threads(1).thread_name("broker").enable_all().build()?;
    Ok(TokioRuntime::tokio_with_runtime(runtime))
}

/// Awaits an answer of the broker with a limit: a request that is sent while the connection breaks may never be
/// answered.
pub(crate) async fn within<T>(
    limit: Duration,
    answer: impl Future<Output = Result<T, lapin::Error>>,
) -> Result<T, BrokerError> {
    tokio::time::timeout(limit, answer).await.map_err(|_| BrokerError::TooSlow(limit))?.map_err(BrokerError::from)
}

impl std::fmt::Debug for BrokerConnection {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("BrokerConnection").field("name", &self.0.name).finish_non_exhaustive()
    }
}
