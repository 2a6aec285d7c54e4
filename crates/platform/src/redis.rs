//! Redis. It is never the source of truth: every call has a short limit, and its caller must handle a missing answer.

use crate::config::RedisArgs;
use redis::aio::{ConnectionManager, ConnectionManagerConfig};
use redis::io::tcp::TcpSettings;
use redis::io::tcp::socket2::TcpKeepalive;
use redis::{Client, Cmd, FromRedisValue, IntoConnectionInfo, ScriptInvocation, TlsCertificates};
use secrecy::ExposeSecret;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Duration, Instant};

/// How long a call may take before its caller continues without an answer.
const CALL_LIMIT: Duration = Duration::from_millis(100);
/// For how long calls fail at once after a failure: an unavailable Redis must not cost [`CALL_LIMIT`] per request.
const COOLDOWN: Duration = Duration::from_secs(1);
/// How long a packet may stay unacknowledged before the kernel closes the connection.
const SILENCE_MAX: Duration = Duration::from_secs(10);
/// How long one attempt to connect may take; it continues when the calls that wait for it time out.
const CONNECT_LIMIT: Duration = Duration::from_secs(2);

/// A shared connection that is opened by the first call and reopened after a loss; cheap to clone.
#[derive(Clone)]
pub struct Redis {
    client: Client,
    call_limit: Duration,
    connection: Arc<OnceLock<ConnectionManager>>,
    failed_at: Arc<Mutex<Option<Instant>>>,
}

/// The kernel closes a connection whose peer is gone, whether it is in use or idle.
fn tcp_settings() -> TcpSettings {
    let keepalive = TcpKeepalive::new().with_time(SILENCE_MAX / 2).with_interval(SILENCE_MAX / 5);
    TcpSettings::default().set_nodelay(true).set_user_timeout(SILENCE_MAX).set_keepalive(keepalive)
}

/// Trusts these authorities instead of the public ones.
fn trust(certificates: String) -> TlsCertificates {
    TlsCertificates { client_tls: None, root_cert: Some(certificates.into_bytes()) }
}

/// Why a call has no answer.
#[derive(Debug, thiserror::Error)]
pub enum RedisError {
    #[error("redis is not called for a moment after a failure")]
    CoolingDown,
    #[error("redis did not answer within {0:?}")]
    TooSlow(Duration),
    #[error(transparent)]
    Failed(#[from] redis::RedisError),
}

impl Redis {
    pub fn new(args: &RedisArgs) -> Result<Self, redis::RedisError> {
        let address = args.redis_url.expose_secret().into_connection_info()?.set_tcp_settings(tcp_settings());
        let client = match args.read_ca_file()? {
            Some(certificates) => Client::build_with_tls(address, trust(certificates))?,
            None => Client::open(address)?,
        };
        Ok(Self { client, call_limit: CALL_LIMIT, connection: Arc::default(), failed_at: Arc::default() })
    }

    /// For callers that can wait longer, such as tests on a busy machine. Must be set before the first call.
    #[must_use]
    pub fn with_call_limit(self, call_limit: Duration) -> Self {
        Self { call_limit, ..self }
    }

    /// Runs `script`; fails within the call limit.
    pub async fn run<T: FromRedisValue>(&self, script: &ScriptInvocation<'_>) -> Result<T, RedisError> {
        self.within_limit(async { script.invoke_async(&mut self.connection()?).await }).await
    }

    /// Runs `command`; fails within the call limit.
    pub async fn query<T: FromRedisValue>(&self, command: &Cmd) -> Result<T, RedisError> {
        self.within_limit(async { command.query_async(&mut self.connection()?).await }).await
    }

    /// Whether Redis answers.
    pub async fn ping(&self) -> Result<(), RedisError> {
        self.query::<String>(&redis::cmd("PING")).await.map(|_pong| ())
    }

    /// The connection manager connects inside a shared future: when a caller times out, connecting continues.
    fn connection(&self) -> Result<ConnectionManager, redis::RedisError> {
        if let Some(connection) = self.connection.get() {
            return Ok(connection.clone());
        }
        let config = ConnectionManagerConfig::new()
            .set_number_of_retries(0)
            .set_connection_timeout(Some(CONNECT_LIMIT))
            .set_response_timeout(Some(self.call_limit));
        let made = ConnectionManager::new_lazy_with_config(self.client.clone(), config)?;
        Ok(self.connection.get_or_init(|| made).clone())
    }

    async fn within_limit<T>(&self, call: impl Future<Output = Result<T, redis::RedisError>>) -> Result<T, RedisError> {
        if self.failed_at().is_some_and(|at| at.elapsed() < COOLDOWN) {
            return Err(RedisError::CoolingDown);
        }
        let outcome = match tokio::time::timeout(self.call_limit, call).await {
            Ok(answered) => answered.map_err(RedisError::from),
            Err(_too_slow) => Err(RedisError::TooSlow(self.call_limit)),
        };
        if outcome.is_err() {
            *self.failed_at() = Some(Instant::now());
        }
        outcome
    }

    fn failed_at(&self) -> MutexGuard<'_, Option<Instant>> {
        self.failed_at.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl std::fmt::Debug for Redis {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Redis").finish_non_exhaustive()
    }
}
