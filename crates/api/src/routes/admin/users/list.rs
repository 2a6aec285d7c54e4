//! `GET /admin/users`.

use super::item::{UserItemBody, UserStatus};
use crate::auth::Allowed;
use crate::docs::sets::{RoleSet, UserStatusSet};
use crate::page::Page;
use crate::params::{FromQuery, Params, Query};
use crate::policy::SeeUsers;
use crate::problem::Problem;
use crate::state::AppState;
use accounts::{UserCursor, UserFilter};
use axum::Json;
use axum::extract::State;
use domain::page::PageSize;

const QUERY_LENGTH_MAX: usize = 254;

#[derive(Debug)]
pub struct UsersQuery {
    filter: UserFilter,
    after: Option<UserCursor>,
    limit: PageSize,
}

impl FromQuery for UsersQuery {
    fn read(params: &mut Params) -> Option<Self> {
        let wanted = params.optional_as("q", wanted);
        let role = params.one_of("role");
        let status = params.one_of::<UserStatus>("status");
        let after = params.cursor();
        let limit = params.limit();
        let is_disabled = status?.map(|status| status == UserStatus::Disabled);
        let filter = UserFilter { role: role?, is_disabled, ..wanted?.unwrap_or_default() };
        Some(Self { filter, after: after?, limit: limit? })
    }
}

/// An id, or the beginning of an address.
fn wanted(text: &str) -> Result<UserFilter, String> {
    if let Ok(id) = text.parse() {
        return Ok(UserFilter { id: Some(id), ..UserFilter::default() });
    }
    let prefix = domain::text::one_line(text, QUERY_LENGTH_MAX);
    let prefix = prefix.ok_or_else(|| format!("must be 1 to {QUERY_LENGTH_MAX} characters on one line"))?;
    Ok(UserFilter { email_prefix: Some(prefix), ..UserFilter::default() })
}

/// List users
///
/// The newest first.
#[utoipa::path(get, path = "/admin/users", tag = "admin",
    params(("q" = Option<String>, Query, description = "The beginning of the e-mail address, or an id", example = "customer@"),
        ("role" = inline(Option<RoleSet>), Query, description = "Filter by role"),
        ("status" = inline(Option<UserStatusSet>), Query, description = "Filter by status"),
        ("cursor" = Option<String>, Query, description = "`next_cursor` of the previous page"),
        ("limit" = Option<u32>, Query, description = "Page size, 1 to 100; default 20")),
    responses((status = 200, description = "A page of users", body = Page<UserItemBody>)), security(("access_token" = [])))]
pub async fn list_users(
    State(state): State<AppState>,
    _allowed: Allowed<SeeUsers>,
    Query(query): Query<UsersQuery>,
) -> Result<Json<Page<UserItemBody>>, Problem> {
    Ok(Json(state.accounts.list_users(&query.filter, query.after, query.limit).await?.into()))
}
