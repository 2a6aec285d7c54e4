//! `RateLimit-Policy` and `RateLimit` of a response (draft-ietf-httpapi-ratelimit-headers-10): the policy that is closest
//! to its limit, and what is left of it.

use super::AppliedLimits;
use axum::http::{HeaderMap, HeaderName, HeaderValue};

const POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");
const LIMIT: HeaderName = HeaderName::from_static("ratelimit");

pub fn add_headers(headers: &mut HeaderMap, applied: &AppliedLimits) {
    let Some(allowance) = applied.tightest() else { return };
    let (class, quota) = (applied.class, allowance.quota);
    let policy = format!("\"{class}\";q={};w={}", quota.count, quota.window.as_secs());
    let limit = format!("\"{class}\";r={};t={}", allowance.remaining, allowance.reset_seconds());
    for (name, value) in [(POLICY, policy), (LIMIT, limit)] {
        headers.insert(name, HeaderValue::try_from(value).expect("visible ASCII"));
    }
}
