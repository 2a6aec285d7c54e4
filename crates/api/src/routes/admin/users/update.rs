//! `PATCH /admin/users/{id}`.

use super::item::UserItemBody;
use crate::body::{FromJson, Json, Members, boolean, one_of};
use crate::change::{Audited, Detached};
use crate::docs::sets::RoleSet;
use crate::former_vendor::WithdrawProducts;
use crate::params::PathParam;
use crate::policy::ManageUsers;
use crate::problem::{Kind, Problem};
use crate::routes::reason;
use crate::state::AppState;
use accounts::{ChangedBy, Role, UserChange};
use domain::ids::UserId;
use utoipa::ToSchema;

/// What to change; members that are left out keep their value.
#[derive(Debug, ToSchema)]
pub struct UserChangeBody {
    #[schema(value_type = Option<RoleSet>, inline)]
    role: Option<Role>,
    /// Whether the user is kept from logging in.
    disabled: Option<bool>,
    /// `true` forgets failed logins, so that the user may log in again at once.
    unlock: Option<bool>,
    /// Stored in the audit log: 1 to 200 characters.
    #[schema(max_length = 200, example = "left the company")]
    reason: String,
}

impl FromJson for UserChangeBody {
    fn read(members: &mut Members<'_>) -> Option<Self> {
        let role = members.optional("role", one_of);
        let disabled = members.optional("disabled", boolean);
        let unlock = members.optional("unlock", boolean);
        let reason = members.required("reason", |field| field.text_as(|text| reason::parse(&text)));
        Some(Self { role: role?, disabled: disabled?, unlock: unlock?, reason: reason? })
    }
}

/// Change a user
///
/// Gives them another role, disables or enables them, or lets them log in again after failed logins. The first two end all their sessions and streams within five seconds.
/// The products of a user who may not sell any more are withdrawn; an admin can give them another vendor. You can't
/// change yourself, and must still be an admin when the change is stored, so at least one admin always remains.
#[utoipa::path(patch, path = "/admin/users/{id}", tag = "admin", request_body = UserChangeBody,
    params(("id" = uuid::Uuid, Path, description = "The user's id")),
    responses((status = 200, description = "The user after the change", body = UserItemBody)),
    extensions(("x-problems" = json!([Kind::InvalidState]))), security(("access_token" = [])))]
pub async fn update_user(
    detached: Detached,
    by: Audited<ManageUsers>,
    PathParam(user): PathParam<UserId>,
    Json(body): Json<UserChangeBody>,
) -> Result<axum::Json<UserItemBody>, Problem> {
    let change = UserChange { role: body.role, is_disabled: body.disabled, unlock: body.unlock == Some(true) };
    let who = (ChangedBy::Admin(by.caller.id), Some(body.reason));
    let work = |state: AppState| async move {
        state.accounts.update_user(user, change, who, by.at, (&by.auditor(), &WithdrawProducts)).await
    };
    Ok(axum::Json(detached.run(work).await?.into()))
}
