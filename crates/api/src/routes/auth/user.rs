//! The response body of a user account.

use crate::docs::sets::RoleSet;
use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

/// A user account.
#[derive(Debug, Serialize, ToSchema)]
pub struct UserBody {
    pub id: Uuid,
    #[schema(example = "customer@orders.local")]
    pub email: String,
    /// The user's name, if given.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "Demo Customer")]
    pub full_name: Option<String>,
    #[schema(value_type = RoleSet, inline)]
    pub role: &'static str,
    pub created_at: DateTime<Utc>,
}

impl From<accounts::User> for UserBody {
    fn from(user: accounts::User) -> Self {
        Self {
            id: user.id.as_uuid(),
            email: user.email.to_string(),
            full_name: user.full_name.map(|name| name.to_string()),
            role: user.role.into(),
            created_at: user.created_at,
        }
    }
}
