//! Table `payments.ledger_entries`: reads a range of time.

use crate::error::PaymentsError;
use crate::ledger::{LedgerCursor, LedgerEntryView, LedgerFilter, LedgerSummary};
use domain::Timestamp;
use domain::ids::{MessageId, OrderId, ProviderKey};
use domain::money::{Currency, Money};
use domain::payment::LedgerEntryKind;
use platform::consistency::StoredRow;
use sqlx::PgConnection;
use uuid::Uuid;

const LEDGER: &str = "payments.ledger_entries";

struct EntryRow {
    at: Timestamp,
    order_id: Uuid,
    provider_key: Uuid,
    kind: String,
    amount_minor: i64,
    currency: String,
    gateway: String,
    cause: String,
    message_id: Option<Uuid>,
}

/// At most `rows_max` entries after `after`, the oldest first.
pub(crate) async fn list_ledger(
    connection: &mut PgConnection,
    filter: &LedgerFilter,
    after: Option<LedgerCursor>,
    rows_max: u32,
) -> Result<Vec<LedgerEntryView>, PaymentsError> {
    // One position begins the range: Postgres would begin to read the index at either of two conditions.
    let after = after.filter(|after| after.at >= filter.range.from);
    let (from, key) = after.map_or((filter.range.from, Uuid::nil()), |after| (after.at, after.key.as_uuid()));
    let after_kind: &str = after.map_or("", |after| after.kind.into());
    let rows = sqlx::query_as!(
        EntryRow,
        "SELECT at, order_id, provider_key, kind, amount_minor, currency, gateway, cause, message_id
         FROM payments.ledger_entries
         WHERE (at, provider_key) >= ($1, $2) AND (at, provider_key, kind) > ($1, $2, $3) AND at < $4
           AND ($5::text IS NULL OR currency = $5) AND ($6::text IS NULL OR kind = $6)
         ORDER BY at, provider_key, kind LIMIT $7",
        from,
        key,
        after_kind,
        filter.range.to,
        filter.currency.as_ref().map(Currency::code),
        filter.kind.map(|kind| -> &str { kind.into() }),
        i64::from(rows_max),
    )
    .fetch_all(connection)
    .await?;
    rows.into_iter().map(LedgerEntryView::try_from).collect()
}

pub(crate) async fn summarize_ledger(
    connection: &mut PgConnection,
    filter: &LedgerFilter,
) -> Result<Vec<LedgerSummary>, PaymentsError> {
    let kind: Option<&'static str> = filter.kind.map(LedgerEntryKind::into);
    let rows = sqlx::query!(
        r#"SELECT gateway, currency,
                  coalesce(sum(amount_minor) FILTER (WHERE kind = 'authorized'), 0)::bigint AS "authorized_minor!",
                  coalesce(sum(amount_minor) FILTER (WHERE kind = 'captured'), 0)::bigint AS "captured_minor!",
                  coalesce(sum(amount_minor) FILTER (WHERE kind = 'voided'), 0)::bigint AS "voided_minor!",
                  coalesce(sum(amount_minor) FILTER (WHERE kind = 'refunded'), 0)::bigint AS "refunded_minor!",
                  coalesce(sum(amount_minor) FILTER (WHERE kind = 'reversed'), 0)::bigint AS "reversed_minor!",
                  coalesce(sum(amount_minor) FILTER (WHERE kind = 'written_off'), 0)::bigint AS "written_off_minor!",
                  count(*) AS "entries!"
           FROM payments.ledger_entries
           WHERE at >= $1 AND at < $2 AND ($3::text IS NULL OR currency = $3) AND ($4::text IS NULL OR kind = $4)
           GROUP BY gateway, currency ORDER BY gateway, currency"#,
        filter.range.from,
        filter.range.to,
        filter.currency.as_ref().map(Currency::code),
        kind,
    )
    .fetch_all(connection)
    .await?;
    let summary = rows.into_iter().map(|row| {
        let stored = StoredRow::new(LEDGER, &row.gateway);
        Ok(LedgerSummary {
            currency: stored.read_column("currency", row.currency.parse())?,
            authorized_minor: row.authorized_minor,
            captured_minor: row.captured_minor,
            voided_minor: row.voided_minor,
            refunded_minor: row.refunded_minor,
            reversed_minor: row.reversed_minor,
            written_off_minor: row.written_off_minor,
            entries: row.entries,
            gateway: row.gateway,
        })
    });
    summary.collect()
}

impl TryFrom<EntryRow> for LedgerEntryView {
    type Error = PaymentsError;

    fn try_from(row: EntryRow) -> Result<Self, PaymentsError> {
        let stored = StoredRow::new(LEDGER, row.provider_key);
        let currency = stored.read_column("currency", row.currency.parse())?;
        Ok(Self {
            at: row.at,
            order_id: OrderId::from_uuid(row.order_id),
            key: ProviderKey::from_uuid(row.provider_key),
            kind: stored.read_column("kind", row.kind.parse())?,
            amount: Money { amount_minor: row.amount_minor, currency },
            gateway: row.gateway,
            cause: row.cause,
            message_id: row.message_id.map(MessageId::from_uuid),
        })
    }
}
