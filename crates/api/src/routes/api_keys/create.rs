//! `POST /api-keys`.

use super::key::IssuedKeyBody;
use super::manager;
use crate::body::{Field, FromJson, Json, Members, one_of, parsed, timestamp};
use crate::change::{Audited, Detached};
use crate::docs::sets::ScopeSet;
use crate::policy::{ManageKeys, role_has_scope};
use crate::problem::{Kind, Problem};
use crate::state::AppState;
use accounts::{NewApiKey, Role, Scope, Scopes};
use axum::http::StatusCode;
use domain::Timestamp;
use domain::ids::UserId;
use utoipa::ToSchema;

const NAME_LENGTH_MAX: usize = 100;
const SCOPES_MAX: usize = 50;

#[derive(Debug, ToSchema)]
pub struct NewKeyBody {
    /// What it is for: 1 to 100 characters.
    #[schema(min_length = 1, max_length = 100, example = "shop server")]
    name: String,
    /// What it may do. It never may what its owner's role does not permit.
    #[schema(value_type = Vec<ScopeSet>, inline, example = json!(["orders:place", "orders:read"]))]
    scopes: Scopes,
    /// Without it, the key is valid until it is revoked.
    #[schema(value_type = Option<String>, format = DateTime, example = "2027-12-31T23:59:59Z")]
    expires_at: Option<Timestamp>,
    /// The user that it acts for; default yourself. Admins can set another user, such as a service account.
    #[schema(value_type = Option<uuid::Uuid>)]
    owner_id: Option<UserId>,
}

impl FromJson for NewKeyBody {
    fn read(members: &mut Members<'_>) -> Option<Self> {
        let name = members.required("name", |field| field.text_as(|text| name(&text)));
        let scopes = members.required("scopes", scopes);
        let expires_at = members.optional("expires_at", timestamp);
        let owner_id = members.optional("owner_id", parsed);
        Some(Self { name: name?, scopes: scopes?, expires_at: expires_at?, owner_id: owner_id? })
    }
}

fn name(text: &str) -> Result<String, String> {
    domain::text::one_line(text, NAME_LENGTH_MAX)
        .ok_or_else(|| format!("must be 1 to {NAME_LENGTH_MAX} characters on one line"))
}

fn scopes(field: Field<'_>) -> Option<Scopes> {
    let listed = field.list(SCOPES_MAX, one_of::<Scope>)?;
    Some(listed.into_iter().collect())
}

/// Create an API key
///
/// For a program that acts for you. Its secret is shown only in this response, so an `Idempotency-Key`, whose responses
/// are stored, is not supported.
#[utoipa::path(post, path = "/api-keys", tag = "auth", request_body = NewKeyBody,
    responses((status = 201, description = "The key with its secret", body = IssuedKeyBody)),
    security(("access_token" = [])))]
pub async fn create_key(
    detached: Detached,
    by: Audited<ManageKeys>,
    Json(body): Json<NewKeyBody>,
) -> Result<(StatusCode, axum::Json<IssuedKeyBody>), Problem> {
    let NewKeyBody { name, scopes, expires_at, owner_id } = body;
    let owner = owner_id.unwrap_or(by.caller.id);
    let role = role_of_owner(&detached.state, &by, owner).await?;
    ensure_useful(scopes, role)?;
    ensure_grantable(scopes, by.caller.role)?;
    if let Some(expires_at) = expires_at.filter(|expires_at| *expires_at <= by.at) {
        let detail = format!("`expires_at` must be in the future, got `{}`", expires_at.to_rfc3339());
        return Err(Problem::about(Kind::Validation, "/expires_at", detail));
    }
    let new = NewApiKey { owner, name, scopes, expires_at };
    let work =
        |state: AppState| async move { state.accounts.create_key(new, manager(by.caller), by.at, &by.auditor()).await };
    Ok((StatusCode::CREATED, axum::Json(detached.run(work).await?.into())))
}

async fn role_of_owner(state: &AppState, by: &Audited<ManageKeys>, owner: UserId) -> Result<Role, Problem> {
    if owner == by.caller.id {
        return Ok(by.caller.role);
    }
    if by.caller.role != Role::Admin {
        let detail = "`owner_id` must be your own id, or be left out: only admins create keys for others";
        return Err(Problem::about(Kind::Forbidden, "/owner_id", detail));
    }
    let found = state.accounts.find_user(owner).await;
    let unknown = |_| Problem::about(Kind::Validation, "/owner_id", format!("`owner_id`: there is no user `{owner}`"));
    Ok(found.map_err(unknown)?.role)
}

/// Some scopes would let the owner of a key do what only people of the shop may decide.
fn ensure_grantable(scopes: Scopes, granted_by: Role) -> Result<(), Problem> {
    match scopes.iter().find(|scope| scope.is_granted_by_admins_only()) {
        Some(scope) if granted_by != Role::Admin => {
            let detail =
                format!("`scopes`: only an admin creates keys with the scope `{scope}`; ask one, or leave it out");
            Err(Problem::about(Kind::Forbidden, "/scopes", detail))
        }
        _ => Ok(()),
    }
}

/// A scope that the owner's role does not permit would only be found out later, by a refused request.
fn ensure_useful(scopes: Scopes, role: Role) -> Result<(), Problem> {
    if scopes.is_empty() {
        return Err(Problem::about(Kind::Validation, "/scopes", "`scopes` must name at least one scope"));
    }
    match scopes.iter().find(|scope| !role_has_scope(role, *scope)) {
        None => Ok(()),
        Some(scope) => {
            let detail = format!("`scopes`: a `{role}` may not do anything with the scope `{scope}`; leave it out");
            Err(Problem::about(Kind::Validation, "/scopes", detail))
        }
    }
}
