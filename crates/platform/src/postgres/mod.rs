//! The connection pools, and the only way to begin a transaction.

pub mod process_role;
mod replica;
pub mod session;
mod single;

pub use replica::ListPool;
pub use single::{Single, reader, writer};

use crate::config::DatabaseArgs;
use crate::lifecycle::Lifecycle;
use sqlx::postgres::PgPoolOptions;
use sqlx::{Connection as _, PgConnection, PgPool, Postgres, Row as _, Transaction};
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant};
use tokio::runtime::Handle;

const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(3);
/// A connection that was idle for longer is pinged before it is used, and is closed when it does not answer in time.
const PING_AFTER: Duration = Duration::from_millis(500);
const PING_LIMIT: Duration = Duration::from_secs(1);
/// If no connection was released for longer than this, the pool is stuck: `lock_timeout` is two seconds, so statements
/// that make progress release connections more often.
const RELEASE_INTERVAL_MAX: Duration = Duration::from_secs(5);
const CLOSE_LIMIT: Duration = Duration::from_secs(3);
const CONNECTION_LIFETIME_MAX: Duration = Duration::from_mins(30);

/// The connections of one process in two pools, so that no kind of work can use up all of them: requests that wait for
/// a row lock or read a long list must not block the intake of orders, the relay and health checks.
#[derive(Debug, Clone)]
pub struct Pools {
    /// For essential work that is short and bounded in number: intake, relay, heartbeat, health checks.
    pub vital: PgPool,
    /// For everything else.
    pub common: PgPool,
    /// When a connection of `vital` was last released.
    pub pool_activity: PoolActivity,
}

/// Builds the pools. The first one gets `vital` connections, but at most half of all.
pub fn pools(args: &DatabaseArgs, process: &str, vital: u32) -> Result<Pools, sqlx::Error> {
    let all = args.database_max_connections;
    let vital = vital.clamp(1, (all / 2).max(1));
    let (session, pool_activity) = (session::options(args, process)?, PoolActivity::default());
    single::require_transactions(args.database_statement_cache == 0);
    let common = sized(all - vital).connect_lazy_with(session.clone());
    let vital = pool_activity.watch(sized(vital)).connect_lazy_with(session);
    Ok(Pools { vital, common, pool_activity })
}

/// Builds the pool without connecting: a process may start before its database.
pub fn pool(args: &DatabaseArgs, process: &str) -> Result<PgPool, sqlx::Error> {
    single::require_transactions(args.database_statement_cache == 0);
    Ok(sized(args.database_max_connections).connect_lazy_with(session::options(args, process)?))
}

/// Checks in the background that the sessions have the settings that every statement relies on, once the database is
/// available. The process stops when they do not.
pub fn check_sessions(pool: &PgPool, args: &DatabaseArgs, lifecycle: &Lifecycle) {
    let options = pool.connect_options().as_ref().clone();
    lifecycle.spawn(session::check_at_start(options, args.database_statement_cache, lifecycle.clone()));
}

fn sized(connections: u32) -> PgPoolOptions {
    unsynchronized(connections).after_connect(|connection, _meta| Box::pin(synchronize_clock(connection)))
}

fn unsynchronized(connections: u32) -> PgPoolOptions {
    PgPoolOptions::new()
        .max_connections(connections)
        .acquire_timeout(ACQUIRE_TIMEOUT)
        .max_lifetime(CONNECTION_LIFETIME_MAX)
        // An idle connection may have broken, as all do when the database restarts, so it is pinged. For a connection
        // that was used just before, one extra round trip per transaction is too expensive.
        .test_before_acquire(false)
        .before_acquire(|connection, used| {
            Box::pin(async move {
                if used.idle_for < PING_AFTER {
                    return Ok(true);
                }
                let answered = tokio::time::timeout(PING_LIMIT, connection.ping()).await;
                // An error, and not `false`: with `false` sqlx would close the connection gracefully, which may hang.
                answered.unwrap_or(Err(sqlx::Error::PoolTimedOut)).map(|()| true)
            })
        })
}

/// Records when a connection of a pool was last released; clones share it.
#[derive(Debug, Clone, Default)]
pub struct PoolActivity(Arc<Mutex<Option<Instant>>>);

impl PoolActivity {
    pub fn watch(&self, options: PgPoolOptions) -> PgPoolOptions {
        let last = Arc::clone(&self.0);
        options.after_release(move |_connection, _used| {
            *last.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
            Box::pin(async { Ok(true) })
        })
    }

    /// Whether all connections of `pool` are in use by work that makes progress. Then acquiring one times out although
    /// the database is available.
    pub fn is_busy(&self, pool: &PgPool) -> bool {
        let last = *self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let is_full = pool.num_idle() == 0 && pool.size() >= pool.options().get_max_connections();
        is_full && last.is_some_and(|last| last.elapsed() < RELEASE_INTERVAL_MAX)
    }
}

/// Runs for every new connection, so that this process knows the database's time before it writes.
async fn synchronize_clock(connection: &mut PgConnection) -> sqlx::Result<()> {
    let queried_at = Instant::now();
    let answer = sqlx::raw_sql("SELECT clock_timestamp()").fetch_one(connection).await?;
    crate::clock::synchronize(answer.try_get(0)?, queried_at);
    Ok(())
}

/// Closes the pool, but does not wait for a connection whose peer is gone.
pub async fn close(pool: &PgPool) {
    if tokio::time::timeout(CLOSE_LIMIT, pool.close()).await.is_err() {
        tracing::warn!("A pool could not be closed in time: a connection does not answer");
    }
}

/// Begins a transaction; it is rolled back when it is dropped without a commit.
///
/// Cancel-safe, which sqlx 0.9.0's own `begin` is not: when that is cancelled, its connection returns to the pool
/// inside an open transaction (transact-rs/sqlx#4393). Here a cancelled begin runs to its end in a task of its own.
#[expect(clippy::disallowed_methods, reason = "all other code calls this")]
pub async fn begin(pool: &PgPool) -> Result<Transaction<'static, Postgres>, sqlx::Error> {
    let pool = pool.clone();
    Begin(Some(Box::pin(async move { pool.begin().await }))).await
}

/// Begins a transaction with `synchronous_commit = off`: a crash of the database may lose it, and then also all
/// transactions that committed after it.
pub async fn begin_with_async_commit(pool: &PgPool) -> Result<Transaction<'static, Postgres>, sqlx::Error> {
    let pool = pool.clone();
    let begin = "BEGIN; SET LOCAL synchronous_commit = off";
    Begin(Some(Box::pin(async move { pool.begin_with(begin).await }))).await
}

/// The `lock_timeout` of a transaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LockTimeout {
    /// The default of the session, 2 s.
    Session,
    /// 1 s: another transaction has recently run into a lock timeout.
    Short,
    /// 200 ms: for finding the message that needs the locked row.
    Search,
}

/// Begins a transaction with this `lock_timeout`.
pub async fn begin_with_lock_timeout(
    pool: &PgPool,
    lock_timeout: LockTimeout,
) -> Result<Transaction<'static, Postgres>, sqlx::Error> {
    let begin_statement = match lock_timeout {
        LockTimeout::Session => return begin(pool).await,
        LockTimeout::Short => "BEGIN; SET LOCAL lock_timeout = '1s'",
        LockTimeout::Search => "BEGIN; SET LOCAL lock_timeout = '200ms'",
    };
    let pool = pool.clone();
    Begin(Some(Box::pin(async move { pool.begin_with(begin_statement).await }))).await
}

type BeginFuture = Pin<Box<dyn Future<Output = Result<Transaction<'static, Postgres>, sqlx::Error>> + Send>>;

/// A begin in progress; `None` once it has ended.
struct Begin(Option<BeginFuture>);

impl Future for Begin {
    type Output = Result<Transaction<'static, Postgres>, sqlx::Error>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let Some(beginning) = &mut self.0 else { return Poll::Pending };
        let begun = ready!(beginning.as_mut().poll(context));
        self.0 = None;
        Poll::Ready(begun)
    }
}

impl Drop for Begin {
    fn drop(&mut self) {
        if let (Some(beginning), Ok(runtime)) = (self.0.take(), Handle::try_current()) {
            drop(runtime.spawn(beginning));
        }
    }
}

/// True when a retry may succeed: the database is unreachable, or another transaction was in conflict.
pub fn is_transient(error: &sqlx::Error) -> bool {
    is_unreachable(error) || is_contention(error)
}

/// True when the database can't do any work: it is unreachable, starting, or out of connections, memory or disk.
/// SQLSTATE classes: 08 connection, 53 resources, 57P the server stops or starts.
pub fn is_unreachable(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Io(_)
        | sqlx::Error::Tls(_)
        | sqlx::Error::Protocol(_)
        | sqlx::Error::PoolTimedOut
        | sqlx::Error::PoolClosed
        | sqlx::Error::WorkerCrashed => true,
        sqlx::Error::Database(_) => code_begins(error, &["08", "53", "57P"]),
        _ => false,
    }
}

/// True when this transaction failed because of another one, and unrelated transactions may succeed: a lock timeout
/// (55P03), a deadlock or serialization failure (class 40), a transaction that was idle for too long (25P03).
pub fn is_contention(error: &sqlx::Error) -> bool {
    code_begins(error, &["40", "55P03", "25P03"])
}

/// True when another transaction held a lock for longer than the session's `lock_timeout`.
pub fn is_lock_timeout(error: &sqlx::Error) -> bool {
    code_begins(error, &["55P03"])
}

fn code_begins(error: &sqlx::Error, classes: &[&str]) -> bool {
    let code = error.as_database_error().and_then(sqlx::error::DatabaseError::code);
    code.is_some_and(|code| classes.iter().any(|class| code.starts_with(class)))
}
