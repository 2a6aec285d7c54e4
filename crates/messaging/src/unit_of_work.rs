//! Unit of work: one transaction, the changes that it writes, and the messages that it publishes.
//!
//! It reads and locks rows through its connection, and collects messages with [`UnitOfWork::send`]. Changes are written,
//! messages are appended to the outbox, and the transaction is committed by one call. That call also passes the messages
//! to the relay of the process: there is no other way to commit, so no message waits for the end of its lease because
//! somebody forgot to pass it on.

use crate::envelope::Outgoing;
use crate::outbox::{self, InboxEntries, RelayHandle};
use domain::Timestamp;
use domain::saga::TimeScale;
use platform::postgres::{self, LockTimeout};
use sqlx::{PgConnection, PgPool, Postgres, Transaction};
use std::ops::{Deref, DerefMut};

/// What every use case needs that changes something and publishes it; cheap to clone.
#[derive(Debug, Clone)]
pub struct WriteContext {
    pub pool: PgPool,
    /// The relay of this process.
    pub relay: RelayHandle,
    /// Scales the timeouts of sagas.
    pub time_scale: TimeScale,
}

impl WriteContext {
    /// A context without a relay, for tests and tools: another process publishes the messages when their lease has ended.
    pub fn of(pool: PgPool) -> Self {
        Self { pool, relay: RelayHandle::default(), time_scale: TimeScale::REAL }
    }
}

/// What a slice has decided to write to its tables. Each slice has one such type, and one function that writes it.
pub trait Changes: Send + Sync {
    type Error: From<sqlx::Error> + Send;

    /// Writes everything. Called once, at the end of the transaction.
    fn save(&self, tx: &mut PgConnection, now: Timestamp) -> impl Future<Output = Result<(), Self::Error>> + Send;

    /// Runs after the commit, and not after a rollback: for metrics and logs.
    fn committed(self, _now: Timestamp)
    where
        Self: Sized,
    {
    }
}

/// No changes besides those that were written through the connection.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoChanges;

impl Changes for NoChanges {
    type Error = sqlx::Error;

    async fn save(&self, _tx: &mut PgConnection, _now: Timestamp) -> sqlx::Result<()> {
        Ok(())
    }
}

/// One transaction and its messages. It is rolled back when it is dropped without a commit.
#[derive(Debug)]
#[must_use = "it is rolled back unless it is committed"]
pub struct UnitOfWork {
    tx: Transaction<'static, Postgres>,
    relay: RelayHandle,
    outgoing: Vec<Outgoing>,
}

impl UnitOfWork {
    pub async fn begin(context: &WriteContext) -> sqlx::Result<Self> {
        Ok(Self::of(postgres::begin(&context.pool).await?, context))
    }

    pub async fn begin_with_lock_timeout(context: &WriteContext, lock_timeout: LockTimeout) -> sqlx::Result<Self> {
        Ok(Self::of(postgres::begin_with_lock_timeout(&context.pool, lock_timeout).await?, context))
    }

    fn of(tx: Transaction<'static, Postgres>, context: &WriteContext) -> Self {
        Self { tx, relay: context.relay.clone(), outgoing: Vec::new() }
    }

    /// Collects messages. They are published after the commit.
    pub fn send(&mut self, messages: impl IntoIterator<Item = Outgoing>) {
        self.outgoing.extend(messages);
    }

    pub async fn rollback(self) -> sqlx::Result<()> {
        self.tx.rollback().await
    }

    /// Writes `changes` and the messages, and commits.
    pub async fn commit<C: Changes>(self, changes: C, now: Timestamp) -> Result<(), C::Error> {
        let nothing = InboxEntries { consumer: "", ids: &[] };
        self.commit_processed(changes, nothing, now).await
    }

    /// Like [`Self::commit`], and marks the messages of `entries` as processed. Those that were marked before stay so.
    pub async fn commit_processed<C: Changes>(
        self,
        changes: C,
        entries: InboxEntries<'_>,
        now: Timestamp,
    ) -> Result<(), C::Error> {
        self.finish(changes, entries, now, |_inserted| true).await.map(drop)
    }

    /// Like [`Self::commit_processed`], but rolls back if any of the messages was processed before. Returns whether it
    /// was committed.
    pub async fn commit_if_unprocessed<C: Changes>(
        self,
        changes: C,
        entries: InboxEntries<'_>,
        now: Timestamp,
    ) -> Result<bool, C::Error> {
        self.finish(changes, entries, now, |inserted| inserted == entries.ids.len()).await
    }

    /// Commits if `is_complete` holds for the number of inbox rows that were inserted; otherwise rolls back.
    async fn finish<C: Changes>(
        mut self,
        changes: C,
        entries: InboxEntries<'_>,
        now: Timestamp,
        is_complete: impl FnOnce(usize) -> bool,
    ) -> Result<bool, C::Error> {
        changes.save(&mut self.tx, now).await?;
        let (leased, inserted) = outbox::append(&mut self.tx, self.outgoing, entries, &self.relay).await?;
        if !is_complete(inserted) {
            self.tx.rollback().await?;
            return Ok(false);
        }
        self.tx.commit().await?;
        self.relay.publish(leased);
        changes.committed(now);
        Ok(true)
    }
}

impl Deref for UnitOfWork {
    type Target = PgConnection;

    fn deref(&self) -> &PgConnection {
        &self.tx
    }
}

impl DerefMut for UnitOfWork {
    fn deref_mut(&mut self) -> &mut PgConnection {
        &mut self.tx
    }
}
