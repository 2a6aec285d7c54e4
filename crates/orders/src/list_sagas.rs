//! Lists sagas, for operators who repair stuck ones.

use crate::cursor::SagaCursor;
use crate::error::StoreError;
use crate::filters::SagaFilter;
use crate::store::saga_pages as store;
use crate::views::SagaView;
use domain::Timestamp;
use domain::ids::OrderId;
use sqlx::PgPool;

/// At most `limit` sagas, the earliest deadline first. A saga that advances between two pages gets another deadline, so
/// it may appear on both pages or on neither.
pub async fn list_sagas(
    pool: &PgPool,
    filter: SagaFilter,
    after: Option<SagaCursor>,
    now: Timestamp,
    limit: u32,
) -> Result<Vec<SagaView>, StoreError> {
    store::list(&mut *pool.acquire().await?, filter, after, now, limit).await
}

/// `None` when there is no such order.
pub async fn find_saga(pool: &PgPool, order: OrderId) -> Result<Option<SagaView>, StoreError> {
    store::find(&mut *pool.acquire().await?, order).await
}
