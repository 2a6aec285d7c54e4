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
use domain::ids::UserId;
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
    pub const fn counted_as(self) -> Subject {
        Subject::User(self.id)
    }

    async fn authenticate(parts: &Parts, state: &AppState) -> Result<Self, Problem> {
        let token = bearer_token(&parts.headers)?;
        let principal = state.accounts.verify_access_token(token, platform::clock::now()).await?;
        let caller = Self { id: principal.id, role: principal.role, principal };
        if let Some(applied) = parts.extensions.get::<AppliedLimits>() {
            state.rate_limits.admit(applied, caller.counted_as()).await?;
        }
        if let Some(requester) = parts.extensions.get::<Requester>() {
            requester.set(principal.id);
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

fn unauthenticated() -> Problem {
    Problem::new(
        Kind::Unauthenticated,
        "Send the header `Authorization: Bearer <access token>` once; POST /api/v1/auth/login gives a token",
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
        let caller = Caller::authenticate(parts, state).await?;
        if caller.principal.must_change_password && !P::BEFORE_PASSWORD_CHANGE {
            let detail = "Change your password first with POST /api/v1/auth/password: somebody else has set it";
            return Err(Problem::new(Kind::PasswordChangeRequired, detail));
        }
        if P::ROLES.contains(&caller.role) {
            return Ok(Self { caller, permission: PhantomData });
        }
        let ClientAddress(address) = ClientAddress::of(&parts.extensions, &parts.headers, state);
        SecurityEvent::RoleRefused.record(Some(caller.id), address);
        let roles: Vec<&str> = P::ROLES.iter().map(Into::into).collect();
        let needed = text::one_of(&roles);
        let detail = format!("Role `{}` may not {}; this needs role {needed}", caller.role, P::ACTION);
        Err(Problem::new(Kind::Forbidden, detail))
    }
}
