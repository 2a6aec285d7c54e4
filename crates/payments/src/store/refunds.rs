//! Tables `payments.refunds` and `payments.refund_lines`. Their rows change only while the payment is locked.

use crate::error::PaymentsError;
use domain::Timestamp;
use domain::ids::{OrderId, RefundId};
use domain::money::Money;
use domain::refund::{
    EarlierRefunds, RefundCause, RefundQuote, RefundReason, RefundScopeKind, RefundStatus, RefundedLine,
};
use platform::consistency::{StoredRow, ensure_rows};
use sqlx::PgConnection;
use std::collections::HashMap;
use uuid::Uuid;

const REFUNDS: &str = "payments.refunds";

/// A refund of an order, as it is stored and shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refund {
    pub id: RefundId,
    pub order_id: OrderId,
    pub scope: RefundScopeKind,
    pub reason: RefundReason,
    pub status: RefundStatus,
    pub amount: Money,
    /// Its part that is shipping.
    pub shipping_minor: i64,
    /// Sorted by line number.
    pub lines: Vec<RefundedLine>,
    /// Counted from one.
    pub attempt: u32,
    /// Why it was refused, or is unknown.
    pub error: Option<String>,
    /// A person knows that it was refused, and leaves it.
    pub is_acknowledged: bool,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

struct RefundRow {
    order_id: Uuid,
    id: Uuid,
    scope: String,
    reason: String,
    status: String,
    currency: String,
    amount_minor: i64,
    shipping_minor: i64,
    attempt: i32,
    error: Option<String>,
    is_acknowledged: bool,
    created_at: Timestamp,
    updated_at: Timestamp,
}

struct LineRow {
    refund_id: Uuid,
    line_no: i16,
    quantity: i32,
    amount_minor: i64,
    tax_minor: i64,
    discount_minor: i64,
}

/// The refunds of `orders`, the oldest first.
pub(crate) async fn find_refunds(
    connection: &mut PgConnection,
    orders: &[OrderId],
) -> Result<HashMap<OrderId, Vec<Refund>>, PaymentsError> {
    if orders.is_empty() {
        return Ok(HashMap::new());
    }
    let order_ids: Vec<Uuid> = orders.iter().map(OrderId::as_uuid).collect();
    let rows = sqlx::query_as!(
        RefundRow,
        "SELECT order_id, id, scope, reason, status, currency, amount_minor, shipping_minor, attempt, error,
                is_acknowledged, created_at, updated_at
         FROM payments.refunds WHERE order_id = ANY($1) ORDER BY order_id, created_at, id",
        &order_ids,
    )
    .fetch_all(&mut *connection)
    .await?;
    let mut lines = if rows.is_empty() { HashMap::new() } else { find_lines(connection, &order_ids).await? };
    let mut found: HashMap<_, Vec<_>> = HashMap::new();
    for row in rows {
        let lines = lines.remove(&row.id).unwrap_or_default();
        found.entry(OrderId::from_uuid(row.order_id)).or_default().push(row.with(lines)?);
    }
    Ok(found)
}

async fn find_lines(
    connection: &mut PgConnection,
    order_ids: &[Uuid],
) -> sqlx::Result<HashMap<Uuid, Vec<RefundedLine>>> {
    let rows = sqlx::query_as!(
        LineRow,
        "SELECT refund_id, line_no, quantity, amount_minor, tax_minor, discount_minor
         FROM payments.refund_lines WHERE order_id = ANY($1) ORDER BY refund_id, line_no",
        order_ids,
    )
    .fetch_all(connection)
    .await?;
    let mut lines: HashMap<_, Vec<_>> = HashMap::new();
    for row in rows {
        let LineRow { refund_id, line_no, quantity, amount_minor, tax_minor, discount_minor } = row;
        let units = i64::from(quantity);
        let line = RefundedLine { line_no, units, amount_minor, tax_minor, discount_minor };
        lines.entry(refund_id).or_default().push(line);
    }
    Ok(lines)
}

pub(crate) async fn insert_refund(tx: &mut PgConnection, refund: &Refund) -> Result<(), PaymentsError> {
    let (scope, reason, status): (&str, &str, &str) = (refund.scope.into(), refund.reason.into(), refund.status.into());
    sqlx::query!(
        "INSERT INTO payments.refunds
             (order_id, id, scope, reason, status, currency, amount_minor, shipping_minor, attempt, created_at, updated_at)
         SELECT $1 AS order_id, $2 AS id, $3 AS scope, $4 AS reason, $5 AS status, $6 AS currency, $7 AS amount_minor,
                $8 AS shipping_minor, $9 AS attempt, $10 AS created_at, $11 AS updated_at",
        refund.order_id.as_uuid(),
        refund.id.as_uuid(),
        scope,
        reason,
        status,
        refund.amount.currency.code(),
        refund.amount.amount_minor,
        refund.shipping_minor,
        refund.attempt.cast_signed(),
        refund.created_at,
        refund.updated_at,
    )
    .execute(&mut *tx)
    .await?;
    insert_lines(tx, refund).await
}

async fn insert_lines(tx: &mut PgConnection, refund: &Refund) -> Result<(), PaymentsError> {
    if refund.lines.is_empty() {
        return Ok(());
    }
    let (order_id, refund_id) = (refund.order_id.as_uuid(), refund.id.as_uuid());
    let lines = LineColumns::of(&refund.lines);
    sqlx::query!(
        "INSERT INTO payments.refund_lines
             (order_id, refund_id, line_no, quantity, amount_minor, tax_minor, discount_minor)
         SELECT $1 AS order_id, $2 AS refund_id, new.line_no, new.quantity, new.amount_minor, new.tax_minor,
                new.discount_minor
           FROM (SELECT unnest($3::smallint[]) AS line_no, unnest($4::integer[]) AS quantity,
                        unnest($5::bigint[]) AS amount_minor, unnest($6::bigint[]) AS tax_minor,
                        unnest($7::bigint[]) AS discount_minor) AS new",
        order_id,
        refund_id,
        &lines.line_no,
        &lines.quantity,
        &lines.amount_minor,
        &lines.tax_minor,
        &lines.discount_minor,
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// Saves the statuses of refunds whose payments are locked.
pub(crate) async fn save_refunds(
    tx: &mut PgConnection,
    refunds: &[Refund],
    now: Timestamp,
) -> Result<(), PaymentsError> {
    if refunds.is_empty() {
        return Ok(());
    }
    let saved = StatusColumns::of(refunds);
    let changed = sqlx::query!(
        "UPDATE payments.refunds AS refund
            SET status = new.status, attempt = new.attempt, error = new.error,
                is_acknowledged = new.is_acknowledged, updated_at = $1
           FROM (SELECT unnest($2::uuid[]) AS order_id, unnest($3::uuid[]) AS id, unnest($4::text[]) AS status,
                        unnest($5::integer[]) AS attempt, unnest($6::text[]) AS error,
                        unnest($7::boolean[]) AS is_acknowledged) AS new
          WHERE refund.order_id = ANY($2) AND refund.order_id = new.order_id AND refund.id = new.id",
        now,
        &saved.order_id,
        &saved.id,
        &saved.status as &[&str],
        &saved.attempt,
        &saved.error as &[Option<&str>],
        &saved.is_acknowledged,
    )
    .execute(tx)
    .await?;
    Ok(ensure_rows(REFUNDS, refunds.len(), changed.rows_affected())?)
}

/// The lines of a refund, by column.
struct LineColumns {
    line_no: Vec<i16>,
    quantity: Vec<i32>,
    amount_minor: Vec<i64>,
    tax_minor: Vec<i64>,
    discount_minor: Vec<i64>,
}

impl LineColumns {
    fn of(lines: &[RefundedLine]) -> Self {
        Self {
            line_no: lines.iter().map(|line| line.line_no).collect(),
            // At most what was ordered, which fits.
            quantity: lines.iter().map(|line| i32::try_from(line.units).unwrap_or(i32::MAX)).collect(),
            amount_minor: lines.iter().map(|line| line.amount_minor).collect(),
            tax_minor: lines.iter().map(|line| line.tax_minor).collect(),
            discount_minor: lines.iter().map(|line| line.discount_minor).collect(),
        }
    }
}

/// What changes of refunds, by column.
struct StatusColumns<'a> {
    order_id: Vec<Uuid>,
    id: Vec<Uuid>,
    status: Vec<&'static str>,
    attempt: Vec<i32>,
    error: Vec<Option<&'a str>>,
    is_acknowledged: Vec<bool>,
}

impl<'a> StatusColumns<'a> {
    fn of(refunds: &'a [Refund]) -> Self {
        Self {
            order_id: refunds.iter().map(|refund| refund.order_id.as_uuid()).collect(),
            id: refunds.iter().map(|refund| refund.id.as_uuid()).collect(),
            status: refunds.iter().map(|refund| refund.status.into()).collect(),
            attempt: refunds.iter().map(|refund| refund.attempt.cast_signed()).collect(),
            error: refunds.iter().map(|refund| refund.error.as_deref()).collect(),
            is_acknowledged: refunds.iter().map(|refund| refund.is_acknowledged).collect(),
        }
    }
}

impl Refund {
    /// Names its current attempt in commands, operations and replies.
    pub fn cause(&self) -> RefundCause {
        RefundCause { refund: self.id, attempt: self.attempt }
    }

    /// False while it may still be refused, or found to have succeeded.
    pub(crate) const fn has_outcome(&self) -> bool {
        match self.status {
            RefundStatus::Succeeded | RefundStatus::Refused => true,
            RefundStatus::Pending | RefundStatus::Unknown | RefundStatus::ManualReview => false,
        }
    }

    pub(crate) fn quote(&self) -> RefundQuote {
        let (amount_minor, shipping_minor) = (self.amount.amount_minor, self.shipping_minor);
        RefundQuote { amount_minor, lines: self.lines.clone(), shipping_minor }
    }

    /// What those of `refunds` that count have refunded.
    pub(crate) fn earlier(refunds: &[Self]) -> EarlierRefunds {
        let mut earlier = EarlierRefunds::default();
        refunds.iter().filter(|refund| refund.status.counts()).for_each(|refund| earlier.add(&refund.quote()));
        earlier
    }
}

impl RefundRow {
    fn with(self, lines: Vec<RefundedLine>) -> Result<Refund, PaymentsError> {
        let stored = StoredRow::new(REFUNDS, self.id);
        let currency = stored.read_column("currency", self.currency.parse())?;
        Ok(Refund {
            id: RefundId::from_uuid(self.id),
            order_id: OrderId::from_uuid(self.order_id),
            scope: stored.read_column("scope", self.scope.parse())?,
            reason: stored.read_column("reason", self.reason.parse())?,
            status: stored.read_column("status", self.status.parse())?,
            amount: Money { amount_minor: self.amount_minor, currency },
            shipping_minor: self.shipping_minor,
            lines,
            attempt: stored.read_column("attempt", u32::try_from(self.attempt))?,
            error: self.error,
            is_acknowledged: self.is_acknowledged,
            created_at: self.created_at,
            updated_at: self.updated_at,
        })
    }
}
