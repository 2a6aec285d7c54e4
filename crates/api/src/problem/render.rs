//! Writes problems out.

use super::{FieldError, Problem};
use crate::request_id::RequestId;
use axum::body::Body;
use axum::http::header::{CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use axum::http::{HeaderMap, HeaderValue};
use axum::response::Response;
use serde::Serialize;
use std::sync::Arc;
use utoipa::ToSchema;

const PROBLEM_JSON: HeaderValue = HeaderValue::from_static("application/problem+json; charset=utf-8");

/// A problem as clients see it (RFC 9457).
#[derive(Debug, Serialize, ToSchema)]
pub struct ProblemBody<'a> {
    /// Names the kind of problem, and can be followed.
    #[serde(rename = "type")]
    #[schema(example = "/problems/validation")]
    type_uri: String,
    title: &'a str,
    #[schema(example = 422)]
    status: u16,
    /// What is wrong this time.
    detail: &'a str,
    /// The last part of `type`: what to branch on.
    #[schema(example = "validation")]
    code: &'a str,
    /// The path that was asked for.
    instance: &'a str,
    request_id: &'a str,
    /// Each part of the request that is wrong.
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    errors: &'a [FieldError],
}

/// Gives a problem's answer its body. It stands outside everything that may answer with a problem.
pub fn render(response: &mut Response, path: &str, id: &RequestId) {
    if let Some(problem) = response.extensions().get::<Arc<Problem>>().cloned() {
        *response.body_mut() = Body::from(problem.to_json(path, id));
        problem.add_headers(response.headers_mut());
    }
}

impl Problem {
    pub fn body<'a>(&'a self, path: &'a str, request_id: &'a str) -> ProblemBody<'a> {
        ProblemBody {
            type_uri: format!("/problems/{}", self.kind.slug()),
            title: self.kind.title(),
            status: self.kind.status().as_u16(),
            detail: &self.detail,
            code: self.kind.slug(),
            instance: path,
            request_id,
            errors: &self.errors,
        }
    }

    fn to_json(&self, path: &str, id: &RequestId) -> Vec<u8> {
        serde_json::to_vec(&self.body(path, id.as_str())).expect("a problem is plain data")
    }

    fn add_headers(&self, headers: &mut HeaderMap) {
        headers.insert(CONTENT_TYPE, PROBLEM_JSON);
        if let Some(wait) = self.retry_after {
            headers.insert(RETRY_AFTER, HeaderValue::from(wait.as_secs().max(1)));
        }
        if let Some(challenge) = self.kind.challenge() {
            headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static(challenge));
        }
    }
}
