//! Lists sagas, for operators who repair stuck ones.

use crate::cursor::SagaCursor;
use crate::error::StoreError;
use crate::filters::SagaFilter;
use crate::store::saga_pages as store;
use crate::views::SagaView;
use domain::Timestamp;
use domain::ids::OrderId;
use domain::page::{Page, PageSize};
use sqlx::PgPool;

/// A page of sagas, the earliest deadline first. A saga that advances between two pages gets another deadline, so
/// it may appear on both pages or on neither.
pub async fn list_sagas(
    pool: &PgPool,
    filter: SagaFilter,
    after: Option<SagaCursor>,
    now: Timestamp,
    size: PageSize,
) -> Result<Page<SagaView, SagaCursor>, StoreError> {
    let rows = store::list(&mut *platform::postgres::reader(pool).await?, filter, after, now, size.rows_max()).await?;
    let Page { items, next } = size.cut(rows, SagaView::cursor);
    Ok(Page { items, next: next.flatten() })
}

/// `None` when there is no such order.
pub async fn find_saga(pool: &PgPool, order: OrderId) -> Result<Option<SagaView>, StoreError> {
    store::find(&mut *platform::postgres::reader(pool).await?, order).await
}
