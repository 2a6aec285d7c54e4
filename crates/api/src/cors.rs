//! Cross-origin requests: which web pages may call the API from a browser (Fetch standard, CORS protocol).
//!
//! Tokens are sent in a header and never in cookies, so credentials mode is not allowed.

use crate::idempotency::{IDEMPOTENCY_KEY, REPLAYED};
use crate::request_id::X_REQUEST_ID;
use axum::http::header::{
    ACCEPT, AUTHORIZATION, CONTENT_TYPE, ETAG, HeaderName, HeaderValue, IF_MATCH, IF_NONE_MATCH, LOCATION, RETRY_AFTER,
    WWW_AUTHENTICATE,
};
use axum::http::{Method, Uri};
use std::time::Duration;
use tower_http::cors::{AllowOrigin, CorsLayer};

const LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");
/// How long a browser may remember the answer to a preflight request.
const PREFLIGHT_MAX_AGE: Duration = Duration::from_hours(1);

/// An origin as a browser sends it: `https://shop.example`, or `*` for every origin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AllowedOrigin(HeaderValue);

impl std::str::FromStr for AllowedOrigin {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let invalid =
            || format!("`{text}` is not an origin such as https://shop.example or https://localhost:3000, or *");
        if text != "*" {
            let uri: Uri = text.parse().map_err(|_not_a_uri| invalid())?;
            let is_web = matches!(uri.scheme_str(), Some("http" | "https"));
            if !is_web || uri.authority().is_none() || text.matches('/').count() != 2 {
                return Err(invalid());
            }
        }
        HeaderValue::from_str(&text.to_ascii_lowercase()).map(Self).map_err(|_not_ascii| invalid())
    }
}

/// Without origins, browsers let no other site read a response.
pub fn layer(origins: &[AllowedOrigin]) -> CorsLayer {
    let is_any = origins.iter().any(|origin| origin.0 == "*");
    let listed = origins.iter().map(|origin| origin.0.clone());
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
