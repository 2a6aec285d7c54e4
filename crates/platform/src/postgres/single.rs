//! Statements outside of a transaction.
//!
//! A pooler in transaction mode may run the two halves of a prepared statement, parsing and executing, in two sessions,
//! unless they are in one transaction. So with such a pooler every statement gets a transaction of its own. Directly
//! connected processes save its two round trips.

use super::Begin;
use sqlx::pool::PoolConnection;
use sqlx::{PgConnection, PgPool, Postgres, Transaction};
use std::ops::{Deref, DerefMut};
use std::sync::atomic::{AtomicBool, Ordering};

/// Whether every statement needs a transaction. A process has one database, so this is set once, with its first pool.
static NEEDS_TRANSACTION: AtomicBool = AtomicBool::new(false);

pub(super) fn require_transactions(required: bool) {
    NEEDS_TRANSACTION.store(required, Ordering::Relaxed);
}

/// A connection for statements that only read. Nothing must be committed.
pub async fn reader(pool: &PgPool) -> Result<Single, sqlx::Error> {
    Single::begin(pool, "BEGIN READ ONLY").await
}

/// A connection for a statement that writes. What it wrote holds after [`Single::commit`].
pub async fn writer(pool: &PgPool) -> Result<Single, sqlx::Error> {
    Single::begin(pool, "BEGIN").await
}

/// A connection for single statements: in a transaction where a pooler needs one, otherwise without.
#[derive(Debug)]
pub struct Single(Inner);

#[derive(Debug)]
enum Inner {
    Direct(PoolConnection<Postgres>),
    Pooled(Transaction<'static, Postgres>),
}

impl Single {
    #[expect(clippy::disallowed_methods, reason = "all other code calls this")]
    async fn begin(pool: &PgPool, begin_statement: &'static str) -> Result<Self, sqlx::Error> {
        if !NEEDS_TRANSACTION.load(Ordering::Relaxed) {
            return Ok(Self(Inner::Direct(pool.acquire().await?)));
        }
        let pool = pool.clone();
        let begun = Begin(Some(Box::pin(async move { pool.begin_with(begin_statement).await }))).await?;
        Ok(Self(Inner::Pooled(begun)))
    }

    pub async fn commit(self) -> Result<(), sqlx::Error> {
        match self.0 {
            Inner::Direct(_committed) => Ok(()),
            Inner::Pooled(tx) => tx.commit().await,
        }
    }
}

impl Deref for Single {
    type Target = PgConnection;

    fn deref(&self) -> &PgConnection {
        match &self.0 {
            Inner::Direct(connection) => connection,
            Inner::Pooled(tx) => tx,
        }
    }
}

impl DerefMut for Single {
    fn deref_mut(&mut self) -> &mut PgConnection {
        match &mut self.0 {
            Inner::Direct(connection) => connection,
            Inner::Pooled(tx) => tx,
        }
    }
}
