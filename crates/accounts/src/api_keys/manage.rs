//! Use cases: create, list, rotate and revoke API keys.

use crate::api_key::{ApiKeyId, ApiKeyView, IssuedKey, KeyManager, NewApiKey, generate};
use crate::store::api_keys as store;
use crate::{AccountError, Accounts, Scopes};
use chrono::TimeDelta;
use domain::Timestamp;
use domain::ids::UserId;
use platform::audit::{AuditRecord, AuditSink};
use serde_json::{Value, json};
use uuid::Uuid;

/// How long at the most the secret before a rotation stays valid.
pub const OVERLAP_MAX: TimeDelta = TimeDelta::days(7);

impl Accounts {
    pub async fn create_key(
        &self,
        new: NewApiKey,
        by: KeyManager,
        now: Timestamp,
        audit: &impl AuditSink,
    ) -> Result<IssuedKey, AccountError> {
        let id = ApiKeyId::from_uuid(Uuid::now_v7());
        let (secret, secret_hash) = generate(id);
        let mut tx = platform::postgres::begin(&self.pool).await?;
        store::insert(&mut tx, id, &new, &secret_hash, by.id(), now).await?;
        let after = json!({ "owner": new.owner, "name": new.name, "scopes": names(new.scopes) });
        audit.record(&mut tx, record("api_key.create", id, None, Some(after))).await?;
        let key = store::find(&mut tx, id).await?.ok_or(AccountError::UnknownKey)?;
        tx.commit().await?;
        Ok(IssuedKey { key, secret })
    }

    /// The keys of `owner`, the newest first, revoked and expired ones included, at most 100.
    pub async fn list_keys(&self, owner: UserId) -> Result<Vec<ApiKeyView>, AccountError> {
        store::list(&mut *platform::postgres::reader(&self.pool).await?, owner).await
    }

    /// Gives the key another secret. The one before stays valid for `overlap`, so that it can be replaced everywhere.
    pub async fn rotate_key(
        &self,
        id: ApiKeyId,
        overlap: TimeDelta,
        by: KeyManager,
        now: Timestamp,
        audit: &impl AuditSink,
    ) -> Result<IssuedKey, AccountError> {
        let (secret, secret_hash) = generate(id);
        let mut tx = platform::postgres::begin(&self.pool).await?;
        if !store::rotate(&mut tx, id, by.owner(), &secret_hash, now + overlap.min(OVERLAP_MAX), now).await? {
            return Err(AccountError::UnknownKey);
        }
        audit.record(&mut tx, record("api_key.rotate", id, None, None)).await?;
        let key = store::find(&mut tx, id).await?.ok_or(AccountError::UnknownKey)?;
        tx.commit().await?;
        self.key_cache.invalidate_if(|cached| *cached == id);
        Ok(IssuedKey { key, secret })
    }

    /// The key is refused from now on: at once by this process, within five seconds by the others. Repeating it changes
    /// nothing.
    pub async fn revoke_key(
        &self,
        id: ApiKeyId,
        by: KeyManager,
        now: Timestamp,
        audit: &impl AuditSink,
    ) -> Result<(), AccountError> {
        let mut tx = platform::postgres::begin(&self.pool).await?;
        match store::revoke(&mut tx, id, by.owner(), now).await? {
            store::Revoked::Unknown => return Err(AccountError::UnknownKey),
            store::Revoked::Before => return Ok(()),
            store::Revoked::Now => {}
        }
        audit.record(&mut tx, record("api_key.revoke", id, None, None)).await?;
        tx.commit().await?;
        self.key_cache.invalidate_if(|cached| *cached == id);
        Ok(())
    }
}

pub(crate) fn names(scopes: Scopes) -> Vec<&'static str> {
    scopes.iter().map(<&str>::from).collect()
}

fn record(action: &'static str, id: ApiKeyId, before: Option<Value>, after: Option<Value>) -> AuditRecord {
    AuditRecord { action, subject: format!("api_key:{id}"), reason: None, before, after }
}
