//! Caches in the process what decides whether a credential is accepted: every request is compared with it.
//!
//! A change made by this process takes effect at once, a change made by another process after [`FRESH_FOR`] at the
//! latest.

use crate::AccountError;
use chrono::TimeDelta;
use domain::Timestamp;
use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Mutex, MutexGuard, PoisonError};

const FRESH_FOR: TimeDelta = TimeDelta::seconds(5);
/// From this age on one request queries the database again, while the others still use the cached status: a busy
/// account must not send all its requests to the database at the same moment.
const REFRESH_AFTER: TimeDelta = TimeDelta::seconds(3);
/// About 1 MB. A full cache evicts the entries that are no longer fresh, and if all are fresh, every entry.
const ENTRIES_MAX: usize = 10_000;

#[derive(Debug)]
pub(crate) struct StatusCache<K, V>(Mutex<Entries<K, V>>);

#[derive(Debug)]
struct Entries<K, V> {
    by_key: HashMap<K, Entry<V>>,
    /// Incremented by every invalidation, so that the result of a query that started before it is not cached.
    invalidations: u64,
}

#[derive(Debug)]
struct Entry<V> {
    status: V,
    read_at: Timestamp,
    is_being_refreshed: bool,
}

impl<K: Copy + Eq + Hash, V: Copy> StatusCache<K, V> {
    /// The status of `key`, from the cache or from `load`; `None` when there is none.
    pub async fn get(
        &self,
        key: K,
        now: Timestamp,
        load: impl Future<Output = Result<Option<V>, AccountError>>,
    ) -> Result<Option<V>, AccountError> {
        let invalidations_before = match self.cached(key, now) {
            Ok(status) => return Ok(Some(status)),
            Err(invalidations) => invalidations,
        };
        let found = load.await?;
        match found {
            Some(status) => self.insert(key, status, now, invalidations_before),
            None => self.invalidate_if(|cached| *cached == key),
        }
        Ok(found)
    }

    pub fn invalidate_if(&self, is_changed: impl Fn(&K) -> bool) {
        let mut entries = self.lock();
        entries.by_key.retain(|key, _| !is_changed(key));
        entries.invalidations += 1;
    }

    /// The cached status, or the number of invalidations before the query that the caller has to make.
    fn cached(&self, key: K, now: Timestamp) -> Result<V, u64> {
        let mut entries = self.lock();
        let invalidations = entries.invalidations;
        let entry = entries.by_key.get_mut(&key).filter(|entry| entry.is_fresh(now)).ok_or(invalidations)?;
        if entry.age(now) >= REFRESH_AFTER && !entry.is_being_refreshed {
            entry.is_being_refreshed = true;
            return Err(invalidations);
        }
        Ok(entry.status)
    }

    fn insert(&self, key: K, status: V, now: Timestamp, invalidations_before: u64) {
        let mut entries = self.lock();
        if entries.invalidations != invalidations_before {
            return;
        }
        if entries.by_key.len() >= ENTRIES_MAX {
            entries.by_key.retain(|_, entry| entry.is_fresh(now));
        }
        if entries.by_key.len() >= ENTRIES_MAX {
            entries.by_key.clear();
        }
        entries.by_key.insert(key, Entry { status, read_at: now, is_being_refreshed: false });
    }

    fn lock(&self) -> MutexGuard<'_, Entries<K, V>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<K, V> Default for StatusCache<K, V> {
    fn default() -> Self {
        Self(Mutex::new(Entries { by_key: HashMap::new(), invalidations: 0 }))
    }
}

impl<V> Entry<V> {
    fn is_fresh(&self, now: Timestamp) -> bool {
        self.age(now) < FRESH_FOR
    }

    /// Absolute, because the clock may step back.
    fn age(&self, now: Timestamp) -> TimeDelta {
        (now - self.read_at).abs()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_timestamp(1_800_000_000 + seconds, 0).expect("a time")
    }

    #[test]
    fn one_request_refreshes_an_entry_while_the_others_use_it_until_it_is_stale() {
        let cache = StatusCache::default();
        assert_eq!(cache.cached("user", at(0)), Err(0));
        cache.insert("user", "active", at(0), 0);

        assert_eq!(cache.cached("user", at(2)), Ok("active"));
        assert_eq!(cache.cached("user", at(3)), Err(0));
        assert_eq!(cache.cached("user", at(4)), Ok("active"));
        assert_eq!(cache.cached("user", at(5)), Err(0));
    }

    #[test]
    fn the_result_of_a_query_that_started_before_a_change_is_not_cached() {
        let cache = StatusCache::default();
        let Err(before) = cache.cached("user", at(0)) else { panic!("it is cached") };

        cache.invalidate_if(|_| true);
        cache.insert("user", "active", at(0), before);

        assert_eq!(cache.cached("user", at(0)), Err(1));
    }
}
