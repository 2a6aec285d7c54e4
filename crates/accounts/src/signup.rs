//! Sign-up: creates an account with the role `customer`.

use crate::store::{self, Account};
use crate::{AccountError, Accounts, Client, Email, FullName, Password, Role, SecurityEvent, Session, User};
use domain::Timestamp;
use domain::ids::UserId;
use sqlx::{Postgres, Transaction};
use uuid::Uuid;

#[derive(Debug)]
pub struct SignUp {
    pub email: Email,
    pub password: Password,
    pub full_name: Option<FullName>,
    pub client: Client,
}

impl Accounts {
    /// Creates an account and opens its first session.
    pub async fn signup(&self, request: SignUp, now: Timestamp) -> Result<Session, AccountError> {
        let client = request.client.clone();
        let (mut tx, account) = self.insert_customer(request, now).await?;
        let session = self.open_session(&mut tx, account, &client, now).await?;
        tx.commit().await?;
        SecurityEvent::SignedUp.record(Some(session.user.id), client.address);
        Ok(session)
    }

    /// Creates an account unless the address has one. The response must not reveal which, so no session is opened.
    pub async fn signup_discreetly(&self, request: SignUp, now: Timestamp) -> Result<(), AccountError> {
        let address = request.client.address;
        let (tx, account) = match self.insert_customer(request, now).await {
            Err(AccountError::EmailTaken) => return Ok(()),
            inserted => inserted?,
        };
        tx.commit().await?;
        SecurityEvent::SignedUp.record(Some(account.user.id), address);
        Ok(())
    }

    async fn insert_customer(
        &self,
        request: SignUp,
        now: Timestamp,
    ) -> Result<(Transaction<'static, Postgres>, Account), AccountError> {
        request.password.ensure_fits(&request.email, &self.forbidden_words)?;
        // Hashed before the address is checked: a taken address must not get a faster response.
        let password_hash = self.hasher.hash(request.password.into_secret()).await?;
        let SignUp { email, full_name, .. } = request;
        let id = UserId::from_uuid(Uuid::now_v7());
        let user = User { id, email, full_name, role: Role::Customer, created_at: now };
        let mut tx = platform::postgres::begin(&self.pool).await?;
        if !store::insert_user(&mut tx, &user, &password_hash, false).await? {
            return Err(AccountError::EmailTaken);
        }
        Ok((tx, Account { user, password_hash, token_version: 0, is_disabled: false, must_change_password: false }))
    }
}
