//! The response bodies of API keys.

use crate::docs::sets::ScopeSet;
use accounts::{ApiKeyView, IssuedKey};
use chrono::{DateTime, Utc};
use secrecy::ExposeSecret;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

/// An API key without its secret.
#[derive(Debug, Serialize, ToSchema)]
pub struct ApiKeyBody {
    id: Uuid,
    /// The user that it acts for.
    owner_id: Uuid,
    #[schema(example = "shop server")]
    name: String,
    #[schema(value_type = Vec<ScopeSet>, inline, example = json!(["orders:place", "orders:read"]))]
    scopes: Vec<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    expires_at: Option<DateTime<Utc>>,
    created_at: DateTime<Utc>,
    #[serde(skip_serializing_if = "Option::is_none")]
    rotated_at: Option<DateTime<Utc>>,
    /// To the minute; absent for a key that was never used.
    #[serde(skip_serializing_if = "Option::is_none")]
    last_used_at: Option<DateTime<Utc>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    revoked_at: Option<DateTime<Utc>>,
}

/// An API key with its secret.
#[derive(Serialize, ToSchema)]
pub struct IssuedKeyBody {
    #[serde(flatten)]
    key: ApiKeyBody,
    /// Send it as `Authorization: Bearer <secret>`. It is shown only now.
    #[schema(example = "ofk_0190a1b200007000800000000000000a_Y0c9mJ2bQh8…")]
    secret: String,
}

impl From<ApiKeyView> for ApiKeyBody {
    fn from(view: ApiKeyView) -> Self {
        let ApiKeyView { id, owner, name, scopes, expires_at, created_at, rotated_at, last_used_at, revoked_at } = view;
        let scopes = scopes.iter().map(Into::into).collect();
        let (id, owner_id) = (id.as_uuid(), owner.as_uuid());
        Self { id, owner_id, name, scopes, expires_at, created_at, rotated_at, last_used_at, revoked_at }
    }
}

impl From<IssuedKey> for IssuedKeyBody {
    fn from(IssuedKey { key, secret }: IssuedKey) -> Self {
        Self { key: key.into(), secret: secret.expose_secret().to_owned() }
    }
}

impl std::fmt::Debug for IssuedKeyBody {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("IssuedKeyBody").field("key", &self.key).finish_non_exhaustive()
    }
}
