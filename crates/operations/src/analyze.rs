//! Tells the planner what the tables hold.

use crate::store;
use sqlx::PgPool;

/// Run it after seeding: plans made while the tables were thought empty are many times dearer.
pub async fn analyze(pool: &PgPool) -> sqlx::Result<()> {
    let mut connection = pool.acquire().await?;
    store::analyze(&mut connection).await
}
