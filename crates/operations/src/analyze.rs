//! Updates the statistics of the query planner.

use crate::store;
use sqlx::PgPool;

/// To be run after seeding: plans for tables that the planner considers empty are many times more expensive.
pub async fn analyze(pool: &PgPool) -> sqlx::Result<()> {
    let mut connection = platform::postgres::writer(pool).await?;
    store::analyze(&mut connection).await?;
    connection.commit().await
}
