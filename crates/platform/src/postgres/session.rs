//! The settings of every session, and the check that they hold.
//!
//! They are defaults of the database role: behind a connection pooler each transaction may run in another session, so
//! what a client sets when it connects is lost, or reaches other clients.

use crate::config::DatabaseArgs;
use crate::lifecycle::Lifecycle;
use secrecy::ExposeSecret;
use sqlx::postgres::{PgConnectOptions, PgRow, PgSslMode};
use sqlx::{AssertSqlSafe, Connection as _, PgConnection, Row as _};
use std::time::Duration;

/// The settings with the values that `SHOW` displays.
const SETTINGS: [(&str, &str); 6] = [
    // Limits: a statement may run for 15 s and wait 2 s for a lock, and a transaction may be idle for 10 s.
    ("statement_timeout", "15s"),
    ("lock_timeout", "2s"),
    ("idle_in_transaction_session_timeout", "10s"),
    // Plans are cached while tables grow from nothing. A plan that was made for a small table scans all of it when it is
    // large, and the statement takes up to ten times as long as with an index. So sequential scans are off, and code
    // that must read whole tables enables them (`operations::store::take_snapshot`). JIT compilation is off because
    // overestimated plans would be compiled first.
    ("enable_seqscan", "off"),
    ("random_page_cost", "1.1"),
    ("jit", "off"),
];
/// What maintenance runs with: no limits, and the planner's defaults.
const MAINTENANCE: [(&str, &str); 6] = [
    ("statement_timeout", "0"),
    ("lock_timeout", "0"),
    ("idle_in_transaction_session_timeout", "0"),
    ("enable_seqscan", "on"),
    ("random_page_cost", "4"),
    ("jit", "on"),
];
/// How long a check may take: a database that accepts connections may be silent.
const CHECK_LIMIT: Duration = Duration::from_secs(5);
const CHECK_AGAIN_AFTER: Duration = Duration::from_secs(1);
/// SQLSTATE 26000: there is no such prepared statement; 42P05: there is one already.
const STATEMENTS_MIXED: [&str; 2] = ["26000", "42P05"];

/// Why the sessions of a process can't be used.
#[derive(Debug, thiserror::Error)]
pub enum SessionError {
    #[error(
        "the sessions of role {role} in database {database} have other settings ({wrong}). `orderctl migrate` sets them as \
         defaults of the role that DATABASE_URL names. A pooler keeps sessions with the old ones until RECONNECT"
    )]
    WrongSettings { role: String, database: String, wrong: String },
    #[error(
        "the connection pooler mixes up prepared statements ({0}). It needs PgBouncer 1.21 with max_prepared_statements, \
         or DATABASE_STATEMENT_CACHE=0 with server_reset_query=DEALLOCATE ALL and server_reset_query_always=1"
    )]
    StatementsMixed(sqlx::Error),
    #[error(
        "prepared statements stay in the session, although DATABASE_STATEMENT_CACHE is 0. That is for a pooler with \
         server_reset_query=DEALLOCATE ALL and server_reset_query_always=1; otherwise remove it"
    )]
    StatementsKept,
    #[error(transparent)]
    Database(#[from] sqlx::Error),
}

/// The options of every connection. Poolers refuse startup parameters that they do not know, so there are none.
pub fn options(args: &DatabaseArgs, process: &str) -> Result<PgConnectOptions, sqlx::Error> {
    let options: PgConnectOptions = args.database_url.expose_secret().parse()?;
    let options = with_ca_file(options, args).application_name(process).extra_float_digits(None);
    Ok(options.statement_cache_capacity(args.database_statement_cache.into()))
}

/// A CA file is worth something only if the certificate is verified.
fn with_ca_file(options: PgConnectOptions, args: &DatabaseArgs) -> PgConnectOptions {
    let Some(ca_file) = &args.database_ca_file else { return options };
    let mode = match options.get_ssl_mode() {
        PgSslMode::VerifyCa => PgSslMode::VerifyCa,
        _ => PgSslMode::VerifyFull,
    };
    options.ssl_mode(mode).ssl_root_cert(ca_file)
}

/// Makes the settings the defaults of `role` in the database of `connection`, for new sessions.
pub async fn set_defaults(connection: &mut PgConnection, role: &str) -> sqlx::Result<()> {
    for (name, value) in SETTINGS {
        let statement = "SELECT format('ALTER ROLE %I IN DATABASE %I SET %I = %L', $1, current_database(), $2, $3)";
        let statement: String =
            sqlx::query_scalar(statement).bind(role).bind(name).bind(value).fetch_one(&mut *connection).await?;
        sqlx::raw_sql(AssertSqlSafe(statement)).execute(&mut *connection).await?;
    }
    Ok(())
}

/// Removes the limits of this session: maintenance may take longer than a request. Not for a connection of a pooler.
pub async fn lift_limits(connection: &mut PgConnection) -> sqlx::Result<()> {
    for (name, value) in MAINTENANCE {
        let set = "SELECT set_config($1, $2, false)";
        sqlx::query(set).bind(name).bind(value).execute(&mut *connection).await?;
    }
    Ok(())
}

/// Options whose sessions have no limits; for tools with a direct connection.
#[must_use]
pub fn without_limits(options: PgConnectOptions) -> PgConnectOptions {
    options.options(MAINTENANCE)
}

/// Whether two connections get the same session in turn: then there is a pooler in transaction mode in between, and
/// session locks do not hold.
pub async fn is_pooled(options: &PgConnectOptions) -> sqlx::Result<bool> {
    let (mut one, mut other) = (PgConnection::connect_with(options).await?, PgConnection::connect_with(options).await?);
    Ok(backend(&mut one).await? == backend(&mut other).await?)
}

async fn backend(connection: &mut PgConnection) -> sqlx::Result<String> {
    sqlx::raw_sql("SELECT pg_backend_pid()::text").fetch_one(connection).await?.try_get(0)
}

/// Checks the sessions as soon as the database is available, and stops the process when they can't be used.
pub async fn check_at_start(options: PgConnectOptions, statement_cache: u16, lifecycle: Lifecycle) {
    while !lifecycle.stopping.is_cancelled() {
        let checking = tokio::time::timeout(CHECK_LIMIT, check(&options, statement_cache));
        let checked = tokio::select! {
            checked = checking => checked,
            () = lifecycle.stopping.cancelled() => return,
        };
        match checked {
            Ok(Ok(())) => return,
            // Not available yet, or not for this login: the pools report it.
            Ok(Err(SessionError::Database(error))) => tracing::debug!(%error, "The sessions can't be checked yet"),
            Err(_elapsed) => tracing::debug!("The sessions can't be checked yet: no answer within {CHECK_LIMIT:?}"),
            Ok(Err(unusable)) => {
                tracing::error!(error = %unusable, "The process stops: {unusable}");
                return lifecycle.fail();
            }
        }
        lifecycle.sleep_or_stop(CHECK_AGAIN_AFTER, std::future::pending()).await;
    }
}

/// Checks the settings of the sessions, and that prepared statements work.
pub async fn check(options: &PgConnectOptions, statement_cache: u16) -> Result<(), SessionError> {
    let mut one = PgConnection::connect_with(options).await?;
    check_settings(&mut one).await?;
    if statement_cache == 0 { check_reset(&mut one).await } else { check_prepared(one, options).await }
}

async fn check_settings(connection: &mut PgConnection) -> Result<(), SessionError> {
    let shown = SETTINGS.map(|(name, _)| format!("current_setting('{name}')")).join(", ");
    let select = format!("SELECT current_user::text, current_database()::text, {shown}");
    let row = sqlx::raw_sql(AssertSqlSafe(select)).fetch_one(connection).await?;
    let wrong = wrong_settings(&row)?;
    if wrong.is_empty() {
        return Ok(());
    }
    Err(SessionError::WrongSettings { role: row.try_get(0)?, database: row.try_get(1)?, wrong: wrong.join(", ") })
}

/// The settings begin at the third column.
fn wrong_settings(row: &PgRow) -> sqlx::Result<Vec<String>> {
    let mut wrong = Vec::new();
    for (at, (name, expected)) in SETTINGS.into_iter().enumerate() {
        let value: String = row.try_get(at + 2)?;
        if value != expected {
            wrong.push(format!("{name} is {value} instead of {expected}"));
        }
    }
    Ok(wrong)
}

/// Two connections prepare a statement under the same name: a pooler without support for that gives both the same
/// session.
async fn check_prepared(mut one: PgConnection, options: &PgConnectOptions) -> Result<(), SessionError> {
    let mut other = PgConnection::connect_with(options).await?;
    let mut result = Ok(0);
    for _round in 0..2 {
        for connection in [&mut one, &mut other] {
            result = result.and(sqlx::query_scalar::<_, i32>("SELECT $1::int4").bind(1).fetch_one(connection).await);
        }
    }
    result.map(|_one| ()).map_err(|error| {
        let code = error.as_database_error().and_then(sqlx::error::DatabaseError::code);
        let is_mixed = code.is_some_and(|code| STATEMENTS_MIXED.contains(&&*code));
        if is_mixed { SessionError::StatementsMixed(error) } else { SessionError::Database(error) }
    })
}

/// Without a cache, statements must end with their transaction: nobody closes them.
async fn check_reset(connection: &mut PgConnection) -> Result<(), SessionError> {
    sqlx::raw_sql("BEGIN").execute(&mut *connection).await?;
    sqlx::query("SELECT $1::int4").bind(1).execute(&mut *connection).await?;
    sqlx::raw_sql("COMMIT").execute(&mut *connection).await?;
    let count = sqlx::raw_sql("SELECT count(*)::text FROM pg_prepared_statements").fetch_one(connection).await?;
    if count.try_get::<String, _>(0)? == "0" { Ok(()) } else { Err(SessionError::StatementsKept) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::net::TcpListener;

    #[tokio::test]
    async fn a_stop_does_not_wait_for_a_silent_database() {
        let silent = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let port = silent.local_addr().expect("an address").port();
        let options = PgConnectOptions::new_without_pgpass().host("127.0.0.1").port(port);
        let lifecycle = Lifecycle::default();

        let stop = async {
            let _connection = silent.accept().await.expect("the check connects");
            lifecycle.stopping.cancel();
            std::future::pending::<()>().await;
        };
        let check = tokio::time::timeout(Duration::from_secs(2), check_at_start(options, 100, lifecycle.clone()));

        tokio::select! {
            ended = check => ended.expect("it ends with the process"),
            () = stop => {}
        }
    }
}
