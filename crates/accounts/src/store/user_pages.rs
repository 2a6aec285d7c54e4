//! SQL of the list of users.

use crate::views::{UserCursor, UserFilter, UserItem};
use crate::{AccountError, FullName, User};
use domain::Timestamp;
use domain::ids::UserId;
use platform::consistency::StoredRow;
use sqlx::PgConnection;
use uuid::Uuid;

struct Row {
    id: Uuid,
    email: String,
    full_name: Option<String>,
    role: String,
    disabled_at: Option<Timestamp>,
    must_change_password: bool,
    created_at: Timestamp,
}

/// The newest first. Ids are UUID v7, so their order is that of creation.
pub(crate) async fn list_users(
    connection: &mut PgConnection,
    filter: &UserFilter,
    after: Option<UserCursor>,
    limit: u32,
) -> Result<Vec<UserItem>, AccountError> {
    let rows = sqlx::query_as!(
        Row,
        "SELECT id, email, full_name, role, disabled_at, must_change_password, created_at FROM accounts.users
         WHERE ($1::text IS NULL OR email LIKE $1) AND ($2::uuid IS NULL OR id = $2) AND ($3::text IS NULL OR role = $3)
           AND ($4::bool IS NULL OR (disabled_at IS NOT NULL) = $4) AND ($5::uuid IS NULL OR id < $5)
         ORDER BY id DESC LIMIT $6",
        filter.email_pattern(),
        filter.id.map(|id| id.as_uuid()),
        filter.role.map(<&str>::from),
        filter.is_disabled,
        after.map(|cursor| cursor.0.as_uuid()),
        i64::from(limit),
    );
    rows.fetch_all(connection).await?.into_iter().map(UserItem::try_from).collect()
}

pub(crate) async fn find_user_item(
    connection: &mut PgConnection,
    id: UserId,
) -> Result<Option<UserItem>, AccountError> {
    let filter = UserFilter { id: Some(id), ..UserFilter::default() };
    Ok(list_users(connection, &filter, None, 1).await?.pop())
}

impl TryFrom<Row> for UserItem {
    type Error = AccountError;

    fn try_from(row: Row) -> Result<Self, AccountError> {
        let stored = StoredRow::new("accounts.users", row.id);
        let user = User {
            id: UserId::from_uuid(row.id),
            email: stored.read_column("email", row.email.parse())?,
            full_name: row.full_name.map(FullName::stored),
            role: stored.read_column("role", row.role.parse())?,
            created_at: row.created_at,
        };
        Ok(Self { user, disabled_at: row.disabled_at, must_change_password: row.must_change_password })
    }
}
