//! A body, and what tells a repeated request from another one.

use super::{Answer, Recorder, key};
use crate::auth::Caller;
use crate::body::{FromJson, read_json};
use crate::problem::Problem;
use crate::request_id::RequestId;
use crate::state::AppState;
use axum::RequestExt as _;
use axum::extract::{FromRequest, MatchedPath, Request};
use operations::answers::RequestKey;
use sha2::{Digest, Sha256};

/// Extracts a JSON body of a request that may have a key.
#[derive(Debug)]
pub struct Keyed<T> {
    pub body: T,
    pub repeat: Repeat,
}

/// What the request is repeated by; nothing when it has no key.
#[derive(Debug, Clone)]
pub struct Repeat(Option<Use>);

#[derive(Debug, Clone)]
struct Use {
    route: String,
    key: String,
    fingerprint: [u8; 32],
}

impl<S: Send + Sync, T: FromJson> FromRequest<S> for Keyed<T> {
    type Rejection = Problem;

    async fn from_request(mut request: Request, _state: &S) -> Result<Self, Problem> {
        let key = key::given(request.headers())?;
        let template = request.extract_parts::<MatchedPath>().await;
        let template = template.map_err(|error| Problem::internal(format!("the route has no path: {error}")))?;
        let route = format!("{} {}", request.method(), template.as_str());
        let mut hash = Sha256::new();
        hash.update(request.uri().path_and_query().map_or("", |target| target.as_str()));
        let (body, canonical) = read_json(request, key.is_some()).await?;
        hash.update(b"\n");
        hash.update(canonical);
        let in_use = |key: orders::IdempotencyKey| Use {
            route,
            key: key.as_str().to_owned(),
            fingerprint: hash.finalize().into(),
        };
        Ok(Self { body, repeat: Repeat(key.map(in_use)) })
    }
}

impl Repeat {
    /// Records what the caller changes by this request, and the answer under its key.
    pub fn recorder<T>(
        self,
        state: &AppState,
        caller: Caller,
        request: &RequestId,
        render: fn(&T) -> Answer,
    ) -> Recorder<T> {
        let named = |Use { route, key, fingerprint }| RequestKey { principal: caller.id, route, key, fingerprint };
        let now = platform::clock::now();
        Recorder::new(caller.auditor(request, now), self.0.map(named), state.intake.keys_kept_since(now), render)
    }
}
