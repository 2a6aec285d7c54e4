//! The clerk who keeps the books: takes all calls that wait and enters them in one transaction, so that a thousand
//! calls cost a few commits.

use super::books::{Authorization, Entry, EntryKind, Said};
use super::store;
use crate::gateway::{Authorize, LookUp, Movement};
use domain::ids::ProviderKey;
use sqlx::{PgConnection, PgPool};
use std::collections::{HashMap, HashSet};
use std::io::ErrorKind;
use std::time::Duration;
use tokio::sync::{mpsc, oneshot};

/// Calls that may wait before callers wait to wait.
const WAITING_MAX: usize = 1_024;
/// Calls that are entered together at most.
const GROUP_MAX: usize = 256;
/// How long a group's transaction may take. Longer than any statement waits for a lock: it ends only what hangs on a
/// connection whose other end is gone without a word, since all later calls wait behind it.
const GROUP_LIMIT: Duration = Duration::from_secs(4);

#[derive(Debug)]
pub(super) struct Request {
    pub work: Work,
    pub answer: oneshot::Sender<Said>,
}

#[derive(Debug)]
pub(super) enum Work {
    Authorize(Authorize),
    Capture(Movement),
    Refund(Movement),
    /// Named by the authorization's key.
    Void(ProviderKey),
    LookUp(ProviderKey),
}

/// What a group's work is about, as the books hold it.
#[derive(Debug, Default)]
pub(super) struct Pages {
    pub authorizations: HashMap<ProviderKey, Authorization>,
    pub entries: HashMap<ProviderKey, Entry>,
}

/// Starts a clerk; it goes home when the last who can ask it anything is gone.
#[expect(clippy::disallowed_methods, reason = "it ends with its callers, and a stop waits for them already")]
pub(super) fn start(pool: PgPool) -> mpsc::Sender<Request> {
    let (requests, waiting) = mpsc::channel(WAITING_MAX);
    tokio::spawn(keep_books(pool, waiting));
    requests
}

async fn keep_books(pool: PgPool, mut waiting: mpsc::Receiver<Request>) {
    let mut group = Vec::with_capacity(GROUP_MAX);
    while waiting.recv_many(&mut group, GROUP_MAX).await > 0 {
        enter(&pool, std::mem::take(&mut group)).await;
    }
}

async fn enter(pool: &PgPool, group: Vec<Request>) {
    let (work, callers): (Vec<_>, Vec<_>) = group.into_iter().map(|request| (request.work, request.answer)).unzip();
    let entered = tokio::time::timeout(GROUP_LIMIT, enter_all(pool, &work)).await;
    let entered = entered.unwrap_or_else(|_late| Err(sqlx::Error::Io(ErrorKind::TimedOut.into())));
    let said = entered.unwrap_or_else(|error| {
        tracing::warn!(%error, "The simulated gateway can't reach its books");
        vec![Said::Unavailable(format!("503 service unavailable: {error}")); work.len()]
    });
    for (caller, said) in callers.into_iter().zip(said) {
        // Nobody listens to it any more: that is an answer lost on its way.
        let _ = caller.send(said);
    }
}

async fn enter_all(pool: &PgPool, work: &[Work]) -> sqlx::Result<Vec<Said>> {
    // Nothing is built on the books alone: what the gateway has said counts once our own `settle` has stored it, and that
    // commit does wait. The log is written in order, so it can't reach the disk without the books that came before it. A
    // crash in between loses both, and the same call is made again under the same key.
    let mut tx = platform::postgres::begin_lazily(pool).await?;
    // Most calls authorize under a new key: what is said to those needs no look into the books.
    let mut seen = HashSet::new();
    let firsts = work.iter().map(|work| work.first_entry().filter(|(page, _)| seen.insert(page.key)));
    let firsts: Vec<_> = firsts.collect();
    let fresh: Vec<_> = firsts.iter().flatten().map(|(page, _)| page).collect();
    let opened = store::open(&mut tx, &fresh).await?;
    let said_at_once = |(page, said): (Authorization, Said)| opened.contains(&page.key).then_some(said);
    let said: Vec<_> = firsts.into_iter().map(|first| first.and_then(said_at_once)).collect();

    let rest: Vec<_> = work.iter().zip(&said).filter(|(_, said)| said.is_none()).map(|(work, _)| work).collect();
    let mut said_to_rest = enter_known(&mut tx, &rest).await?.into_iter();
    tx.commit().await?;
    Ok(said.into_iter().filter_map(|said| said.or_else(|| said_to_rest.next())).collect())
}

async fn enter_known(tx: &mut PgConnection, work: &[&Work]) -> sqlx::Result<Vec<Said>> {
    if work.is_empty() {
        return Ok(Vec::new());
    }
    let keys: Vec<_> = work.iter().flat_map(|work| work.authorization().into_iter().chain([work.key()])).collect();
    let mut pages = store::load(tx, &keys).await?;
    let said = work.iter().map(|work| pages.enter(work)).collect();
    let touched: HashSet<_> = work.iter().filter_map(|work| work.authorization()).collect();
    pages.authorizations.retain(|key, _| touched.contains(key));
    let moved: HashSet<_> = work.iter().filter(|work| work.moves_money()).map(|work| work.key()).collect();
    pages.entries.retain(|key, _| moved.contains(key));
    store::save(tx, &pages).await?;
    Ok(said)
}

impl Work {
    fn key(&self) -> ProviderKey {
        match self {
            Self::Authorize(ask) => ask.key,
            Self::Capture(ask) | Self::Refund(ask) => ask.key,
            Self::Void(key) | Self::LookUp(key) => *key,
        }
    }

    /// The authorization that it may change.
    fn authorization(&self) -> Option<ProviderKey> {
        match self {
            Self::Authorize(ask) => Some(ask.key),
            Self::Capture(ask) | Self::Refund(ask) => Some(ask.authorization),
            Self::Void(key) => Some(*key),
            Self::LookUp(_) => None,
        }
    }

    fn moves_money(&self) -> bool {
        matches!(self, Self::Capture(_) | Self::Refund(_))
    }

    /// What the books say after it, and what it is told, if it is the first to speak of its authorization.
    fn first_entry(&self) -> Option<(Authorization, Said)> {
        let mut page = Authorization::blank(self.key());
        let said = match self {
            Self::Authorize(ask) => page.authorize(ask),
            Self::Void(_) => page.void(),
            Self::Capture(_) | Self::Refund(_) | Self::LookUp(_) => return None,
        };
        Some((page, said))
    }
}

impl Pages {
    fn enter(&mut self, work: &Work) -> Said {
        match work {
            Work::Authorize(ask) => self.authorization(ask.key).authorize(ask),
            Work::Void(key) => self.authorization(*key).void(),
            Work::Capture(ask) => self.perform(EntryKind::Capture, ask),
            Work::Refund(ask) => self.perform(EntryKind::Refund, ask),
            Work::LookUp(key) => Said::Found(self.look_up(*key)),
        }
    }

    fn authorization(&mut self, key: ProviderKey) -> &mut Authorization {
        self.authorizations.entry(key).or_insert_with(|| Authorization::blank(key))
    }

    fn perform(&mut self, kind: EntryKind, ask: &Movement) -> Said {
        let entry = self.entries.entry(ask.key).or_insert_with(|| Entry::blank(kind, ask));
        entry.perform(self.authorizations.get_mut(&ask.authorization))
    }

    fn look_up(&self, key: ProviderKey) -> LookUp {
        let authorization = self.authorizations.get(&key).map(Authorization::look_up);
        authorization.or_else(|| self.entries.get(&key).map(Entry::look_up)).unwrap_or(LookUp::Absent)
    }
}
