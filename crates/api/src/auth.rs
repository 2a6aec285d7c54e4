//! Authentication by access token, and authorization by role.

use crate::client_address::ClientAddress;
use crate::policy::Permission;
use crate::problem::{Kind, Problem, text};
use crate::rate_limits::{AppliedLimits, Subject};
use crate::request_log::Requester;
use crate::state::AppState;
use accounts::{Principal, Role, SecurityEvent};
use axum::extract::{FromRequestParts, OptionalFromRequestParts};
use axum::http::HeaderMap;
use axum::http::header::AUTHORIZATION;
use axum::http::request::Parts;
use domain::ids::{PrincipalId, UserId};
use std::marker::PhantomData;

/// The authenticated user of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Caller {
    pub id: UserId,
    pub role: Role,
    pub principal: Principal,
}

/// A caller whose role permits `P`. Handlers extract it before the body: extractors run in order, so that the body of
/// an unauthorized request is never read.
#[derive(Debug)]
pub struct Allowed<P> {
    pub caller: Caller,
    permission: PhantomData<P>,
}

impl Caller {
    /// The name under which timelines, ledgers and the audit log record this user: `vendor:<id>`.
    pub fn actor(self) -> String {
        format!("{}:{}", self.role, self.id)
    }

    /// Whose rate limits and streams this request counts against.
    pub fn counted_as(self) -> Subject {
        self.principal.key.map_or(Subject::User(self.id), |key| Subject::ApiKey(key.id))
    }

    /// The actor in the audit log, with the API key if there is one: `vendor:<id>/key:<id>`.
    pub fn name(self) -> String {
        match self.principal.key {
            Some(key) => format!("{}/key:{}", self.actor(), key.id),
            None => self.actor(),
        }
    }

    /// The idempotency keys of an API key are independent of those of its owner and of other keys.
    pub fn idempotency_principal(self) -> PrincipalId {
        self.principal.key.map_or(self.id.into(), |key| PrincipalId::from_uuid(key.id.as_uuid()))
    }

    /// An API key needs the scope of `P`.
    pub fn require_scope<P: Permission>(self) -> Result<(), Problem> {
        match self.principal.key {
            Some(key) if !P::SCOPE.is_some_and(|scope| key.scopes.contains(scope)) => Err(missing_scope::<P>()),
            _ => Ok(()),
        }
    }

    /// The caller's role must be one of `roles` to do what `P` names.
    pub fn require_role<P: Permission>(self, roles: &[Role]) -> Result<(), Problem> {
        if roles.contains(&self.role) {
            return Ok(());
        }
        let roles: Vec<&str> = roles.iter().map(Into::into).collect();
        let needed = text::one_of(&roles);
        let detail = format!("Role `{}` may not {}; this needs role {needed}", self.role, P::ACTION);
        Err(Problem::new(Kind::Forbidden, detail))
    }

    async fn authenticate(parts: &Parts, state: &AppState) -> Result<Self, Problem> {
        let token = bearer_token(&parts.headers)?;
        let principal = state.accounts.verify(token, platform::clock::now()).await?;
        Self::admit(principal, parts, state).await
    }

    /// A principal who has proved who they are, within their rate limit.
    async fn admit(principal: Principal, parts: &Parts, state: &AppState) -> Result<Self, Problem> {
        let caller = Self { id: principal.id, role: principal.role, principal };
        if let Some(applied) = parts.extensions.get::<AppliedLimits>() {
            state.rate_limits.admit(applied, caller.counted_as()).await?;
        }
        if let Some(requester) = parts.extensions.get::<Requester>() {
            requester.set(principal.id, principal.key.map(|key| key.id));
        }
        Ok(caller)
    }
}

/// The token of exactly one `Authorization: Bearer` header. Cookies and the query string are not accepted.
fn bearer_token(headers: &HeaderMap) -> Result<&str, Problem> {
    let mut given = headers.get_all(AUTHORIZATION).iter();
    let (Some(only), None) = (given.next(), given.next()) else { return Err(unauthenticated()) };
    let (scheme, token) = only.to_str().ok().and_then(|text| text.split_once(' ')).ok_or_else(unauthenticated)?;
    let token = token.trim();
    if scheme.eq_ignore_ascii_case("bearer") && !token.is_empty() { Ok(token) } else { Err(unauthenticated()) }
}

fn missing_scope<P: Permission>() -> Problem {
    let detail = match P::SCOPE {
        Some(scope) => format!("This API key may not {}; that needs the scope `{scope}`", P::ACTION),
        None => format!("An API key may not {}; log in as a person", P::ACTION),
    };
    Problem::new(Kind::Forbidden, detail)
}

fn unauthenticated() -> Problem {
    Problem::new(
        Kind::Unauthenticated,
        "Send the header `Authorization: Bearer <access token or API key>` once; POST /api/v1/auth/login gives a token",
    )
}

impl FromRequestParts<AppState> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, Problem> {
        Self::authenticate(parts, state).await
    }
}

/// For public routes: a token is optional, but an invalid one is still refused.
impl OptionalFromRequestParts<AppState> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Option<Self>, Problem> {
        if !parts.headers.contains_key(AUTHORIZATION) {
            return Ok(None);
        }
        Self::authenticate(parts, state).await.map(Some)
    }
}

impl<P: Permission> FromRequestParts<AppState> for Allowed<P> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, Problem> {
        Self::check(Caller::authenticate(parts, state).await?, parts, state)
    }
}

impl<P: Permission> Allowed<P> {
    /// For a principal who did not send their token, but a ticket.
    pub async fn with_ticket(principal: Principal, parts: &Parts, state: &AppState) -> Result<Self, Problem> {
        Self::check(Caller::admit(principal, parts, state).await?, parts, state)
    }

    fn check(caller: Caller, parts: &Parts, state: &AppState) -> Result<Self, Problem> {
        if caller.principal.must_change_password && !P::BEFORE_PASSWORD_CHANGE {
            let detail = "Change your password first with POST /api/v1/auth/password: somebody else has set it";
            return Err(Problem::new(Kind::PasswordChangeRequired, detail));
        }
        caller.require_scope::<P>()?;
        caller.require_role::<P>(P::ROLES).inspect_err(|_refused| {
            let ClientAddress(address) = ClientAddress::of(&parts.extensions, &parts.headers, state);
            SecurityEvent::RoleRefused.record(Some(caller.id), address);
        })?;
        Ok(Self { caller, permission: PhantomData })
    }
}
