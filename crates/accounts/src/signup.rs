//! Anybody may sign up, and becomes a customer.

use crate::{AccountError, Accounts, Email, Password, Role, User, store};
use domain::Timestamp;
use domain::ids::UserId;
use uuid::Uuid;

#[derive(Debug)]
pub struct SignUp {
    pub email: Email,
    pub password: Password,
}

/// What came of it. Whoever must not learn which addresses are known shows both the same.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SignedUp {
    Now(User),
    /// The address has an account, which is left as it was. The user shown here exists nowhere.
    Taken(User),
}

impl Accounts {
    pub async fn signup(&self, request: SignUp, now: Timestamp) -> Result<SignedUp, AccountError> {
        // Hashed in any case: a taken address must not answer sooner.
        let hash = self.hasher.hash(request.password.into_secret()).await?;
        let id = UserId::from_uuid(Uuid::now_v7());
        let user = User { id, email: request.email, role: Role::Customer, created_at: now };
        let mut tx = platform::postgres::begin(&self.pool).await?;
        let is_new = store::insert_user(&mut tx, &user, &hash).await?;
        tx.commit().await?;
        Ok(if is_new { SignedUp::Now(user) } else { SignedUp::Taken(user) })
    }
}
