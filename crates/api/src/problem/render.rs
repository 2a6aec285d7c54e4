//! Renders problems as response bodies and headers.

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

/// An error (RFC 9457).
#[derive(Debug, Serialize, ToSchema)]
pub struct ProblemBody<'a> {
    /// Identifies the kind of problem; a link to its documentation.
    #[serde(rename = "type")]
    #[schema(example = "/problems/validation")]
    type_uri: String,
    title: &'a str,
    #[schema(example = 422)]
    status: u16,
    /// What went wrong with this request.
    detail: &'a str,
    /// The last part of `type`, for programs to branch on.
    #[schema(example = "validation")]
    code: &'a str,
    /// The path of the request.
    instance: &'a str,
    request_id: &'a str,
    /// One entry per invalid field or parameter.
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    errors: &'a [FieldError],
}

/// Writes the body of a problem response. Must run outside every layer that can respond with a problem.
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
