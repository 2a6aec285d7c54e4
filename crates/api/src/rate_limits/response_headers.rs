//! `RateLimit-Policy` and `RateLimit` of a response (draft-ietf-httpapi-ratelimit-headers-10): the policy that is closest
//! to its limit, and what is left of it.

use super::AppliedLimits;
use axum::http::{HeaderMap, HeaderName, HeaderValue};

const POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");
const LIMIT: HeaderName = HeaderName::from_static("ratelimit");

pub fn add_headers(headers: &mut HeaderMap, applied: &AppliedLimits) {
    let Some(allowance) = applied.tightest() else { return };
    let (class, quota) = (applied.class, allowance.quota);
    // Rounded up, so that a client that waits this long is admitted.
    let reset = allowance.reset.as_secs() + u64::from(allowance.reset.subsec_nanos() > 0);
    let policy = format!("\"{class}\";q={};w={}", quota.count, quota.window.as_secs());
    let limit = format!("\"{class}\";r={};t={reset}", allowance.remaining);
    for (name, value) in [(POLICY, policy), (LIMIT, limit)] {
        headers.insert(name, HeaderValue::try_from(value).expect("visible ASCII"));
    }
}
