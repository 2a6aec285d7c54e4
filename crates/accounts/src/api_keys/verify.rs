//! Authenticates a request by its API key.

use crate::api_key::{ApiKeyId, KeyUse, StoredKey, parse};
use crate::principal::Principal;
use crate::store::api_keys as store;
use crate::{AccountError, Accounts, TokenError};
use domain::Timestamp;
use secrecy::SecretString;

impl Accounts {
    pub(crate) async fn verify_key(&self, presented: &SecretString, now: Timestamp) -> Result<Principal, AccountError> {
        let (id, presented) = parse(presented).ok_or(TokenError::Invalid)?;
        let key = self.find_key(id, now).await?.ok_or(TokenError::Invalid)?;
        // The secret first: a sender who does not know it must not learn that the key exists.
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

    pub(crate) async fn find_key(&self, id: ApiKeyId, now: Timestamp) -> Result<Option<StoredKey>, AccountError> {
        let load = async {
            let mut connection = platform::postgres::writer(&self.status_pool).await?;
            let key = store::use_key(&mut connection, id, now).await?;
            connection.commit().await?;
            Ok(key)
        };
        self.key_cache.get(id, now, load).await
    }
}
