//! Use case: an admin has the personal data of a customer erased. The account is erased at once, and nobody can log in to
//! it any more. Its orders follow in batches ([`pending_erasures`]), which the scheduler erases in each slice.

use crate::hasher::NO_PASSWORD;
use crate::store::{self, erasures};
use crate::update_user::{ChangedBy, lock};
use crate::{AccountError, Accounts, ApiKeyId, Email, Erasure, Role};
use domain::Timestamp;
use domain::ids::UserId;
use platform::audit::{AuditRecord, AuditSink};
use platform::response::ResponseSink;
use sqlx::{PgConnection, PgPool};
use uuid::Uuid;

/// What other slices know of the customer. Runs in the transaction that erases the account.
pub trait PersonalRecords: Send + Sync {
    /// How many orders of the customer have not ended.
    fn open_orders(&self, tx: &mut PgConnection, customer: UserId) -> impl Future<Output = sqlx::Result<u64>> + Send;

    /// Erases what is recorded of the account and of its API keys.
    fn erase(
        &self,
        tx: &mut PgConnection,
        customer: UserId,
        keys: &[ApiKeyId],
    ) -> impl Future<Output = sqlx::Result<()>> + Send;
}

impl Accounts {
    /// Replaces what the account knows of the customer, and ends all access to it. Refused while an order has not ended:
    /// its goods could not be delivered. Repeating it changes nothing, and returns how far the erasure is.
    pub async fn erase_customer(
        &self,
        customer: UserId,
        (by, reason): (UserId, String),
        now: Timestamp,
        (recorder, records): (&(impl AuditSink + ResponseSink<Erasure>), &impl PersonalRecords),
    ) -> Result<Erasure, AccountError> {
        let mut tx = platform::postgres::begin(&self.pool).await?;
        let user = lock(&mut tx, customer, ChangedBy::Admin(by)).await?.user;
        if let Some(erasure) = erasures::find(&mut tx, customer).await? {
            recorder.store_response(&mut tx, &erasure).await?;
            tx.commit().await?;
            return Ok(erasure);
        }
        ensure_erasable(&mut tx, customer, user.role, records).await?;
        let keys = erase_account(&mut tx, customer, now).await?;
        records.erase(&mut tx, customer, &keys).await?;
        erasures::insert(&mut tx, customer, by, now).await?;
        recorder.record(&mut tx, record(customer, &user.email, reason)).await?;
        let erasure = Erasure { customer, requested_at: now, orders: 0, after: None, completed_at: None };
        recorder.store_response(&mut tx, &erasure).await?;
        tx.commit().await?;
        self.forget_status(customer);
        // Failed logins are counted for minutes only, so an unavailable Redis is no reason to fail.
        self.throttle.lift(user.email.as_str()).await;
        Ok(erasure)
    }
}

/// At most `limit` erasures that are not complete: those that were not continued for longest, and of these the oldest.
pub async fn pending_erasures(pool: &PgPool, limit: u32) -> Result<Vec<Erasure>, AccountError> {
    Ok(erasures::pending(&mut *platform::postgres::reader(pool).await?, limit).await?)
}

/// Stores how far an erasure is. A session that began while the account was erased is erased too.
pub async fn save_erasure(pool: &PgPool, erasure: &Erasure, now: Timestamp) -> Result<(), AccountError> {
    let mut tx = platform::postgres::begin(pool).await?;
    store::erase_sessions_of(&mut tx, erasure.customer, now).await?;
    erasures::save(&mut tx, erasure, now).await?;
    Ok(tx.commit().await?)
}

async fn ensure_erasable(
    tx: &mut PgConnection,
    customer: UserId,
    role: Role,
    records: &impl PersonalRecords,
) -> Result<(), AccountError> {
    if role != Role::Customer {
        return Err(AccountError::NotCustomer(role));
    }
    match records.open_orders(tx, customer).await? {
        0 => Ok(()),
        open => Err(AccountError::OpenOrders(open)),
    }
}

/// Returns the API keys of the account.
async fn erase_account(tx: &mut PgConnection, customer: UserId, now: Timestamp) -> Result<Vec<ApiKeyId>, AccountError> {
    // `.invalid` never receives mail (RFC 2606). Nobody can sign up with a random address beforehand.
    let email: Email = format!("erased-{}@erased.invalid", Uuid::new_v4().simple()).parse()?;
    erasures::erase_user(tx, customer, &email, NO_PASSWORD, now).await?;
    store::erase_sessions_of(tx, customer, now).await?;
    store::stream_tickets::delete_of(tx, customer).await?;
    Ok(store::api_keys::erase_of(tx, customer, now).await?)
}

/// The reason must not name the address that was just erased.
fn record(customer: UserId, email: &Email, reason: String) -> AuditRecord {
    let names_address = reason.to_ascii_lowercase().contains(email.as_str());
    let reason = Some(if names_address { "erased".to_owned() } else { reason });
    AuditRecord { action: "customer.erase", subject: format!("user:{customer}"), reason, before: None, after: None }
}
