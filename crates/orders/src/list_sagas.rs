//! Lists sagas, for operators who repair stuck ones.

use crate::cursor::SagaCursor;
use crate::error::StoreError;
use crate::store::saga_pages as store;
use domain::Timestamp;
use domain::ids::OrderId;
use domain::order::OrderStatus;
use domain::saga::PhaseName;
use sqlx::PgPool;

/// Selects sagas by their state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, strum::EnumString, strum::VariantNames)]
#[strum(serialize_all = "snake_case")]
pub enum SagaFilter {
    /// The open command was sent so often without a reply that an operator has to act.
    #[default]
    Stuck,
    /// The deadline has passed without a reply, and the command was not sent again yet.
    Overdue,
    /// Every saga that has not ended.
    Active,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SagaView {
    pub order_id: OrderId,
    pub order_status: OrderStatus,
    pub phase: PhaseName,
    /// The step that is run or undone; `None` once the saga has ended.
    pub step: Option<String>,
    /// The number of commands that it has sent.
    pub generation: u32,
    /// Why the order needs a human.
    pub attention: Option<String>,
    /// When the open command is sent again unless a reply arrives; `None` once the saga has ended.
    pub deadline_at: Option<Timestamp>,
    pub updated_at: Timestamp,
    pub correlation_id: String,
}

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

impl SagaView {
    /// `None` once the saga has ended: the lists contain only active sagas.
    pub fn cursor(&self) -> Option<SagaCursor> {
        Some(SagaCursor { deadline_at: self.deadline_at?, order_id: self.order_id })
    }
}
