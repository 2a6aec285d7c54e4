//! Use cases: issue and redeem a ticket, with which a browser opens the stream of one order. A ticket is valid once and
//! for a short time, since it is part of a URL, which may be logged.

use crate::principal::Principal;
use crate::secret_token::{TokenHash, generate};
use crate::store::stream_tickets::{self as store, StreamTicket};
use crate::{AccountError, Accounts, KeyUse, TokenError};
use chrono::TimeDelta;
use domain::Timestamp;
use domain::ids::OrderId;
use secrecy::SecretString;

const VALID_FOR: TimeDelta = TimeDelta::seconds(30);

#[derive(Debug, Clone)]
pub struct IssuedTicket {
    pub ticket: SecretString,
    pub expires_at: Timestamp,
}

impl Accounts {
    /// A ticket for the stream of `order`. The stream ends when the access of `principal` ends.
    pub async fn issue_stream_ticket(
        &self,
        principal: Principal,
        order: OrderId,
        now: Timestamp,
    ) -> Result<IssuedTicket, AccountError> {
        let (ticket, hash) = generate();
        let expires_at = now + VALID_FOR;
        let stored = StreamTicket {
            user: principal.id,
            session: principal.session,
            api_key: principal.key.map(|key| key.id),
            token_version: principal.token_version,
            access_until: Some(principal.until).filter(|until| *until < Timestamp::MAX_UTC),
        };
        let mut connection = platform::postgres::writer(&self.pool).await?;
        store::insert(&mut connection, &hash, &stored, order, expires_at).await?;
        connection.commit().await?;
        Ok(IssuedTicket { ticket, expires_at })
    }

    /// The principal that the ticket was issued to, as they are now. A ticket can't be redeemed twice.
    pub async fn redeem_stream_ticket(
        &self,
        ticket: &SecretString,
        order: OrderId,
        now: Timestamp,
    ) -> Result<Principal, AccountError> {
        let hash = TokenHash::of(ticket).ok_or(TokenError::TicketInvalid)?;
        let mut connection = platform::postgres::writer(&self.pool).await?;
        let taken = store::take(&mut connection, &hash, order, now).await?;
        connection.commit().await?;
        let taken = taken.ok_or(TokenError::TicketInvalid)?;
        let principal = self.principal_of(&taken, now).await?;
        if !self.is_current(principal, now).await? {
            return Err(TokenError::Revoked.into());
        }
        Ok(principal)
    }

    async fn principal_of(&self, ticket: &StreamTicket, now: Timestamp) -> Result<Principal, AccountError> {
        let until = ticket.access_until.unwrap_or(Timestamp::MAX_UTC);
        let (status, key) = match ticket.api_key {
            Some(id) => {
                let key = self.find_key(id, now).await?.ok_or(TokenError::Revoked)?;
                (key.status, Some(KeyUse { id, scopes: key.scopes }))
            }
            None => (self.find_status(ticket.user, ticket.session, now).await?.ok_or(TokenError::Revoked)?, None),
        };
        Ok(Principal {
            id: ticket.user,
            role: status.role,
            session: ticket.session,
            must_change_password: status.must_change_password,
            key,
            until,
            token_version: ticket.token_version,
        })
    }
}
