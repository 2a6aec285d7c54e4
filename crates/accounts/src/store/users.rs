//! SQL of the tables `users` and `role_changes`.

use crate::account_status::AccountStatus;
use crate::{AccountError, Email, FullName, Role, SessionId, User};
use domain::Timestamp;
use domain::ids::UserId;
use platform::consistency::StoredRow;
use sqlx::PgConnection;
use uuid::Uuid;

const TABLE: &str = "accounts.users";

/// A user with the columns that only this slice may see.
#[derive(Debug, Clone)]
pub(crate) struct Account {
    pub user: User,
    pub password_hash: String,
    pub token_version: i32,
    pub is_disabled: bool,
    pub must_change_password: bool,
}

struct UserRow {
    id: Uuid,
    email: String,
    full_name: Option<String>,
    password_hash: String,
    role: String,
    token_version: i32,
    disabled_at: Option<Timestamp>,
    must_change_password: bool,
    created_at: Timestamp,
}

impl TryFrom<UserRow> for Account {
    type Error = AccountError;

    fn try_from(row: UserRow) -> Result<Self, AccountError> {
        let stored = StoredRow::new(TABLE, row.id);
        Ok(Self {
            user: User {
                id: UserId::from_uuid(row.id),
                email: stored.read_column("email", row.email.parse())?,
                full_name: row.full_name.map(FullName::stored),
                role: stored.read_column("role", row.role.parse())?,
                created_at: row.created_at,
            },
            password_hash: row.password_hash,
            token_version: row.token_version,
            is_disabled: row.disabled_at.is_some(),
            must_change_password: row.must_change_password,
        })
    }
}

/// False when the address is taken.
pub(crate) async fn insert_user(
    tx: &mut PgConnection,
    user: &User,
    password_hash: &str,
    must_change_password: bool,
) -> sqlx::Result<bool> {
    let inserted = sqlx::query!(
        "INSERT INTO accounts.users
             (id, email, password_hash, role, full_name, must_change_password, created_at, updated_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $7) ON CONFLICT (email) DO NOTHING",
        user.id.as_uuid(),
        user.email.as_str(),
        password_hash,
        <&str>::from(user.role),
        user.full_name.as_ref().map(FullName::as_str),
        must_change_password,
        user.created_at,
    );
    Ok(inserted.execute(tx).await?.rows_affected() == 1)
}

pub(crate) async fn find_account_by_email(
    connection: &mut PgConnection,
    email: &Email,
) -> Result<Option<Account>, AccountError> {
    let row = sqlx::query_as!(
        UserRow,
        "SELECT id, email, full_name, password_hash, role, token_version, disabled_at, must_change_password, created_at
         FROM accounts.users WHERE email = $1",
        email.as_str(),
    );
    row.fetch_optional(connection).await?.map(Account::try_from).transpose()
}

pub(crate) async fn find_account(connection: &mut PgConnection, id: UserId) -> Result<Option<Account>, AccountError> {
    let row = sqlx::query_as!(
        UserRow,
        "SELECT id, email, full_name, password_hash, role, token_version, disabled_at, must_change_password, created_at
         FROM accounts.users WHERE id = $1",
        id.as_uuid(),
    );
    row.fetch_optional(connection).await?.map(Account::try_from).transpose()
}

/// The accounts that exist, locked in the order of their ids.
pub(crate) async fn lock_accounts(tx: &mut PgConnection, ids: &[UserId]) -> Result<Vec<Account>, AccountError> {
    let ids: Vec<Uuid> = ids.iter().map(UserId::as_uuid).collect();
    let rows = sqlx::query_as!(
        UserRow,
        "SELECT id, email, full_name, password_hash, role, token_version, disabled_at, must_change_password, created_at
         FROM accounts.users WHERE id = ANY($1) ORDER BY id FOR NO KEY UPDATE",
        &ids,
    );
    rows.fetch_all(tx).await?.into_iter().map(Account::try_from).collect()
}

/// What decides whether a token of the user and the session is accepted. Without a session, of a token that an older
/// version issued, only the user decides.
pub(crate) async fn find_account_status(
    connection: &mut PgConnection,
    id: UserId,
    session: Option<SessionId>,
) -> Result<Option<AccountStatus>, AccountError> {
    let row = sqlx::query!(
        r#"SELECT role, token_version, disabled_at, must_change_password,
                  ($2::uuid IS NOT NULL AND NOT EXISTS (
                      SELECT FROM accounts.refresh_families WHERE id = $2 AND user_id = $1 AND revoked_at IS NULL))
                      AS "session_ended!"
           FROM accounts.users WHERE id = $1"#,
        id.as_uuid(),
        session.map(|session| session.as_uuid()),
    );
    let Some(row) = row.fetch_optional(connection).await? else { return Ok(None) };
    Ok(Some(AccountStatus {
        role: StoredRow::new(TABLE, id).read_column("role", row.role.parse())?,
        token_version: row.token_version,
        is_disabled: row.disabled_at.is_some(),
        must_change_password: row.must_change_password,
        session_ended: row.session_ended,
    }))
}

/// Does nothing when the hash is no longer `old_hash`.
pub(crate) async fn replace_password_hash(
    tx: &mut PgConnection,
    id: UserId,
    old_hash: &str,
    password_hash: &str,
    now: Timestamp,
) -> sqlx::Result<()> {
    sqlx::query!(
        "UPDATE accounts.users SET password_hash = $3, updated_at = $4 WHERE id = $1 AND password_hash = $2",
        id.as_uuid(),
        old_hash,
        password_hash,
        now,
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// The account is locked, so its role is `from_role`.
pub(crate) async fn change_role(
    tx: &mut PgConnection,
    id: UserId,
    from_role: Role,
    to_role: Role,
    granted_by: UserId,
    now: Timestamp,
) -> sqlx::Result<()> {
    sqlx::query!(
        "WITH changed AS (
             UPDATE accounts.users SET role = $3, token_version = token_version + 1, updated_at = $5
             WHERE id = $1 AND role = $2 RETURNING id)
         INSERT INTO accounts.role_changes (user_id, from_role, to_role, granted_by, changed_at)
         SELECT id AS user_id, $2 AS from_role, $3 AS to_role, $4 AS granted_by, $5 AS changed_at FROM changed",
        id.as_uuid(),
        <&str>::from(from_role),
        <&str>::from(to_role),
        granted_by.as_uuid(),
        now,
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// Sets the password, whatever it was.
pub(crate) async fn set_password(
    tx: &mut PgConnection,
    id: UserId,
    password_hash: &str,
    must_change_password: bool,
    now: Timestamp,
) -> sqlx::Result<()> {
    sqlx::query!(
        "UPDATE accounts.users SET password_hash = $2, must_change_password = $3, updated_at = $4 WHERE id = $1",
        id.as_uuid(),
        password_hash,
        must_change_password,
        now,
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// Disables or enables the account. Disabling it revokes every access token.
pub(crate) async fn set_disabled(
    tx: &mut PgConnection,
    id: UserId,
    is_disabled: bool,
    now: Timestamp,
) -> sqlx::Result<()> {
    sqlx::query!(
        "UPDATE accounts.users
            SET disabled_at = CASE WHEN $2 THEN $3::timestamptz END, token_version = token_version + CASE WHEN $2 THEN 1 ELSE 0 END,
                updated_at = $3
          WHERE id = $1",
        id.as_uuid(),
        is_disabled,
        now,
    )
    .execute(tx)
    .await?;
    Ok(())
}
