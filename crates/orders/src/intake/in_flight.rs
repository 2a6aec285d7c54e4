//! The idempotency keys under which this process is placing orders at the moment. The first request with a key is the
//! leader. Concurrent duplicates are followers: they wait for the leader's result and never reach the database.

use crate::error::PlaceOrderError;
use crate::idempotency_key::{Fingerprint, IdempotencyKey};
use crate::new_order::Accepted;
use domain::ids::PrincipalId;
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::oneshot;

/// The most followers per key.
const FOLLOWERS_MAX: usize = 1_000;

#[derive(Debug, Default)]
pub(super) struct InFlight(Mutex<HashMap<KeyName, Vec<oneshot::Sender<Outcome>>>>);

/// A key is unique per caller and route.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct KeyName {
    pub principal: PrincipalId,
    pub route: &'static str,
    pub key: IdempotencyKey,
}

/// The result of the leader's request.
#[derive(Debug, Clone, Copy)]
pub(super) struct Outcome {
    fingerprint: Fingerprint,
    result: Result<Accepted, PlaceOrderError>,
}

pub(super) type OutcomeReceiver = oneshot::Receiver<Outcome>;

pub(super) enum Admission {
    /// No other request is using the key: place the order, and complete the guard.
    Leader(KeyGuard, OutcomeReceiver),
    Follower(OutcomeReceiver),
    /// The key has [`FOLLOWERS_MAX`] followers.
    Full,
}

/// The exclusive right of the leader to place an order under a key. Completing it sends the result to every request
/// that waits; after a drop they fail without a result.
#[derive(Debug)]
pub(super) struct KeyGuard {
    in_flight: Arc<InFlight>,
    name: KeyName,
    fingerprint: Fingerprint,
    held: bool,
}

impl InFlight {
    pub fn admit(self: &Arc<Self>, name: KeyName, fingerprint: Fingerprint) -> Admission {
        let (sender, receiver) = oneshot::channel();
        match self.lock().entry(name) {
            Entry::Occupied(waiting) if waiting.get().len() > FOLLOWERS_MAX => Admission::Full,
            Entry::Occupied(mut waiting) => {
                waiting.get_mut().push(sender);
                Admission::Follower(receiver)
            }
            Entry::Vacant(vacant) => {
                let name = vacant.key().clone();
                vacant.insert(vec![sender]);
                let guard = KeyGuard { in_flight: Arc::clone(self), name, fingerprint, held: true };
                Admission::Leader(guard, receiver)
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<KeyName, Vec<oneshot::Sender<Outcome>>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl KeyGuard {
    /// Releases the key if all clients that waited for it have disconnected; returns whether it did.
    pub fn release_if_abandoned(&mut self) -> bool {
        let mut all = self.in_flight.lock();
        let abandoned = all.get(&self.name).is_none_or(|waiting| waiting.iter().all(oneshot::Sender::is_closed));
        if abandoned {
            all.remove(&self.name);
            self.held = false;
        }
        abandoned
    }

    pub fn complete(mut self, result: Result<Accepted, PlaceOrderError>) {
        let outcome = Outcome { fingerprint: self.fingerprint, result };
        for waiting in self.release() {
            // A client that has disconnected can retry with the same key.
            let _disconnected = waiting.send(outcome);
        }
    }

    fn release(&mut self) -> Vec<oneshot::Sender<Outcome>> {
        if !std::mem::take(&mut self.held) {
            return Vec::new();
        }
        self.in_flight.lock().remove(&self.name).unwrap_or_default()
    }
}

impl Drop for KeyGuard {
    fn drop(&mut self) {
        self.release();
    }
}

impl Outcome {
    /// The result for the leader.
    pub fn for_leader(self) -> Result<Accepted, PlaceOrderError> {
        self.result
    }

    /// The result for a follower; `None` when the follower has to be placed itself, because the leader's failure does
    /// not apply to a different request.
    pub fn for_follower(self, fingerprint: Fingerprint) -> Option<Result<Accepted, PlaceOrderError>> {
        match self.result {
            Ok(accepted) if fingerprint == self.fingerprint => Some(Ok(Accepted { replayed: true, ..accepted })),
            Ok(_) => Some(Err(PlaceOrderError::KeyReused)),
            Err(PlaceOrderError::KeyReused | PlaceOrderError::ExternalRefTaken { .. } | PlaceOrderError::Failed)
                if fingerprint != self.fingerprint =>
            {
                None
            }
            Err(error) => Some(Err(error)),
        }
    }
}
