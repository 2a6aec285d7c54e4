//! Authenticates a request by its API key.

use super::{ApiKeyId, SecretHash, secret};
use crate::account_status::AccountStatus;
use crate::store::api_keys as store;
use crate::{AccountError, Accounts, Principal, Scopes, TokenError};
use domain::Timestamp;
use domain::ids::UserId;
use secrecy::SecretString;

/// The key that a request was sent with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KeyUse {
    pub id: ApiKeyId,
    pub scopes: Scopes,
}

/// A key as it is stored, with the status of its owner.
#[derive(Debug, Clone, Copy)]
pub(crate) struct StoredKey {
    pub owner: UserId,
    pub status: AccountStatus,
    pub scopes: Scopes,
    pub secret_hash: SecretHash,
    pub previous: Option<(SecretHash, Timestamp)>,
    pub expires_at: Option<Timestamp>,
    pub is_revoked: bool,
}

impl StoredKey {
    fn is_valid(&self, now: Timestamp) -> bool {
        !self.is_revoked && !self.status.is_disabled && self.expires_at.is_none_or(|expires_at| now < expires_at)
    }

    fn has_secret(&self, presented: &SecretHash, now: Timestamp) -> bool {
        let is_previous = self.previous.is_some_and(|(hash, until)| now < until && hash.is(presented));
        self.secret_hash.is(presented) || is_previous
    }
}

impl Accounts {
    pub(crate) async fn verify_key(&self, presented: &SecretString, now: Timestamp) -> Result<Principal, AccountError> {
        let (id, presented) = secret::parse(presented).ok_or(TokenError::Invalid)?;
        let key = self.find_key(id, now).await?.ok_or(TokenError::Invalid)?;
        // The secret first: whoever does not know it must not learn that the key exists.
        if !key.has_secret(&presented, now) {
            return Err(TokenError::Invalid.into());
        }
        if !key.is_valid(now) {
            return Err(TokenError::Revoked.into());
        }
        Ok(Principal::of_key(key.owner, key.status, KeyUse { id, scopes: key.scopes }, key.expires_at))
    }

    /// Whether the key is still valid and its owner's role unchanged; for long-running requests.
    pub(crate) async fn is_key_current(
        &self,
        principal: Principal,
        key_use: KeyUse,
        now: Timestamp,
    ) -> Result<bool, AccountError> {
        let found = self.find_key(key_use.id, now).await?;
        Ok(found.is_some_and(|key| key.is_valid(now) && key.status.role == principal.role))
    }

    async fn find_key(&self, id: ApiKeyId, now: Timestamp) -> Result<Option<StoredKey>, AccountError> {
        let load = async { store::use_key(&mut *self.status_pool.acquire().await?, id, now).await };
        self.key_cache.get(id, now, load).await
    }
}
