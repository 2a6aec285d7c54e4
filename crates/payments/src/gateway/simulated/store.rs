//! SQL of the simulated gateway's ledger: tables `payments.simulated_gateway_authorizations` and
//! `payments.simulated_gateway_movements`.

use super::ledger::{Authorization, Entry, LedgerSnapshot};
use crate::gateway::{SettledSums, day_bounds};
use chrono::NaiveDate;
use domain::Timestamp;
use domain::ids::ProviderKey;
use sqlx::{PgConnection, PgPool};
use std::collections::HashSet;
use std::str::FromStr;
use uuid::Uuid;

struct AuthorizationRow {
    key: Uuid,
    state: String,
    method: Option<String>,
    currency: Option<String>,
    authorized_minor: i64,
    captured_minor: i64,
    refunded_minor: i64,
    refunded_by_void_minor: i64,
    released_minor: i64,
    decline_reason: Option<String>,
    voided_at: Option<Timestamp>,
    charges: i32,
    authorize_calls: i32,
    void_calls: i32,
    reauthorizations: i32,
}

struct EntryRow {
    key: Uuid,
    authorization_key: Uuid,
    kind: String,
    amount_minor: i64,
    state: String,
    decline_reason: Option<String>,
    executed_at: Option<Timestamp>,
    calls: i32,
}

/// Inserts those of `authorizations` whose keys are not in the ledger yet, and returns their keys.
pub(super) async fn insert_new(
    tx: &mut PgConnection,
    authorizations: &[&Authorization],
) -> sqlx::Result<HashSet<ProviderKey>> {
    if authorizations.is_empty() {
        return Ok(HashSet::new());
    }
    let new = AuthorizationColumns::of(authorizations);
    let inserted = sqlx::query_scalar!(
        "INSERT INTO payments.simulated_gateway_authorizations
             (key, state, method, currency, authorized_minor, captured_minor, refunded_minor, refunded_by_void_minor,
              released_minor, decline_reason, charges, authorize_calls, void_calls)
         SELECT new.key, new.state, new.method, new.currency, new.authorized_minor, 0 AS captured_minor,
                0 AS refunded_minor, 0 AS refunded_by_void_minor, 0 AS released_minor, new.decline_reason, new.charges,
                new.authorize_calls, new.void_calls
           FROM (SELECT unnest($1::uuid[]) AS key, unnest($2::text[]) AS state, unnest($3::text[]) AS method,
                        unnest($4::text[]) AS currency, unnest($5::bigint[]) AS authorized_minor,
                        unnest($6::text[]) AS decline_reason, unnest($7::integer[]) AS charges,
                        unnest($8::integer[]) AS authorize_calls, unnest($9::integer[]) AS void_calls) AS new
          ORDER BY key
         ON CONFLICT (key) DO NOTHING
         RETURNING key",
        &new.key,
        &new.state as &[&str],
        &new.method as &[Option<&str>],
        &new.currency as &[Option<&str>],
        &new.authorized_minor,
        &new.decline_reason as &[Option<&str>],
        &new.charges,
        &new.authorize_calls,
        &new.void_calls,
    )
    .fetch_all(tx)
    .await?;
    Ok(inserted.into_iter().map(ProviderKey::from_uuid).collect())
}

/// What was captured and returned on a day of UTC.
pub(super) async fn settled(pool: &PgPool, day: NaiveDate) -> sqlx::Result<Vec<SettledSums>> {
    let (from, to) = day_bounds(day);
    let rows = sqlx::query!(
        r#"SELECT currency AS "currency!", sum(captured)::bigint AS "captured_minor!", sum(returned)::bigint AS "returned_minor!"
           FROM (SELECT authorized.currency, CASE movement.kind WHEN 'capture' THEN movement.amount_minor ELSE 0 END AS captured,
                        CASE movement.kind WHEN 'refund' THEN movement.amount_minor ELSE 0 END AS returned
                 FROM payments.simulated_gateway_movements AS movement
                 JOIN payments.simulated_gateway_authorizations AS authorized ON authorized.key = movement.authorization_key
                 WHERE movement.executed_at >= $1 AND movement.executed_at < $2
                 UNION ALL
                 SELECT currency, 0, refunded_by_void_minor
                 FROM payments.simulated_gateway_authorizations
                 WHERE voided_at >= $1 AND voided_at < $2 AND refunded_by_void_minor > 0) AS moved
           WHERE captured + returned > 0 AND currency IS NOT NULL GROUP BY currency ORDER BY currency"#,
        from,
        to,
    )
    .fetch_all(&mut *platform::postgres::reader(pool).await?)
    .await?;
    let sums = rows.into_iter().map(|row| {
        let currency = row.currency.parse().map_err(|unknown| sqlx::Error::Decode(Box::new(unknown)))?;
        Ok(SettledSums { currency, captured_minor: row.captured_minor, returned_minor: row.returned_minor })
    });
    sums.collect()
}

/// Deletes the authorizations and movements with these `keys`.
pub(super) async fn delete(tx: &mut PgConnection, keys: &[ProviderKey]) -> sqlx::Result<()> {
    let keys: Vec<_> = keys.iter().map(ProviderKey::as_uuid).collect();
    sqlx::query!("DELETE FROM payments.simulated_gateway_movements WHERE key = ANY($1)", &keys)
        .execute(&mut *tx)
        .await?;
    sqlx::query!("DELETE FROM payments.simulated_gateway_authorizations WHERE key = ANY($1)", &keys)
        .execute(tx)
        .await?;
    Ok(())
}

/// The ledger rows with these `keys`. Authorizations are locked until the transaction ends.
pub(super) async fn load(tx: &mut PgConnection, keys: &[ProviderKey]) -> sqlx::Result<LedgerSnapshot> {
    let keys: Vec<_> = keys.iter().map(ProviderKey::as_uuid).collect();
    let authorizations = sqlx::query_as!(
        AuthorizationRow,
        "SELECT key, state, method, currency, authorized_minor, captured_minor, refunded_minor, refunded_by_void_minor,
                released_minor, decline_reason, voided_at, charges, authorize_calls, void_calls, reauthorizations
         FROM payments.simulated_gateway_authorizations WHERE key = ANY($1) ORDER BY key FOR NO KEY UPDATE",
        &keys,
    )
    .fetch_all(&mut *tx)
    .await?;
    // Read after the authorizations are locked: captures and refunds are written under the lock of their authorization.
    let entries = sqlx::query_as!(
        EntryRow,
        "SELECT key, authorization_key, kind, amount_minor, state, decline_reason, executed_at, calls
         FROM payments.simulated_gateway_movements WHERE key = ANY($1)",
        &keys,
    )
    .fetch_all(tx)
    .await?;
    let mut snapshot = LedgerSnapshot::default();
    for row in authorizations {
        snapshot.authorizations.insert(ProviderKey::from_uuid(row.key), row.try_into()?);
    }
    for row in entries {
        snapshot.entries.insert(ProviderKey::from_uuid(row.key), row.try_into()?);
    }
    Ok(snapshot)
}

pub(super) async fn save(tx: &mut PgConnection, snapshot: &LedgerSnapshot) -> sqlx::Result<()> {
    save_authorizations(tx, &snapshot.authorizations.values().collect::<Vec<_>>()).await?;
    save_entries(tx, &snapshot.entries.values().collect::<Vec<_>>()).await
}

async fn save_authorizations(tx: &mut PgConnection, authorizations: &[&Authorization]) -> sqlx::Result<()> {
    if authorizations.is_empty() {
        return Ok(());
    }
    let saved = AuthorizationColumns::of(authorizations);
    sqlx::query!(
        "UPDATE payments.simulated_gateway_authorizations AS stored
            SET state = new.state, method = new.method, currency = new.currency,
                authorized_minor = new.authorized_minor, captured_minor = new.captured_minor,
                refunded_minor = new.refunded_minor, refunded_by_void_minor = new.refunded_by_void_minor,
                released_minor = new.released_minor, decline_reason = new.decline_reason, charges = new.charges,
                authorize_calls = new.authorize_calls, void_calls = new.void_calls, voided_at = new.voided_at,
                reauthorizations = new.reauthorizations, updated_at = now()
           FROM (SELECT unnest($1::uuid[]) AS key, unnest($2::text[]) AS state, unnest($3::text[]) AS method,
                        unnest($4::text[]) AS currency, unnest($5::bigint[]) AS authorized_minor,
                        unnest($6::bigint[]) AS captured_minor, unnest($7::bigint[]) AS refunded_minor,
                        unnest($8::bigint[]) AS refunded_by_void_minor, unnest($9::bigint[]) AS released_minor,
                        unnest($10::text[]) AS decline_reason, unnest($11::integer[]) AS charges,
                        unnest($12::integer[]) AS authorize_calls, unnest($13::integer[]) AS void_calls,
                        unnest($14::timestamptz[]) AS voided_at, unnest($15::integer[]) AS reauthorizations) AS new
          WHERE stored.key = new.key",
        &saved.key,
        &saved.state as &[&str],
        &saved.method as &[Option<&str>],
        &saved.currency as &[Option<&str>],
        &saved.authorized_minor,
        &saved.captured_minor,
        &saved.refunded_minor,
        &saved.refunded_by_void_minor,
        &saved.released_minor,
        &saved.decline_reason as &[Option<&str>],
        &saved.charges,
        &saved.authorize_calls,
        &saved.void_calls,
        &saved.voided_at as &[Option<Timestamp>],
        &saved.reauthorizations,
    )
    .execute(tx)
    .await?;
    Ok(())
}

async fn save_entries(tx: &mut PgConnection, entries: &[&Entry]) -> sqlx::Result<()> {
    if entries.is_empty() {
        return Ok(());
    }
    let saved = EntryColumns::of(entries);
    sqlx::query!(
        "INSERT INTO payments.simulated_gateway_movements
             (key, authorization_key, kind, amount_minor, state, decline_reason, calls, executed_at)
         SELECT new.key, new.authorization_key, new.kind, new.amount_minor, new.state, new.decline_reason, new.calls,
                new.executed_at
           FROM (SELECT unnest($1::uuid[]) AS key, unnest($2::uuid[]) AS authorization_key,
                        unnest($3::text[]) AS kind, unnest($4::bigint[]) AS amount_minor, unnest($5::text[]) AS state,
                        unnest($6::text[]) AS decline_reason, unnest($7::integer[]) AS calls,
                        unnest($8::timestamptz[]) AS executed_at) AS new
          ORDER BY key
         ON CONFLICT (key) DO UPDATE
         SET state = excluded.state, decline_reason = excluded.decline_reason, calls = excluded.calls,
             executed_at = excluded.executed_at, updated_at = now()",
        &saved.key,
        &saved.authorization_key,
        &saved.kind as &[&str],
        &saved.amount_minor,
        &saved.state as &[&str],
        &saved.decline_reason as &[Option<&str>],
        &saved.calls,
        &saved.executed_at as &[Option<Timestamp>],
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// Authorizations, by column.
struct AuthorizationColumns<'a> {
    key: Vec<Uuid>,
    state: Vec<&'static str>,
    method: Vec<Option<&'a str>>,
    currency: Vec<Option<&'a str>>,
    authorized_minor: Vec<i64>,
    captured_minor: Vec<i64>,
    refunded_minor: Vec<i64>,
    refunded_by_void_minor: Vec<i64>,
    released_minor: Vec<i64>,
    decline_reason: Vec<Option<&'a str>>,
    voided_at: Vec<Option<Timestamp>>,
    charges: Vec<i32>,
    authorize_calls: Vec<i32>,
    void_calls: Vec<i32>,
    reauthorizations: Vec<i32>,
}

impl<'a> AuthorizationColumns<'a> {
    fn of(authorizations: &[&'a Authorization]) -> Self {
        let rows = || authorizations.iter().copied();
        Self {
            key: rows().map(|row| row.key.as_uuid()).collect(),
            state: rows().map(|row| row.state.into()).collect(),
            method: rows().map(|row| row.method.as_deref()).collect(),
            currency: rows().map(|row| row.currency.as_deref()).collect(),
            authorized_minor: rows().map(|row| row.authorized_minor).collect(),
            captured_minor: rows().map(|row| row.captured_minor).collect(),
            refunded_minor: rows().map(|row| row.refunded_minor).collect(),
            refunded_by_void_minor: rows().map(|row| row.refunded_by_void_minor).collect(),
            released_minor: rows().map(|row| row.released_minor).collect(),
            decline_reason: rows().map(|row| row.decline_reason.as_deref()).collect(),
            voided_at: rows().map(|row| row.voided_at).collect(),
            charges: rows().map(|row| row.charges).collect(),
            authorize_calls: rows().map(|row| row.authorize_calls).collect(),
            void_calls: rows().map(|row| row.void_calls).collect(),
            reauthorizations: rows().map(|row| row.reauthorizations).collect(),
        }
    }
}

/// Captures and refunds, by column.
struct EntryColumns<'a> {
    key: Vec<Uuid>,
    authorization_key: Vec<Uuid>,
    kind: Vec<&'static str>,
    amount_minor: Vec<i64>,
    state: Vec<&'static str>,
    decline_reason: Vec<Option<&'a str>>,
    executed_at: Vec<Option<Timestamp>>,
    calls: Vec<i32>,
}

impl<'a> EntryColumns<'a> {
    fn of(entries: &[&'a Entry]) -> Self {
        let rows = || entries.iter().copied();
        Self {
            key: rows().map(|row| row.key.as_uuid()).collect(),
            authorization_key: rows().map(|row| row.authorization.as_uuid()).collect(),
            kind: rows().map(|row| row.kind.into()).collect(),
            amount_minor: rows().map(|row| row.amount_minor).collect(),
            state: rows().map(|row| row.state.into()).collect(),
            decline_reason: rows().map(|row| row.decline_reason.as_deref()).collect(),
            executed_at: rows().map(|row| row.executed_at).collect(),
            calls: rows().map(|row| row.calls).collect(),
        }
    }
}

impl TryFrom<AuthorizationRow> for Authorization {
    type Error = sqlx::Error;

    fn try_from(row: AuthorizationRow) -> sqlx::Result<Self> {
        Ok(Self {
            key: ProviderKey::from_uuid(row.key),
            state: parse(&row.state)?,
            method: row.method,
            currency: row.currency,
            authorized_minor: row.authorized_minor,
            captured_minor: row.captured_minor,
            refunded_minor: row.refunded_minor,
            refunded_by_void_minor: row.refunded_by_void_minor,
            released_minor: row.released_minor,
            decline_reason: row.decline_reason,
            voided_at: row.voided_at,
            charges: row.charges,
            authorize_calls: row.authorize_calls,
            void_calls: row.void_calls,
            reauthorizations: row.reauthorizations,
        })
    }
}

impl TryFrom<EntryRow> for Entry {
    type Error = sqlx::Error;

    fn try_from(row: EntryRow) -> sqlx::Result<Self> {
        Ok(Self {
            key: ProviderKey::from_uuid(row.key),
            authorization: ProviderKey::from_uuid(row.authorization_key),
            kind: parse(&row.kind)?,
            amount_minor: row.amount_minor,
            state: parse(&row.state)?,
            decline_reason: row.decline_reason,
            executed_at: row.executed_at,
            calls: row.calls,
        })
    }
}

fn parse<T: FromStr<Err = strum::ParseError>>(text: &str) -> sqlx::Result<T> {
    text.parse().map_err(|unknown| sqlx::Error::Decode(Box::new(unknown)))
}
