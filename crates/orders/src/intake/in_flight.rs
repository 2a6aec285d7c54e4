//! The keys that this process is placing orders under right now. Whoever comes first with a key holds it; twins that
//! come meanwhile wait for the first one's answer, and the database never sees them.

use super::idempotency::{Fingerprint, IdempotencyKey};
use super::{Accepted, PlaceOrderError};
use domain::ids::UserId;
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::oneshot;

/// Requests that may wait for the answer of one key.
const TWINS_MAX: usize = 1_000;

#[derive(Debug, Default)]
pub(super) struct InFlight(Mutex<HashMap<KeyName, Vec<oneshot::Sender<Outcome>>>>);

/// Keys belong to their caller and route.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct KeyName {
    pub principal: UserId,
    pub route: &'static str,
    pub key: IdempotencyKey,
}

/// What came of the first one's request.
#[derive(Debug, Clone, Copy)]
pub(super) struct Outcome {
    fingerprint: Fingerprint,
    answer: Result<Accepted, PlaceOrderError>,
}

pub(super) type Answer = oneshot::Receiver<Outcome>;

pub(super) enum Turn {
    /// Nobody else is at it: place the order, and settle the claim.
    First(Claim, Answer),
    Twin(Answer),
    Crowded,
}

/// The right to place an order under a key. Settled, it answers everybody who waits; dropped, they learn that there
/// is no answer.
#[derive(Debug)]
pub(super) struct Claim {
    in_flight: Arc<InFlight>,
    name: KeyName,
    fingerprint: Fingerprint,
    held: bool,
}

impl InFlight {
    pub fn enter(self: &Arc<Self>, name: KeyName, fingerprint: Fingerprint) -> Turn {
        let (sender, answer) = oneshot::channel();
        match self.lock().entry(name) {
            Entry::Occupied(waiting) if waiting.get().len() > TWINS_MAX => Turn::Crowded,
            Entry::Occupied(mut waiting) => {
                waiting.get_mut().push(sender);
                Turn::Twin(answer)
            }
            Entry::Vacant(vacant) => {
                let name = vacant.key().clone();
                vacant.insert(vec![sender]);
                Turn::First(Claim { in_flight: Arc::clone(self), name, fingerprint, held: true }, answer)
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<KeyName, Vec<oneshot::Sender<Outcome>>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Claim {
    /// Lets go of the key if everybody who waited for it has gone away; true if so.
    pub fn let_go_if_abandoned(&mut self) -> bool {
        let mut all = self.in_flight.lock();
        let abandoned = all.get(&self.name).is_none_or(|waiting| waiting.iter().all(oneshot::Sender::is_closed));
        if abandoned {
            all.remove(&self.name);
            self.held = false;
        }
        abandoned
    }

    pub fn settle(mut self, answer: Result<Accepted, PlaceOrderError>) {
        let outcome = Outcome { fingerprint: self.fingerprint, answer };
        for waiting in self.let_go() {
            // Whoever went away meanwhile asks again under the same key.
            let _gone = waiting.send(outcome);
        }
    }

    fn let_go(&mut self) -> Vec<oneshot::Sender<Outcome>> {
        if !std::mem::take(&mut self.held) {
            return Vec::new();
        }
        self.in_flight.lock().remove(&self.name).unwrap_or_default()
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        self.let_go();
    }
}

impl Outcome {
    /// The answer to the request that was placed.
    pub fn to_first(self) -> Result<Accepted, PlaceOrderError> {
        self.answer
    }

    /// The answer to a request that waited meanwhile; none when it must be placed to know.
    pub fn to_twin(self, fingerprint: Fingerprint) -> Option<Result<Accepted, PlaceOrderError>> {
        match self.answer {
            Ok(accepted) if fingerprint == self.fingerprint => Some(Ok(Accepted { replayed: true, ..accepted })),
            Ok(_) => Some(Err(PlaceOrderError::KeyReused)),
            Err(PlaceOrderError::KeyReused | PlaceOrderError::Failed) if fingerprint != self.fingerprint => None,
            Err(error) => Some(Err(error)),
        }
    }
}
