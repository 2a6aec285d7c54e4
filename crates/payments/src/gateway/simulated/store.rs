//! SQL of the simulated gateway's ledger: tables `payments.simulated_gateway_authorizations` and
//! `payments.simulated_gateway_movements`.

use super::ledger::{Authorization, Entry, LedgerSnapshot};
use domain::ids::ProviderKey;
use sqlx::PgConnection;
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
    charges: i32,
    authorize_calls: i32,
    void_calls: i32,
}

struct EntryRow {
    key: Uuid,
    authorization_key: Uuid,
    kind: String,
    amount_minor: i64,
    state: String,
    decline_reason: Option<String>,
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
    let columns = Columns::of(authorizations);
    let inserted = sqlx::query_scalar!(
        "INSERT INTO payments.simulated_gateway_authorizations
             (key, state, method, currency, authorized_minor, captured_minor, refunded_minor, refunded_by_void_minor,
              released_minor, decline_reason, charges, authorize_calls, void_calls)
         SELECT key, state, method, currency, authorized, 0, 0, 0, 0, reason, charges, authorize_calls, void_calls
         FROM UNNEST($1::uuid[], $2::text[], $3::text[], $4::text[], $5::bigint[], $6::text[], $7::integer[],
                     $8::integer[], $9::integer[])
              AS new (key, state, method, currency, authorized, reason, charges, authorize_calls, void_calls)
         ORDER BY key
         ON CONFLICT (key) DO NOTHING
         RETURNING key",
        &columns.keys,
        &columns.states as &[&str],
        &columns.methods as &[Option<&str>],
        &columns.currencies as &[Option<&str>],
        &columns.authorized,
        &columns.reasons as &[Option<&str>],
        &columns.charges,
        &columns.authorize_calls,
        &columns.void_calls,
    )
    .fetch_all(tx)
    .await?;
    Ok(inserted.into_iter().map(ProviderKey::from_uuid).collect())
}

/// The ledger rows with these `keys`. Authorizations are locked until the transaction ends.
pub(super) async fn load(tx: &mut PgConnection, keys: &[ProviderKey]) -> sqlx::Result<LedgerSnapshot> {
    let keys: Vec<_> = keys.iter().map(ProviderKey::as_uuid).collect();
    let authorizations = sqlx::query_as!(
        AuthorizationRow,
        "SELECT key, state, method, currency, authorized_minor, captured_minor, refunded_minor, refunded_by_void_minor,
                released_minor, decline_reason, charges, authorize_calls, void_calls
         FROM payments.simulated_gateway_authorizations WHERE key = ANY($1) ORDER BY key FOR NO KEY UPDATE",
        &keys,
    )
    .fetch_all(&mut *tx)
    .await?;
    // Read after the authorizations are locked: captures and refunds are written under the lock of their authorization.
    let entries = sqlx::query_as!(
        EntryRow,
        "SELECT key, authorization_key, kind, amount_minor, state, decline_reason, calls
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
    save_authorizations(tx, &Columns::of(&snapshot.authorizations.values().collect::<Vec<_>>())).await?;
    save_entries(tx, snapshot.entries.values().collect()).await
}

async fn save_authorizations(tx: &mut PgConnection, columns: &Columns<'_>) -> sqlx::Result<()> {
    if columns.keys.is_empty() {
        return Ok(());
    }
    sqlx::query!(
        "UPDATE payments.simulated_gateway_authorizations AS page
         SET state = new.state, method = new.method, currency = new.currency, authorized_minor = new.authorized,
             captured_minor = new.captured, refunded_minor = new.refunded, refunded_by_void_minor = new.given_back,
             released_minor = new.released, decline_reason = new.reason, charges = new.charges,
             authorize_calls = new.authorize_calls, void_calls = new.void_calls, updated_at = now()
         FROM UNNEST($1::uuid[], $2::text[], $3::text[], $4::text[], $5::bigint[], $6::bigint[], $7::bigint[],
                     $8::bigint[], $9::bigint[], $10::text[], $11::integer[], $12::integer[], $13::integer[])
              AS new (key, state, method, currency, authorized, captured, refunded, given_back, released, reason,
                      charges, authorize_calls, void_calls)
         WHERE page.key = new.key",
        &columns.keys,
        &columns.states as &[&str],
        &columns.methods as &[Option<&str>],
        &columns.currencies as &[Option<&str>],
        &columns.authorized,
        &columns.captured,
        &columns.refunded,
        &columns.refunded_by_void,
        &columns.released,
        &columns.reasons as &[Option<&str>],
        &columns.charges,
        &columns.authorize_calls,
        &columns.void_calls,
    )
    .execute(tx)
    .await?;
    Ok(())
}

async fn save_entries(tx: &mut PgConnection, entries: Vec<&Entry>) -> sqlx::Result<()> {
    if entries.is_empty() {
        return Ok(());
    }
    let keys: Vec<_> = entries.iter().map(|entry| entry.key.as_uuid()).collect();
    let authorizations: Vec<_> = entries.iter().map(|entry| entry.authorization.as_uuid()).collect();
    let kinds: Vec<&str> = entries.iter().map(|entry| entry.kind.into()).collect();
    let amounts: Vec<_> = entries.iter().map(|entry| entry.amount_minor).collect();
    let states: Vec<&str> = entries.iter().map(|entry| entry.state.into()).collect();
    let reasons: Vec<_> = entries.iter().map(|entry| entry.decline_reason.as_deref()).collect();
    let calls: Vec<_> = entries.iter().map(|entry| entry.calls).collect();
    sqlx::query!(
        "INSERT INTO payments.simulated_gateway_movements
             (key, authorization_key, kind, amount_minor, state, decline_reason, calls)
         SELECT key, authorization_key, kind, amount_minor, state, decline_reason, calls
         FROM UNNEST($1::uuid[], $2::uuid[], $3::text[], $4::bigint[], $5::text[], $6::text[], $7::integer[])
              AS new (key, authorization_key, kind, amount_minor, state, decline_reason, calls)
         ORDER BY key
         ON CONFLICT (key) DO UPDATE
         SET state = excluded.state, decline_reason = excluded.decline_reason, calls = excluded.calls,
             updated_at = now()",
        &keys,
        &authorizations,
        &kinds as &[&str],
        &amounts,
        &states as &[&str],
        &reasons as &[Option<&str>],
        &calls,
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// Authorizations as arrays, one per column, for set-based statements.
struct Columns<'a> {
    keys: Vec<Uuid>,
    states: Vec<&'static str>,
    methods: Vec<Option<&'a str>>,
    currencies: Vec<Option<&'a str>>,
    authorized: Vec<i64>,
    captured: Vec<i64>,
    refunded: Vec<i64>,
    refunded_by_void: Vec<i64>,
    released: Vec<i64>,
    reasons: Vec<Option<&'a str>>,
    charges: Vec<i32>,
    authorize_calls: Vec<i32>,
    void_calls: Vec<i32>,
}

impl<'a> Columns<'a> {
    fn of(authorizations: &[&'a Authorization]) -> Self {
        let rows = || authorizations.iter().copied();
        Self {
            keys: rows().map(|row| row.key.as_uuid()).collect(),
            states: rows().map(|row| row.state.into()).collect(),
            methods: rows().map(|row| row.method.as_deref()).collect(),
            currencies: rows().map(|row| row.currency.as_deref()).collect(),
            authorized: rows().map(|row| row.authorized_minor).collect(),
            captured: rows().map(|row| row.captured_minor).collect(),
            refunded: rows().map(|row| row.refunded_minor).collect(),
            refunded_by_void: rows().map(|row| row.refunded_by_void_minor).collect(),
            released: rows().map(|row| row.released_minor).collect(),
            reasons: rows().map(|row| row.decline_reason.as_deref()).collect(),
            charges: rows().map(|row| row.charges).collect(),
            authorize_calls: rows().map(|row| row.authorize_calls).collect(),
            void_calls: rows().map(|row| row.void_calls).collect(),
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
            charges: row.charges,
            authorize_calls: row.authorize_calls,
            void_calls: row.void_calls,
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
            calls: row.calls,
        })
    }
}

fn parse<T: FromStr<Err = strum::ParseError>>(text: &str) -> sqlx::Result<T> {
    text.parse().map_err(|unknown| sqlx::Error::Decode(Box::new(unknown)))
}
