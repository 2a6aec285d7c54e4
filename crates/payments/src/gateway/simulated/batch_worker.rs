//! The batch worker of the simulated gateway. It receives all queued calls and stores their effects in one transaction,
//! so that a thousand calls cost a few commits.

use super::ledger::{Authorization, Entry, EntryKind, GatewayResponse, LedgerSnapshot};
use super::store;
use crate::gateway::{Authorize, LookUp, Movement};
use domain::Timestamp;
use domain::ids::ProviderKey;
use sqlx::{PgConnection, PgPool};
use std::collections::HashSet;
use std::io::ErrorKind;
use std::time::Duration;
use tokio::sync::{mpsc, oneshot};

/// Capacity of the queue of calls. When it is full, senders wait.
const QUEUED_MAX: usize = 1_024;
/// Maximum number of calls in one transaction.
const BATCH_MAX: usize = 256;
/// Timeout of a batch's transaction. It is longer than the lock timeout of any statement, so it only ends a batch whose
/// connection is dead without having been closed. All later calls queue behind the batch.
const BATCH_TIMEOUT: Duration = Duration::from_secs(4);

/// A queued call, and where its response goes.
#[derive(Debug)]
pub(super) struct Request {
    pub call: GatewayCall,
    pub reply_to: oneshot::Sender<GatewayResponse>,
}

#[derive(Debug)]
pub(super) enum GatewayCall {
    Authorize(Authorize),
    Capture(Movement),
    Refund(Movement),
    Reauthorize(Movement),
    /// With the key of the authorization.
    Void(ProviderKey),
    LookUp(ProviderKey),
}

/// Spawns the batch worker. It stops when the last sender is dropped.
#[expect(clippy::disallowed_methods, reason = "it ends with its callers, and shutdown already waits for those")]
pub(super) fn start(pool: PgPool) -> mpsc::Sender<Request> {
    let (requests, queue) = mpsc::channel(QUEUED_MAX);
    tokio::spawn(run(pool, queue));
    requests
}

async fn run(pool: PgPool, mut queue: mpsc::Receiver<Request>) {
    let mut batch = Vec::with_capacity(BATCH_MAX);
    while queue.recv_many(&mut batch, BATCH_MAX).await > 0 {
        process(&pool, std::mem::take(&mut batch)).await;
    }
}

async fn process(pool: &PgPool, batch: Vec<Request>) {
    let (calls, callers): (Vec<_>, Vec<_>) = batch.into_iter().map(|request| (request.call, request.reply_to)).unzip();
    let processed = tokio::time::timeout(BATCH_TIMEOUT, process_calls(pool, &calls)).await;
    let processed = processed.unwrap_or_else(|_elapsed| Err(sqlx::Error::Io(ErrorKind::TimedOut.into())));
    let responses = processed.unwrap_or_else(|error| {
        tracing::warn!(%error, "The simulated gateway can't write its ledger");
        vec![GatewayResponse::Unavailable(format!("503 service unavailable: {error}")); calls.len()]
    });
    for (caller, response) in callers.into_iter().zip(responses) {
        // An error means that the caller has timed out: its response is lost, as it can be with a real gateway.
        let _ = caller.send(response);
    }
}

async fn process_calls(pool: &PgPool, calls: &[GatewayCall]) -> sqlx::Result<Vec<GatewayResponse>> {
    // An asynchronous commit is safe here: the simulator's ledger only matters once `settle` has stored the response,
    // and that commit is synchronous. The WAL is ordered, so that commit flushes this one too. If a crash loses both,
    // the call is repeated under the same key.
    let (mut tx, now) = (platform::postgres::begin_with_async_commit(pool).await?, platform::clock::now());
    // Most calls authorize under a new key. Those are inserted and answered without reading the ledger.
    let mut seen = HashSet::new();
    let new = calls.iter().map(|call| call.as_first(now).filter(|(authorization, _)| seen.insert(authorization.key)));
    let new: Vec<_> = new.collect();
    let authorizations: Vec<_> = new.iter().flatten().map(|(authorization, _)| authorization).collect();
    let inserted = store::insert_new(&mut tx, &authorizations).await?;
    let if_inserted = |(authorization, response): (Authorization, GatewayResponse)| {
        inserted.contains(&authorization.key).then_some(response)
    };
    let responses: Vec<_> = new.into_iter().map(|first| first.and_then(if_inserted)).collect();

    let rest = calls.iter().zip(&responses).filter(|(_, response)| response.is_none());
    let rest: Vec<_> = rest.map(|(call, _)| call).collect();
    let mut responses_of_rest = process_existing(&mut tx, &rest, now).await?.into_iter();
    tx.commit().await?;
    Ok(responses.into_iter().filter_map(|response| response.or_else(|| responses_of_rest.next())).collect())
}

/// Processes calls whose authorization may be in the ledger already.
async fn process_existing(
    tx: &mut PgConnection,
    calls: &[&GatewayCall],
    now: Timestamp,
) -> sqlx::Result<Vec<GatewayResponse>> {
    if calls.is_empty() {
        return Ok(Vec::new());
    }
    let keys: Vec<_> = calls.iter().flat_map(|call| call.authorization().into_iter().chain([call.key()])).collect();
    let mut snapshot = store::load(tx, &keys).await?;
    let responses = calls.iter().map(|call| snapshot.process(call, now)).collect();
    let changed: HashSet<_> = calls.iter().filter_map(|call| call.authorization()).collect();
    snapshot.authorizations.retain(|key, _| changed.contains(key));
    let moved: HashSet<_> = calls.iter().filter(|call| call.has_entry()).map(|call| call.key()).collect();
    snapshot.entries.retain(|key, _| moved.contains(key));
    store::save(tx, &snapshot).await?;
    Ok(responses)
}

impl GatewayCall {
    fn key(&self) -> ProviderKey {
        match self {
            Self::Authorize(request) => request.key,
            Self::Capture(request) | Self::Refund(request) | Self::Reauthorize(request) => request.key,
            Self::Void(key) | Self::LookUp(key) => *key,
        }
    }

    /// The authorization that the call may change.
    fn authorization(&self) -> Option<ProviderKey> {
        match self {
            Self::Authorize(request) => Some(request.key),
            Self::Capture(request) | Self::Refund(request) | Self::Reauthorize(request) => Some(request.authorization),
            Self::Void(key) => Some(*key),
            Self::LookUp(_) => None,
        }
    }

    /// Whether it has an entry of its own.
    fn has_entry(&self) -> bool {
        matches!(self, Self::Capture(_) | Self::Refund(_) | Self::Reauthorize(_))
    }

    /// The new authorization and the response, if this is the first call that names its authorization. `None` for calls
    /// that create no authorization.
    fn as_first(&self, now: Timestamp) -> Option<(Authorization, GatewayResponse)> {
        let mut authorization = Authorization::new(self.key());
        let response = match self {
            Self::Authorize(request) => authorization.authorize(request),
            Self::Void(_) => authorization.void(now),
            Self::Capture(_) | Self::Refund(_) | Self::Reauthorize(_) | Self::LookUp(_) => return None,
        };
        Some((authorization, response))
    }
}

impl LedgerSnapshot {
    fn process(&mut self, call: &GatewayCall, now: Timestamp) -> GatewayResponse {
        match call {
            GatewayCall::Authorize(request) => self.authorization(request.key).authorize(request),
            GatewayCall::Void(key) => self.authorization(*key).void(now),
            GatewayCall::Capture(request) => self.perform(EntryKind::Capture, request, now),
            GatewayCall::Refund(request) => self.perform(EntryKind::Refund, request, now),
            GatewayCall::Reauthorize(request) => self.perform(EntryKind::Reauthorize, request, now),
            GatewayCall::LookUp(key) => GatewayResponse::Found(self.look_up(*key)),
        }
    }

    fn authorization(&mut self, key: ProviderKey) -> &mut Authorization {
        self.authorizations.entry(key).or_insert_with(|| Authorization::new(key))
    }

    fn perform(&mut self, kind: EntryKind, request: &Movement, now: Timestamp) -> GatewayResponse {
        let entry = self.entries.entry(request.key).or_insert_with(|| Entry::new(kind, request));
        entry.perform(self.authorizations.get_mut(&request.authorization), now)
    }

    fn look_up(&self, key: ProviderKey) -> LookUp {
        let authorization = self.authorizations.get(&key).map(Authorization::look_up);
        authorization.or_else(|| self.entries.get(&key).map(Entry::look_up)).unwrap_or(LookUp::Absent)
    }
}
