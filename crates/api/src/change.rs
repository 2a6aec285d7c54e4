//! The extractors of routes that change something: who changes it ([`Audited`]), and a task of its own that finishes the
//! change whatever happens to the client's connection ([`Detached`]).

use crate::auth::{Allowed, Caller};
use crate::idempotency::{Idempotency, IdempotentResponse, Recorder};
use crate::policy::Permission;
use crate::problem::Problem;
use crate::request_id::RequestId;
use crate::state::AppState;
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use domain::Timestamp;
use operations::Auditor;
use std::convert::Infallible;
use std::marker::PhantomData;

/// The caller of a change that the audit log records. Their role permits `P`.
#[derive(Debug)]
pub struct Audited<P> {
    pub caller: Caller,
    /// The time of the request, used for everything that it changes.
    pub at: Timestamp,
    request_id: RequestId,
    permission: PhantomData<P>,
}

impl<P> Audited<P> {
    /// Records the changes of this request in the audit log.
    pub fn auditor(&self) -> Auditor {
        let request_id = self.request_id.as_str().to_owned();
        Auditor { actor: self.caller.name(), request_id, at: self.at }
    }
}

impl<P: Permission> FromRequestParts<AppState> for Audited<P> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, Problem> {
        let Allowed { caller, .. } = Allowed::<P>::from_request_parts(parts, state).await?;
        let Ok(request_id) = RequestId::from_request_parts(parts, state).await;
        Ok(Self { caller, at: platform::clock::now(), request_id, permission: PhantomData })
    }
}

/// Runs the change of a request on a task of its own, so that it does not stop half-way.
#[derive(Debug)]
pub struct Detached {
    pub state: AppState,
}

impl Detached {
    /// For changes without an idempotency key.
    pub async fn run<T, E, F>(self, work: impl FnOnce(AppState) -> F) -> Result<T, Problem>
    where
        F: Future<Output = Result<T, E>> + Send + 'static,
        T: Send + 'static,
        E: Into<Problem> + Send + 'static,
    {
        let work = work(self.state.clone());
        self.state.run_detached(work).await
    }

    /// Runs `work` once per idempotency key, or every time without a key. `work` stores its audit record and its outcome
    /// through the [`Recorder`], in its own transaction. A repeat gets the first response.
    pub async fn run_once<P, T, E, F>(
        self,
        by: Audited<P>,
        idempotency: Idempotency,
        render: fn(&T) -> IdempotentResponse,
        work: impl FnOnce(AppState, Recorder<T>) -> F,
    ) -> Result<IdempotentResponse, Problem>
    where
        F: Future<Output = Result<T, E>> + Send + 'static,
        T: Send + Sync + 'static,
        E: Into<Problem> + Send + 'static,
    {
        let recorder =
            idempotency.recorder(by.caller.idempotency_principal(), by.auditor(), &self.state.intake, render);
        let work = work(self.state.clone(), recorder.clone());
        self.state.run_idempotent(&recorder, work).await
    }
}

impl FromRequestParts<AppState> for Detached {
    type Rejection = Infallible;

    async fn from_request_parts(_parts: &mut Parts, state: &AppState) -> Result<Self, Infallible> {
        Ok(Self { state: state.clone() })
    }
}
