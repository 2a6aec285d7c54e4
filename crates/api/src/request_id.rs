//! Request ids: the client's `x-request-id` if it is well-formed, else a new one. The id is in the response, in the
//! log, and is the correlation id of every message that results from the request.

use axum::extract::{FromRequestParts, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, HeaderValue};
use messaging::Trace;
use std::convert::Infallible;
use std::sync::Arc;
use uuid::Uuid;

pub const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");
const REQUEST_ID_LENGTH_MAX: usize = 128;
/// `00-<32 hex>-<16 hex>-<2 hex>`
const TRACEPARENT_LENGTH: usize = 55;

#[derive(Debug, Clone)]
pub struct RequestId(Arc<str>);

impl RequestId {
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Determines the id and adds it to the request's extensions.
    pub fn assign(request: &mut Request) -> Self {
        let id = Self::of(request.headers());
        request.extensions_mut().insert(id.clone());
        id
    }

    /// Adds the id to the response headers.
    pub fn add_to(&self, headers: &mut HeaderMap) {
        if let Ok(id) = HeaderValue::from_str(self.as_str()) {
            headers.insert(X_REQUEST_ID, id);
        }
    }

    fn of(headers: &HeaderMap) -> Self {
        let given = headers.get(X_REQUEST_ID).and_then(|value| value.to_str().ok()).filter(|id| is_well_formed(id));
        Self(given.map_or_else(|| Uuid::now_v7().to_string().into(), Arc::from))
    }
}

/// Ids are logged and stored, so their length and characters are restricted.
fn is_well_formed(id: &str) -> bool {
    let legal = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.:".contains(&byte);
    (1..=REQUEST_ID_LENGTH_MAX).contains(&id.len()) && id.bytes().all(legal)
}

impl<S: Sync> FromRequestParts<S> for RequestId {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Infallible> {
        Ok(parts.extensions.get::<Self>().cloned().unwrap_or_else(|| Self::of(&parts.headers)))
    }
}

/// The trace context of all messages that result from the request.
#[derive(Debug, Clone)]
pub struct RequestTrace(pub Trace);

impl<S: Sync> FromRequestParts<S> for RequestTrace {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Infallible> {
        let id = RequestId::from_request_parts(parts, state).await?;
        let traceparent = parts.headers.get(TRACEPARENT).and_then(|value| value.to_str().ok());
        let traceparent = traceparent.filter(|text| is_traceparent(text)).map(ToOwned::to_owned);
        Ok(Self(Trace { correlation_id: id.as_str().to_owned(), causation_id: None, traceparent }))
    }
}

fn is_traceparent(text: &str) -> bool {
    let lengths: Vec<_> = text.split('-').map(str::len).collect();
    let legal = |byte: u8| byte == b'-' || matches!(byte, b'0'..=b'9' | b'a'..=b'f');
    text.len() == TRACEPARENT_LENGTH && lengths == [2, 32, 16, 2] && text.bytes().all(legal)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id_of(given: &'static str) -> String {
        let headers = HeaderMap::from_iter([(X_REQUEST_ID, HeaderValue::from_static(given))]);
        RequestId::of(&headers).as_str().to_owned()
    }

    #[test]
    fn a_well_formed_id_of_the_client_is_kept_and_any_other_is_replaced() {
        assert_eq!(id_of("shop-17.retry:2"), "shop-17.retry:2");
        for bad in ["", "two words", "{\"json\":1}", "id\tid"] {
            assert_ne!(id_of(bad), bad);
            assert_eq!(id_of(bad).len(), 36);
        }
    }

    #[test]
    fn only_a_w3c_traceparent_is_passed_on() {
        assert!(is_traceparent("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"));
        for bad in ["", "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01", &"0".repeat(55), &"-".repeat(55)] {
            assert!(!is_traceparent(bad), "{bad}");
        }
    }
}
