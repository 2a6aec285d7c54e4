//! Cross-origin requests: which web pages may call the API from a browser (Fetch standard, CORS protocol).
//!
//! Tokens are sent in a header and never in cookies, so credentials mode is not allowed.

use crate::allowed_origin::AllowedOrigin;
use crate::idempotency::{IDEMPOTENCY_KEY, REPLAYED};
use crate::request_id::X_REQUEST_ID;
use axum::http::Method;
use axum::http::header::{
    ACCEPT, AUTHORIZATION, CONTENT_TYPE, ETAG, HeaderName, IF_MATCH, IF_NONE_MATCH, LOCATION, RETRY_AFTER,
    WWW_AUTHENTICATE,
};
use std::time::Duration;
use tower_http::cors::{AllowOrigin, CorsLayer};

const LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");
/// How long a browser may remember the answer to a preflight request.
const PREFLIGHT_MAX_AGE: Duration = Duration::from_hours(1);

/// Without origins, browsers let no other site read a response.
pub fn layer(origins: &[AllowedOrigin]) -> CorsLayer {
    let is_any = origins.iter().any(AllowedOrigin::is_any);
    let listed = origins.iter().map(|origin| origin.as_header().clone());
    let allowed = if is_any { AllowOrigin::any() } else { AllowOrigin::list(listed) };
    CorsLayer::new()
        .allow_origin(allowed)
        .allow_methods([Method::GET, Method::POST, Method::PUT, Method::PATCH, Method::DELETE])
        .allow_headers([
            ACCEPT,
            AUTHORIZATION,
            CONTENT_TYPE,
            IF_MATCH,
            IF_NONE_MATCH,
            HeaderName::from_static(IDEMPOTENCY_KEY),
            LAST_EVENT_ID,
            X_REQUEST_ID,
        ])
        .expose_headers([
            ETAG,
            LOCATION,
            RETRY_AFTER,
            WWW_AUTHENTICATE,
            HeaderName::from_static(REPLAYED),
            HeaderName::from_static("ratelimit"),
            HeaderName::from_static("ratelimit-policy"),
            X_REQUEST_ID,
        ])
        .max_age(PREFLIGHT_MAX_AGE)
}
