//! A response that is stored under an idempotency key and can be replayed.

use super::REPLAYED;
use axum::http::header::{CONTENT_TYPE, LOCATION};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use operations::idempotent_responses::StoredResponse;
use serde::Serialize;

const JSON: HeaderValue = HeaderValue::from_static("application/json");

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdempotentResponse {
    pub stored: StoredResponse,
    pub replayed: bool,
}

impl IdempotentResponse {
    /// # Panics
    /// Never: bodies are plain data, which always serializes.
    pub fn json(status: StatusCode, body: &impl Serialize) -> Self {
        let body = serde_json::to_string(body).expect("bodies are plain data");
        Self { stored: StoredResponse { status: status.as_u16(), location: None, body }, replayed: false }
    }

    #[must_use]
    pub fn with_location(mut self, location: String) -> Self {
        self.stored.location = Some(location);
        self
    }
}

impl IntoResponse for IdempotentResponse {
    fn into_response(self) -> Response {
        let StoredResponse { status, location, body } = self.stored;
        let status = StatusCode::from_u16(status).unwrap_or(StatusCode::OK);
        let mut response = (status, [(CONTENT_TYPE, JSON)], body).into_response();
        let location = location.and_then(|location| HeaderValue::try_from(location).ok());
        response.headers_mut().extend(location.map(|location| (LOCATION, location)));
        if self.replayed {
            response.headers_mut().insert(REPLAYED, HeaderValue::from_static("true"));
        }
        response
    }
}
