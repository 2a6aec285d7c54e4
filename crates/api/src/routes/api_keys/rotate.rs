//! `POST /api-keys/{id}/rotate`.

use super::key::IssuedKeyBody;
use super::manager;
use crate::body::{FromJson, Json, Members, integer_within};
use crate::change::{Audited, Detached};
use crate::params::PathParam;
use crate::policy::ManageKeys;
use crate::problem::Problem;
use crate::state::AppState;
use accounts::{ApiKeyId, OVERLAP_MAX};
use chrono::TimeDelta;
use utoipa::ToSchema;

const OVERLAP_SECONDS_DEFAULT: i64 = 3_600;

/// How to rotate the key; the body is optional.
#[derive(Debug, ToSchema)]
pub struct RotationBody {
    /// How long the secret before stays valid: 0 to 604,800, by default 3,600.
    #[schema(value_type = Option<i64>, minimum = 0, maximum = 604_800, example = 3_600)]
    overlap_seconds: i64,
}

impl FromJson for RotationBody {
    fn read(members: &mut Members<'_>) -> Option<Self> {
        let overlap =
            members.optional("overlap_seconds", |field| integer_within(field, 0..=OVERLAP_MAX.num_seconds()))?;
        Some(Self { overlap_seconds: overlap.unwrap_or(OVERLAP_SECONDS_DEFAULT) })
    }

    fn when_empty() -> Option<Self> {
        Some(Self { overlap_seconds: OVERLAP_SECONDS_DEFAULT })
    }
}

/// Rotate an API key
///
/// Gives it another secret, which is shown only in this response. The one before stays valid for the overlap, so that
/// it can be replaced everywhere.
#[utoipa::path(post, path = "/api-keys/{id}/rotate", tag = "auth", request_body = Option<RotationBody>,
    params(("id" = uuid::Uuid, Path, description = "The key's id")),
    responses((status = 200, description = "The key with its new secret", body = IssuedKeyBody)),
    security(("access_token" = [])))]
pub async fn rotate_key(
    detached: Detached,
    by: Audited<ManageKeys>,
    PathParam(id): PathParam<ApiKeyId>,
    Json(body): Json<RotationBody>,
) -> Result<axum::Json<IssuedKeyBody>, Problem> {
    let overlap = TimeDelta::seconds(body.overlap_seconds);
    let work = |state: AppState| async move {
        state.accounts.rotate_key(id, overlap, manager(by.caller), by.at, &by.auditor()).await
    };
    Ok(axum::Json(detached.run(work).await?.into()))
}
