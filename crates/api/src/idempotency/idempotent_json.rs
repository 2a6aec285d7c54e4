//! Extracts a JSON body together with the identity of the request under its idempotency key.

use super::{IdempotentResponse, Recorder, key};
use crate::body::{FromJson, read_json};
use crate::problem::Problem;
use axum::RequestExt as _;
use axum::extract::{FromRequest, MatchedPath, Request};
use domain::ids::PrincipalId;
use operations::Auditor;
use operations::idempotent_responses::RequestKey;
use orders::Intake;
use sha2::{Digest, Sha256};

/// Extracts the JSON body of a request that may have an idempotency key.
#[derive(Debug)]
pub struct IdempotentJson<T> {
    pub body: T,
    pub idempotency: Idempotency,
}

/// The key of the request and what it was sent with; empty without a key.
#[derive(Debug, Clone)]
pub struct Idempotency(Option<KeyUse>);

#[derive(Debug, Clone)]
struct KeyUse {
    /// Method and path template: keys of different routes are independent.
    route: String,
    key: String,
    /// SHA-256 of path, query and canonical body: detects a key that is reused for another request.
    fingerprint: [u8; 32],
}

impl<S: Send + Sync, T: FromJson> FromRequest<S> for IdempotentJson<T> {
    type Rejection = Problem;

    async fn from_request(mut request: Request, _state: &S) -> Result<Self, Problem> {
        let key = key::find(request.headers())?;
        let template = request.extract_parts::<MatchedPath>().await;
        let template = template.map_err(|error| Problem::internal(format!("the route has no path: {error}")))?;
        let route = format!("{} {}", request.method(), template.as_str());
        let mut hash = Sha256::new();
        hash.update(request.uri().path_and_query().map_or("", |target| target.as_str()));
        let (body, canonical) = read_json(request, key.is_some()).await?;
        let key_use = |(key, canonical): (orders::IdempotencyKey, Vec<u8>)| KeyUse {
            route,
            key: key.as_str().to_owned(),
            fingerprint: hash.chain_update(b"\n").chain_update(canonical).finalize().into(),
        };
        Ok(Self { body, idempotency: Idempotency(key.zip(canonical).map(key_use)) })
    }
}

impl Idempotency {
    /// Records the changes of this request in the audit log, and its response under the key.
    pub fn recorder<T>(
        self,
        principal: PrincipalId,
        auditor: Auditor,
        intake: &Intake,
        render: fn(&T) -> IdempotentResponse,
    ) -> Recorder<T> {
        let request_key = |KeyUse { route, key, fingerprint }| RequestKey { principal, route, key, fingerprint };
        let kept_since = intake.keys_kept_since(auditor.at);
        Recorder::new(auditor, self.0.map(request_key), kept_since, render)
    }
}
