//! Whether an account still stands as its tokens say; asked by every request, so kept in process for a moment.
//!
//! A change made by this process counts at once, one made by another after [`FRESH`] at the latest.

use crate::{AccountError, Role, store};
use chrono::TimeDelta;
use domain::Timestamp;
use domain::ids::UserId;
use sqlx::PgPool;
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

const FRESH: TimeDelta = TimeDelta::seconds(5);
/// From this age on one request looks again while the others still go by what is known: a busy account must not send
/// all its requests to the database at the same moment.
const RENEWED_AFTER: TimeDelta = TimeDelta::seconds(3);
/// About 1 MB; when it is full, what is no longer fresh goes, and if all is fresh, everything.
const KEPT_MAX: usize = 10_000;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Standing {
    pub role: Role,
    pub token_version: i32,
    pub is_disabled: bool,
}

#[derive(Debug, Default)]
pub(crate) struct Standings(Mutex<Kept>);

#[derive(Debug, Default)]
struct Kept {
    by_user: HashMap<UserId, Entry>,
    /// Raised by every [`Standings::forget`], so that a look-up that began before it is not kept.
    forgettings: u64,
}

#[derive(Debug)]
struct Entry {
    standing: Standing,
    looked_up_at: Timestamp,
    is_being_renewed: bool,
}

impl Standings {
    pub async fn of(&self, pool: &PgPool, user: UserId, now: Timestamp) -> Result<Option<Standing>, AccountError> {
        let forgettings_before = match self.kept(user, now) {
            Ok(standing) => return Ok(Some(standing)),
            Err(forgettings) => forgettings,
        };
        let found = store::find_standing(&mut *pool.acquire().await?, user).await?;
        match found {
            Some(standing) => self.keep(user, standing, now, forgettings_before),
            None => self.forget(user),
        }
        Ok(found)
    }

    pub fn forget(&self, user: UserId) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.by_user.remove(&user);
        kept.forgettings += 1;
    }

    /// What is known, or the number of forgettings before the look-up that the caller is to make.
    fn kept(&self, user: UserId, now: Timestamp) -> Result<Standing, u64> {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let forgettings = kept.forgettings;
        let entry = kept.by_user.get_mut(&user).filter(|entry| entry.is_fresh(now)).ok_or(forgettings)?;
        if entry.age(now) >= RENEWED_AFTER && !entry.is_being_renewed {
            entry.is_being_renewed = true;
            return Err(forgettings);
        }
        Ok(entry.standing)
    }

    fn keep(&self, user: UserId, standing: Standing, now: Timestamp, forgettings_before: u64) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.forgettings != forgettings_before {
            return;
        }
        if kept.by_user.len() >= KEPT_MAX {
            kept.by_user.retain(|_, entry| entry.is_fresh(now));
        }
        if kept.by_user.len() >= KEPT_MAX {
            kept.by_user.clear();
        }
        kept.by_user.insert(user, Entry { standing, looked_up_at: now, is_being_renewed: false });
    }
}

impl Entry {
    fn is_fresh(&self, now: Timestamp) -> bool {
        self.age(now) < FRESH
    }

    /// The clock may step back.
    fn age(&self, now: Timestamp) -> TimeDelta {
        (now - self.looked_up_at).abs()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    const CUSTOMER: Standing = Standing { role: Role::Customer, token_version: 0, is_disabled: false };

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_timestamp(1_800_000_000 + seconds, 0).expect("a time")
    }

    #[test]
    fn one_request_renews_what_the_others_still_go_by_until_it_is_stale() {
        let (standings, user) = (Standings::default(), UserId::from_uuid(Uuid::nil()));
        assert_eq!(standings.kept(user, at(0)), Err(0));
        standings.keep(user, CUSTOMER, at(0), 0);

        assert_eq!(standings.kept(user, at(2)), Ok(CUSTOMER));
        assert_eq!(standings.kept(user, at(3)), Err(0));
        assert_eq!(standings.kept(user, at(4)), Ok(CUSTOMER));
        assert_eq!(standings.kept(user, at(5)), Err(0));
    }

    #[test]
    fn a_look_up_that_began_before_a_change_is_not_kept() {
        let (standings, user) = (Standings::default(), UserId::from_uuid(Uuid::nil()));
        let Err(before) = standings.kept(user, at(0)) else { panic!("known") };

        standings.forget(user);
        standings.keep(user, CUSTOMER, at(0), before);

        assert_eq!(standings.kept(user, at(0)), Err(1));
    }
}
