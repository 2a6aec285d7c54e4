//! Shows how orders are being carried, to those who help when one gets stuck.

use crate::cursor::SagaCursor;
use crate::error::StoreError;
use crate::store::saga_pages as store;
use domain::Timestamp;
use domain::ids::OrderId;
use domain::order::OrderStatus;
use sqlx::PgPool;

/// Which sagas to show.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, strum::EnumString, strum::VariantNames)]
#[strum(serialize_all = "snake_case")]
pub enum SagaStanding {
    /// Asked so often that only an operator may know better.
    #[default]
    Stuck,
    /// Nothing was heard until the deadline, and nobody has asked again yet.
    Overdue,
    /// All that have something left to do.
    Active,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SagaView {
    pub order_id: OrderId,
    pub order_status: OrderStatus,
    /// `running`, `undoing`, `delivering`, `stuck`, `ended`.
    pub phase: String,
    /// The step that is run or undone; none once nothing is open.
    pub step: Option<String>,
    /// How many questions it has asked.
    pub generation: u32,
    /// Why a human should look.
    pub attention: Option<String>,
    /// When the question is asked again if nothing is heard; none once nothing is open.
    pub deadline_at: Option<Timestamp>,
    pub updated_at: Timestamp,
    pub correlation_id: String,
}

/// At most `limit`, those with the earliest deadline first. One that moves on meanwhile has another deadline: it may come
/// again on a later page, or on none.
pub async fn list_sagas(
    pool: &PgPool,
    standing: SagaStanding,
    after: Option<SagaCursor>,
    now: Timestamp,
    limit: u32,
) -> Result<Vec<SagaView>, StoreError> {
    store::list(&mut *pool.acquire().await?, standing, after, now, limit).await
}

/// None when there is no such order.
pub async fn find_saga(pool: &PgPool, order: OrderId) -> Result<Option<SagaView>, StoreError> {
    store::find(&mut *pool.acquire().await?, order).await
}

impl SagaView {
    /// None once nothing is open: no page ends there.
    pub fn cursor(&self) -> Option<SagaCursor> {
        Some(SagaCursor { deadline_at: self.deadline_at?, order_id: self.order_id })
    }
}
