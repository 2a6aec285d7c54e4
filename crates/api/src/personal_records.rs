//! What other slices do in the transaction that erases an account.

use accounts::{ApiKeyId, PersonalRecords};
use domain::ids::{PrincipalId, UserId};
use operations::personal_records;
use sqlx::PgConnection;

#[derive(Debug, Clone, Copy)]
pub struct OfOtherSlices;

impl PersonalRecords for OfOtherSlices {
    async fn open_orders(&self, tx: &mut PgConnection, customer: UserId) -> sqlx::Result<u64> {
        orders::count_open_orders(tx, customer).await
    }

    async fn erase(&self, tx: &mut PgConnection, customer: UserId, keys: &[ApiKeyId]) -> sqlx::Result<()> {
        personal_records::erase_audit_texts(tx, &subjects_of(customer, keys)).await?;
        let of_keys = keys.iter().map(|key| PrincipalId::from_uuid(key.as_uuid()));
        let principals: Vec<_> = std::iter::once(PrincipalId::from(customer)).chain(of_keys).collect();
        personal_records::delete_responses(tx, &principals).await
    }
}

/// The names of an account and its keys as subjects of audit records.
pub fn subjects_of(user: UserId, keys: &[ApiKeyId]) -> Vec<String> {
    let of_keys = keys.iter().map(|key| format!("api_key:{key}"));
    std::iter::once(format!("user:{user}")).chain(of_keys).collect()
}
