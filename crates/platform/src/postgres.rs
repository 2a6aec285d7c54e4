//! The connection pools, and the one way to begin a transaction.

use crate::config::DatabaseArgs;
use secrecy::ExposeSecret;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{Connection as _, PgConnection, PgPool, Postgres, Row as _, Transaction};
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant};
use tokio::runtime::Handle;

const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(3);
/// A connection that rested for so long is asked whether it lives, and is given up when it does not answer in time.
const PING_AFTER: Duration = Duration::from_millis(500);
const PING_LIMIT: Duration = Duration::from_secs(1);
/// No statement waits longer for a lock than two seconds, so connections are given back more often than this.
const PULSE_MAX: Duration = Duration::from_secs(5);
const CLOSE_LIMIT: Duration = Duration::from_secs(3);
const CONNECTION_LIFETIME_MAX: Duration = Duration::from_mins(30);

/// The connections of one process in two shares, so that none can take all: what waits for a row, or reads a long list,
/// keeps orders, the relay and probes from nothing.
#[derive(Debug, Clone)]
pub struct Pools {
    /// For work that is short, bounded in number, and must go on: intake, relay, heartbeat, probes.
    pub vital: PgPool,
    /// For everything else.
    pub common: PgPool,
    /// When a connection of `vital` was last given back.
    pub pulse: Pulse,
}

/// Builds the pools; `vital` connections, or half of all if there are not so many, are in the first.
pub fn pools(args: &DatabaseArgs, process: &str, vital: u32) -> Result<Pools, sqlx::Error> {
    let all = args.database_max_connections;
    let vital = vital.clamp(1, (all / 2).max(1));
    let (session, pulse) = (session(args, process)?, Pulse::default());
    let common = sized(all - vital).connect_lazy_with(session.clone());
    let vital = pulse.watch(sized(vital)).connect_lazy_with(session);
    Ok(Pools { vital, common, pulse })
}

/// Builds the pool without connecting: a process may start before its database does.
pub fn pool(args: &DatabaseArgs, process: &str) -> Result<PgPool, sqlx::Error> {
    Ok(sized(args.database_max_connections).connect_lazy_with(session(args, process)?))
}

/// Every session has limits of its own: a statement may run 15 s, wait 2 s for a lock, and a transaction that nobody
/// drives is ended after 10 s.
fn session(args: &DatabaseArgs, process: &str) -> Result<PgConnectOptions, sqlx::Error> {
    let options: PgConnectOptions = args.database_url.expose_secret().parse()?;
    Ok(options.application_name(process).options([
        ("statement_timeout", "15s"),
        ("lock_timeout", "2s"),
        ("idle_in_transaction_session_timeout", "10s"),
        // Plans are kept while tables grow from nothing, and one made against a small table reads all of it when it is
        // long, where it should read an index: a statement then takes up to ten times as long. So whoever means to read whole
        // tables says so (`operations::store::take_snapshot`). And a plan that over-estimates must not be compiled first.
        ("enable_seqscan", "off"),
        ("random_page_cost", "1.1"),
        ("jit", "off"),
    ]))
}

fn sized(connections: u32) -> PgPoolOptions {
    PgPoolOptions::new()
        .max_connections(connections)
        .acquire_timeout(ACQUIRE_TIMEOUT)
        .max_lifetime(CONNECTION_LIFETIME_MAX)
        // A connection that rested may have died meanwhile, as all do when the database restarts; one that was at work
        // just now is not worth a round trip a transaction.
        .test_before_acquire(false)
        .after_connect(|connection, _meta| Box::pin(follow_clock(connection)))
        .before_acquire(|connection, used| {
            Box::pin(async move {
                if used.idle_for < PING_AFTER {
                    return Ok(true);
                }
                let answered = tokio::time::timeout(PING_LIMIT, connection.ping()).await;
                // An error, and not `false`: nobody says goodbye to a connection that may never answer.
                answered.unwrap_or(Err(sqlx::Error::PoolTimedOut)).map(|()| true)
            })
        })
}

/// Notes when a connection was last given back in good health.
#[derive(Debug, Clone, Default)]
pub struct Pulse(Arc<Mutex<Option<Instant>>>);

impl Pulse {
    pub fn watch(&self, options: PgPoolOptions) -> PgPoolOptions {
        let last = Arc::clone(&self.0);
        options.after_release(move |_connection, _used| {
            *last.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
            Box::pin(async { Ok(true) })
        })
    }

    /// Whether all connections of `pool` are in use, by work that goes on: then nobody can get one though the database
    /// answers.
    pub fn is_busy(&self, pool: &PgPool) -> bool {
        let last = *self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let is_full = pool.num_idle() == 0 && pool.size() >= pool.options().get_max_connections();
        is_full && last.is_some_and(|last| last.elapsed() < PULSE_MAX)
    }
}

/// Before anything is written through a connection, this process has the database's time.
async fn follow_clock(connection: &mut PgConnection) -> sqlx::Result<()> {
    let asked = Instant::now();
    let answer = sqlx::raw_sql("SELECT clock_timestamp()").fetch_one(connection).await?;
    crate::clock::follow(answer.try_get(0)?, asked);
    Ok(())
}

/// Closes the pool, but does not wait for a connection whose other end is gone.
pub async fn close(pool: &PgPool) {
    if tokio::time::timeout(CLOSE_LIMIT, pool.close()).await.is_err() {
        tracing::warn!("The pool was left with a connection that does not answer");
    }
}

/// Begins a transaction; dropped without a commit it rolls back.
///
/// Safe to cancel, which sqlx 0.9.0's own `begin` is not (a cancelled one leaves its connection in the pool inside an
/// open transaction, transact-rs/sqlx#4393): one that nobody waits for any more runs to its end in a task of its own.
#[expect(clippy::disallowed_methods, reason = "everybody else calls this")]
pub async fn begin(pool: &PgPool) -> Result<Transaction<'static, Postgres>, sqlx::Error> {
    let pool = pool.clone();
    Begin(Some(Box::pin(async move { pool.begin().await }))).await
}

/// Begins a transaction whose commit does not wait for the disk: a crash may undo it, and then all that came after it.
pub async fn begin_lazily(pool: &PgPool) -> Result<Transaction<'static, Postgres>, sqlx::Error> {
    let pool = pool.clone();
    let lazily = "BEGIN; SET LOCAL synchronous_commit = off";
    Begin(Some(Box::pin(async move { pool.begin_with(lazily).await }))).await
}

/// How long a transaction waits for a lock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LockWait {
    /// As long as every session does.
    Usual,
    /// Somebody has just waited in vain.
    Short,
    /// For whoever looks for the row that is locked.
    Brief,
}

/// Begins a transaction that waits so long for locks.
pub async fn begin_waiting(pool: &PgPool, wait: LockWait) -> Result<Transaction<'static, Postgres>, sqlx::Error> {
    let patiently = match wait {
        LockWait::Usual => return begin(pool).await,
        LockWait::Short => "BEGIN; SET LOCAL lock_timeout = '1s'",
        LockWait::Brief => "BEGIN; SET LOCAL lock_timeout = '200ms'",
    };
    let pool = pool.clone();
    Begin(Some(Box::pin(async move { pool.begin_with(patiently).await }))).await
}

type Beginning = Pin<Box<dyn Future<Output = Result<Transaction<'static, Postgres>, sqlx::Error>> + Send>>;

/// A begin under way; none once it has ended.
struct Begin(Option<Beginning>);

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

/// True when trying the same again may work: the database can't be reached, or others were in the way.
pub fn is_transient(error: &sqlx::Error) -> bool {
    is_unreachable(error) || is_contention(error)
}

/// True when no work can be done: the database is away, starting, or out of connections, memory or disk. SQLSTATE classes: 08
/// connection, 53 resources, 57P the server stops or starts.
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

/// True when this work met somebody else's, and other work may well go through: a lock that was not released in time
/// (55P03), a deadlock or another tie that was broken (class 40), a transaction that was idle for too long (25P03).
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
