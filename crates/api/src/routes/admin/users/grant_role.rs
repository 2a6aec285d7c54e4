//! `PUT /admin/users/{id}/role`.

use crate::body::{FromJson, Json, Members, one_of};
use crate::change::{Audited, Detached};
use crate::docs::sets::RoleSet;
use crate::former_vendor::WithdrawProducts;
use crate::params::PathParam;
use crate::policy::ManageUsers;
use crate::problem::{Kind, Problem};
use crate::routes::auth::user::UserBody;
use crate::state::AppState;
use accounts::Role;
use domain::ids::UserId;
use utoipa::ToSchema;

#[derive(Debug, ToSchema)]
pub struct RoleBody {
    #[schema(value_type = RoleSet, inline)]
    role: Role,
}

impl FromJson for RoleBody {
    fn read(members: &mut Members<'_>) -> Option<Self> {
        let role = members.required("role", one_of)?;
        Some(Self { role })
    }
}

/// Grant a role
///
/// Ends all sessions of the user, and withdraws the products of one who may not sell any more. You can't change your own role, and must still be an admin when the change is
/// stored, so at least one admin always remains.
#[utoipa::path(put, path = "/admin/users/{id}/role", tag = "admin", request_body = RoleBody,
    params(("id" = uuid::Uuid, Path, description = "The user's id")),
    responses((status = 200, description = "The user with the new role", body = UserBody)),
    extensions(("x-problems" = json!([Kind::InvalidState]))), security(("access_token" = [])))]
pub async fn grant_role(
    detached: Detached,
    by: Audited<ManageUsers>,
    PathParam(user): PathParam<UserId>,
    Json(body): Json<RoleBody>,
) -> Result<axum::Json<UserBody>, Problem> {
    let work = |state: AppState| async move {
        state.accounts.grant_role(user, body.role, by.caller.id, by.at, (&by.auditor(), &WithdrawProducts)).await
    };
    Ok(axum::Json(detached.run(work).await?.into()))
}
