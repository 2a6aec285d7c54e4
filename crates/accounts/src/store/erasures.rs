//! SQL of the table `erasures`, and of the account that is erased.

use crate::Email;
use crate::views::Erasure;
use domain::Timestamp;
use domain::ids::{OrderId, UserId};
use sqlx::PgConnection;
use uuid::Uuid;

struct Row {
    user_id: Uuid,
    requested_at: Timestamp,
    erased_orders: i64,
    after_order: Option<Uuid>,
    completed_at: Option<Timestamp>,
}

pub(crate) async fn insert(
    tx: &mut PgConnection,
    customer: UserId,
    requested_by: UserId,
    requested_at: Timestamp,
) -> sqlx::Result<()> {
    let (user_id, requested_by) = (customer.as_uuid(), requested_by.as_uuid());
    sqlx::query!(
        "INSERT INTO accounts.erasures (user_id, requested_at, requested_by) VALUES ($1, $2, $3)",
        user_id,
        requested_at,
        requested_by,
    )
    .execute(tx)
    .await?;
    Ok(())
}

pub(crate) async fn find(connection: &mut PgConnection, customer: UserId) -> sqlx::Result<Option<Erasure>> {
    let row = sqlx::query_as!(
        Row,
        "SELECT user_id, requested_at, erased_orders, after_order, completed_at FROM accounts.erasures
          WHERE user_id = $1",
        customer.as_uuid(),
    );
    Ok(row.fetch_optional(connection).await?.map(Erasure::from))
}

pub(crate) async fn pending(connection: &mut PgConnection, limit: u32) -> sqlx::Result<Vec<Erasure>> {
    let rows = sqlx::query_as!(
        Row,
        "SELECT user_id, requested_at, erased_orders, after_order, completed_at FROM accounts.erasures
          WHERE completed_at IS NULL ORDER BY continued_at NULLS FIRST, requested_at LIMIT $1",
        i64::from(limit),
    );
    Ok(rows.fetch_all(connection).await?.into_iter().map(Erasure::from).collect())
}

/// An erasure never goes back: of two schedulers at once, the slower one changes nothing.
pub(crate) async fn save(tx: &mut PgConnection, erasure: &Erasure, continued_at: Timestamp) -> sqlx::Result<()> {
    let erased_orders = i64::try_from(erasure.orders).unwrap_or(i64::MAX);
    let after_order = erasure.after.map(|order| order.as_uuid());
    let completed_at = erasure.completed_at;
    sqlx::query!(
        "UPDATE accounts.erasures SET erased_orders = $2, after_order = $3, completed_at = $4, continued_at = $5
          WHERE user_id = $1 AND completed_at IS NULL AND erased_orders <= $2",
        erasure.customer.as_uuid(),
        erased_orders,
        after_order,
        completed_at,
        continued_at,
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// Replaces the texts of the account, disables it, and revokes every access token.
pub(crate) async fn erase_user(
    tx: &mut PgConnection,
    customer: UserId,
    email: &Email,
    password_hash: &str,
    now: Timestamp,
) -> sqlx::Result<()> {
    sqlx::query!(
        "UPDATE accounts.users
            SET email = $2, full_name = NULL, password_hash = $3, must_change_password = false,
                token_version = token_version + 1, disabled_at = coalesce(disabled_at, $4), updated_at = $4
          WHERE id = $1",
        customer.as_uuid(),
        email.as_str(),
        password_hash,
        now,
    )
    .execute(tx)
    .await?;
    Ok(())
}

impl From<Row> for Erasure {
    fn from(row: Row) -> Self {
        Self {
            customer: UserId::from_uuid(row.user_id),
            requested_at: row.requested_at,
            orders: u64::try_from(row.erased_orders).unwrap_or_default(),
            after: row.after_order.map(OrderId::from_uuid),
            completed_at: row.completed_at,
        }
    }
}
