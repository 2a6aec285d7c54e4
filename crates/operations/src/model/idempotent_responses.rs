//! Requests with an idempotency key, and their stored responses.

use domain::ids::PrincipalId;

/// Identifies a request with an idempotency key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestKey {
    pub principal: PrincipalId,
    /// Method and path template.
    pub route: String,
    /// The idempotency key, chosen by the caller.
    pub key: String,
    /// SHA-256 of the request's content. A repeat under the same key must have the same content.
    pub fingerprint: [u8; 32],
}

/// The first response to a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredResponse {
    pub status: u16,
    pub location: Option<String>,
    pub body: String,
}

/// An earlier use of a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EarlierUse {
    /// The same request, with its response.
    Same(StoredResponse),
    /// A request with other content.
    Other,
}
