//! SQL that reads sagas. Each list has its index: `sagas_stuck` or `sagas_by_deadline`.

use super::{ORDERS, SAGAS};
use crate::cursor::SagaCursor;
use crate::error::StoreError;
use crate::filters::SagaFilter;
use crate::views::SagaView;
use domain::Timestamp;
use domain::ids::OrderId;
use platform::consistency::StoredRow;
use sqlx::{FromRow, PgConnection, Postgres, QueryBuilder};
use uuid::Uuid;

#[derive(FromRow)]
struct SagaRow {
    order_id: Uuid,
    status: String,
    phase: String,
    step: Option<String>,
    generation: i64,
    active: bool,
    attention: Option<String>,
    deadline_at: Timestamp,
    updated_at: Timestamp,
    correlation_id: String,
}

pub(crate) async fn list(
    connection: &mut PgConnection,
    filter: SagaFilter,
    after: Option<SagaCursor>,
    now: Timestamp,
    limit: u32,
) -> Result<Vec<SagaView>, StoreError> {
    let mut query = select();
    match filter {
        // A literal: the partial index `sagas_stuck` does not serve a parameter.
        SagaFilter::Stuck => query.push("s.phase = 'stuck'"),
        SagaFilter::Overdue => query.push("s.active AND s.deadline_at <= ").push_bind(now),
        SagaFilter::Active => query.push("s.active"),
    };
    if let Some(SagaCursor { deadline_at, order_id }) = after {
        query.push(" AND (s.deadline_at, s.order_id) > (").push_bind(deadline_at);
        query.push(", ").push_bind(order_id.as_uuid()).push(")");
    }
    query.push(" ORDER BY s.deadline_at, s.order_id LIMIT ").push_bind(i64::from(limit));
    let rows: Vec<SagaRow> = query.build_query_as().fetch_all(connection).await?;
    rows.into_iter().map(SagaView::try_from).collect()
}

pub(crate) async fn find(connection: &mut PgConnection, order: OrderId) -> Result<Option<SagaView>, StoreError> {
    let mut query = select();
    query.push("s.order_id = ").push_bind(order.as_uuid());
    let row: Option<SagaRow> = query.build_query_as().fetch_optional(connection).await?;
    row.map(SagaView::try_from).transpose()
}

fn select() -> QueryBuilder<Postgres> {
    QueryBuilder::new(
        "SELECT s.order_id, o.status, s.phase, s.step, (s.state ->> 'generation')::bigint AS generation, s.active,
                o.attention, s.deadline_at, s.updated_at, s.correlation_id
           FROM orders.sagas s JOIN orders.orders o ON o.id = s.order_id
          WHERE ",
    )
}

impl TryFrom<SagaRow> for SagaView {
    type Error = StoreError;

    fn try_from(row: SagaRow) -> Result<Self, StoreError> {
        let id = row.order_id;
        let (order, saga) = (StoredRow::new(ORDERS, id), StoredRow::new(SAGAS, id));
        Ok(Self {
            order_id: OrderId::from_uuid(id),
            order_status: order.read_column("status", row.status.parse())?,
            phase: saga.read_column("phase", row.phase.parse())?,
            step: row.step,
            generation: saga.read_column("state", u32::try_from(row.generation))?,
            attention: row.attention,
            deadline_at: row.active.then_some(row.deadline_at),
            updated_at: row.updated_at,
            correlation_id: row.correlation_id,
        })
    }
}
