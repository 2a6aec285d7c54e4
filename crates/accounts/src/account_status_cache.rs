//! Caches the status of accounts in the process: every request compares its access token with it.
//!
//! A change made by this process takes effect at once, a change made by another process after [`FRESH_FOR`] at the
//! latest.

use crate::account_status::AccountStatus;
use crate::{AccountError, SessionId, store};
use chrono::TimeDelta;
use domain::Timestamp;
use domain::ids::UserId;
use sqlx::PgPool;
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

const FRESH_FOR: TimeDelta = TimeDelta::seconds(5);
/// From this age on one request queries the database again, while the others still use the cached status: a busy
/// account must not send all its requests to the database at the same moment.
const REFRESH_AFTER: TimeDelta = TimeDelta::seconds(3);
/// About 1 MB. A full cache evicts the entries that are no longer fresh, and if all are fresh, every entry.
const ENTRIES_MAX: usize = 10_000;

#[derive(Debug, Default)]
pub(crate) struct AccountStatusCache(Mutex<Entries>);

#[derive(Debug, Default)]
struct Entries {
    by_session: HashMap<(UserId, Option<SessionId>), Entry>,
    /// Incremented by every [`AccountStatusCache::invalidate`], so that the result of a query that started before it is
    /// not cached.
    invalidations: u64,
}

#[derive(Debug)]
struct Entry {
    status: AccountStatus,
    read_at: Timestamp,
    is_being_refreshed: bool,
}

impl AccountStatusCache {
    /// The status of `user` and `session`, from the cache or from the database; `None` when there is no such account.
    pub async fn get(
        &self,
        pool: &PgPool,
        user: UserId,
        session: Option<SessionId>,
        now: Timestamp,
    ) -> Result<Option<AccountStatus>, AccountError> {
        let invalidations_before = match self.cached((user, session), now) {
            Ok(status) => return Ok(Some(status)),
            Err(invalidations) => invalidations,
        };
        let found = store::find_account_status(&mut *platform::postgres::reader(pool).await?, user, session).await?;
        match found {
            Some(status) => self.insert((user, session), status, now, invalidations_before),
            None => self.invalidate(user),
        }
        Ok(found)
    }

    pub fn invalidate(&self, user: UserId) {
        let mut entries = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        entries.by_session.retain(|(owner, _), _| *owner != user);
        entries.invalidations += 1;
    }

    /// The cached status, or the number of invalidations before the query that the caller has to make.
    fn cached(&self, key: (UserId, Option<SessionId>), now: Timestamp) -> Result<AccountStatus, u64> {
        let mut entries = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let invalidations = entries.invalidations;
        let entry = entries.by_session.get_mut(&key).filter(|entry| entry.is_fresh(now)).ok_or(invalidations)?;
        if entry.age(now) >= REFRESH_AFTER && !entry.is_being_refreshed {
            entry.is_being_refreshed = true;
            return Err(invalidations);
        }
        Ok(entry.status)
    }

    fn insert(
        &self,
        key: (UserId, Option<SessionId>),
        status: AccountStatus,
        now: Timestamp,
        invalidations_before: u64,
    ) {
        let mut entries = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if entries.invalidations != invalidations_before {
            return;
        }
        if entries.by_session.len() >= ENTRIES_MAX {
            entries.by_session.retain(|_, entry| entry.is_fresh(now));
        }
        if entries.by_session.len() >= ENTRIES_MAX {
            entries.by_session.clear();
        }
        entries.by_session.insert(key, Entry { status, read_at: now, is_being_refreshed: false });
    }
}

impl Entry {
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
    use crate::Role;
    use uuid::Uuid;

    const CUSTOMER: AccountStatus = AccountStatus {
        role: Role::Customer,
        token_version: 0,
        is_disabled: false,
        must_change_password: false,
        session_ended: false,
    };

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_timestamp(1_800_000_000 + seconds, 0).expect("a time")
    }

    #[test]
    fn one_request_refreshes_an_entry_while_the_others_use_it_until_it_is_stale() {
        let cache = AccountStatusCache::default();
        let key = (UserId::from_uuid(Uuid::nil()), None);
        assert_eq!(cache.cached(key, at(0)), Err(0));
        cache.insert(key, CUSTOMER, at(0), 0);

        assert_eq!(cache.cached(key, at(2)), Ok(CUSTOMER));
        assert_eq!(cache.cached(key, at(3)), Err(0));
        assert_eq!(cache.cached(key, at(4)), Ok(CUSTOMER));
        assert_eq!(cache.cached(key, at(5)), Err(0));
    }

    #[test]
    fn the_result_of_a_query_that_started_before_a_change_is_not_cached() {
        let cache = AccountStatusCache::default();
        let key = (UserId::from_uuid(Uuid::nil()), None);
        let Err(before) = cache.cached(key, at(0)) else { panic!("it is cached") };

        cache.invalidate(key.0);
        cache.insert(key, CUSTOMER, at(0), before);

        assert_eq!(cache.cached(key, at(0)), Err(1));
    }
}
