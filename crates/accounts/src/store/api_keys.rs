//! SQL of the table `api_keys`.

use crate::account_status::AccountStatus;
use crate::api_key::{ApiKeyId, ApiKeyView, NewApiKey, SecretHash, StoredKey};
use crate::{AccountError, Scope, Scopes};
use domain::Timestamp;
use domain::ids::UserId;
use platform::consistency::{Inconsistency, StoredRow};
use sqlx::PgConnection;
use uuid::Uuid;

const TABLE: &str = "accounts.api_keys";
const LISTED_MAX: i64 = 100;

/// What a revocation did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Revoked {
    Now,
    Before,
    Unknown,
}

struct Row {
    id: Uuid,
    owner_id: Uuid,
    name: String,
    scopes: Vec<String>,
    expires_at: Option<Timestamp>,
    created_at: Timestamp,
    rotated_at: Option<Timestamp>,
    last_used_at: Option<Timestamp>,
    revoked_at: Option<Timestamp>,
}

pub(crate) async fn insert(
    tx: &mut PgConnection,
    id: ApiKeyId,
    new: &NewApiKey,
    secret_hash: &SecretHash,
    created_by: UserId,
    now: Timestamp,
) -> sqlx::Result<()> {
    let owner_id = new.owner.as_uuid();
    let scopes: Vec<String> = new.scopes.iter().map(|scope| scope.to_string()).collect();
    sqlx::query!(
        "INSERT INTO accounts.api_keys (id, owner_id, name, scopes, secret_hash, expires_at, created_by, created_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        id.as_uuid(),
        owner_id,
        new.name,
        &scopes,
        secret_hash.as_bytes(),
        new.expires_at,
        created_by.as_uuid(),
        now,
    )
    .execute(tx)
    .await?;
    Ok(())
}

pub(crate) async fn find(connection: &mut PgConnection, id: ApiKeyId) -> Result<Option<ApiKeyView>, AccountError> {
    let row = sqlx::query_as!(
        Row,
        "SELECT id, owner_id, name, scopes, expires_at, created_at, rotated_at, last_used_at, revoked_at
           FROM accounts.api_keys WHERE id = $1",
        id.as_uuid(),
    );
    row.fetch_optional(connection).await?.map(ApiKeyView::try_from).transpose()
}

pub(crate) async fn list(connection: &mut PgConnection, owner: UserId) -> Result<Vec<ApiKeyView>, AccountError> {
    let rows = sqlx::query_as!(
        Row,
        "SELECT id, owner_id, name, scopes, expires_at, created_at, rotated_at, last_used_at, revoked_at
           FROM accounts.api_keys WHERE owner_id = $1 ORDER BY id DESC LIMIT $2",
        owner.as_uuid(),
        LISTED_MAX,
    );
    rows.fetch_all(connection).await?.into_iter().map(ApiKeyView::try_from).collect()
}

/// Reads the key with the status of its owner, and records its use if the last one is more than a minute ago.
pub(crate) async fn use_key(
    connection: &mut PgConnection,
    id: ApiKeyId,
    now: Timestamp,
) -> Result<Option<StoredKey>, AccountError> {
    let row = sqlx::query!(
        "WITH used AS (
             UPDATE accounts.api_keys SET last_used_at = $2
              WHERE id = $1 AND revoked_at IS NULL AND coalesce(last_used_at, '-infinity') < $2::timestamptz - interval '1 minute')
         SELECT key.owner_id, key.scopes, key.secret_hash, key.previous_secret_hash, key.previous_until, key.expires_at,
                key.revoked_at, owner.role, owner.token_version, owner.disabled_at, owner.must_change_password
           FROM accounts.api_keys AS key JOIN accounts.users AS owner ON owner.id = key.owner_id
          WHERE key.id = $1",
        id.as_uuid(),
        now,
    );
    let Some(row) = row.fetch_optional(connection).await? else { return Ok(None) };
    let stored = StoredRow::new(TABLE, id);
    let hash = |column: &'static str, bytes: &[u8]| {
        SecretHash::stored(bytes).ok_or_else(|| stored.inconsistent(column, format!("{} bytes", bytes.len())))
    };
    let previous = row.previous_secret_hash.as_deref().zip(row.previous_until);
    let previous = previous.map(|(bytes, until)| Ok((hash("previous_secret_hash", bytes)?, until)));
    Ok(Some(StoredKey {
        owner: UserId::from_uuid(row.owner_id),
        status: AccountStatus {
            role: stored.read_column("role", row.role.parse())?,
            token_version: row.token_version,
            is_disabled: row.disabled_at.is_some(),
            must_change_password: row.must_change_password,
            session_ended: false,
        },
        scopes: scopes(&stored, &row.scopes)?,
        secret_hash: hash("secret_hash", &row.secret_hash)?,
        previous: previous.transpose().map_err(|error: Inconsistency| error)?,
        expires_at: row.expires_at,
        is_revoked: row.revoked_at.is_some(),
    }))
}

/// False when there is no such key that is still valid, or it belongs to another owner.
pub(crate) async fn rotate(
    tx: &mut PgConnection,
    id: ApiKeyId,
    owner: Option<UserId>,
    secret_hash: &SecretHash,
    previous_until: Timestamp,
    now: Timestamp,
) -> sqlx::Result<bool> {
    let rotated = sqlx::query!(
        "UPDATE accounts.api_keys
            SET secret_hash = $3, previous_secret_hash = secret_hash, previous_until = $4, rotated_at = $5
          WHERE id = $1 AND ($2::uuid IS NULL OR owner_id = $2) AND revoked_at IS NULL",
        id.as_uuid(),
        owner.map(|owner| owner.as_uuid()),
        secret_hash.as_bytes(),
        previous_until,
        now,
    );
    Ok(rotated.execute(tx).await?.rows_affected() == 1)
}

pub(crate) async fn revoke(
    tx: &mut PgConnection,
    id: ApiKeyId,
    owner: Option<UserId>,
    now: Timestamp,
) -> sqlx::Result<Revoked> {
    let revoked = sqlx::query_scalar!(
        r#"WITH revoked AS (
             UPDATE accounts.api_keys SET revoked_at = $3
              WHERE id = $1 AND ($2::uuid IS NULL OR owner_id = $2) AND revoked_at IS NULL RETURNING id)
         SELECT EXISTS (SELECT FROM revoked) AS "now!" FROM accounts.api_keys
          WHERE id = $1 AND ($2::uuid IS NULL OR owner_id = $2)"#,
        id.as_uuid(),
        owner.map(|owner| owner.as_uuid()),
        now,
    );
    Ok(match revoked.fetch_optional(tx).await? {
        Some(true) => Revoked::Now,
        Some(false) => Revoked::Before,
        None => Revoked::Unknown,
    })
}

/// Revokes all keys of the owner and replaces their names. Returns them.
pub(crate) async fn erase_of(tx: &mut PgConnection, owner: UserId, now: Timestamp) -> sqlx::Result<Vec<ApiKeyId>> {
    let ids = sqlx::query_scalar!(
        "UPDATE accounts.api_keys
            SET name = 'erased', revoked_at = coalesce(revoked_at, $2), previous_secret_hash = NULL, previous_until = NULL
          WHERE owner_id = $1 RETURNING id",
        owner.as_uuid(),
        now,
    );
    Ok(ids.fetch_all(tx).await?.into_iter().map(ApiKeyId::from_uuid).collect())
}

fn scopes(stored: &StoredRow<ApiKeyId>, names: &[String]) -> Result<Scopes, Inconsistency> {
    names.iter().map(|name| stored.read_column("scopes", name.parse::<Scope>())).collect()
}

impl TryFrom<Row> for ApiKeyView {
    type Error = AccountError;

    fn try_from(row: Row) -> Result<Self, AccountError> {
        let id = ApiKeyId::from_uuid(row.id);
        Ok(Self {
            id,
            owner: UserId::from_uuid(row.owner_id),
            name: row.name,
            scopes: scopes(&StoredRow::new(TABLE, id), &row.scopes)?,
            expires_at: row.expires_at,
            created_at: row.created_at,
            rotated_at: row.rotated_at,
            last_used_at: row.last_used_at,
            revoked_at: row.revoked_at,
        })
    }
}
