//! The reason for an action, as free text.

use crate::body::{Field, FromJson, Members};
use utoipa::ToSchema;

const REASON_LENGTH_MAX: usize = 200;

/// The reason for the action; stored in the audit log.
#[derive(Debug, ToSchema)]
pub struct ReasonBody {
    #[schema(max_length = 200, example = "fixed in release 2026.48")]
    pub reason: String,
}

impl FromJson for ReasonBody {
    fn read(members: &mut Members<'_>) -> Option<Self> {
        let reason = members.required("reason", |field: Field<'_>| field.text_as(|text| parse(&text)))?;
        Some(Self { reason })
    }
}

pub fn parse(text: &str) -> Result<String, String> {
    domain::text::one_line(text, REASON_LENGTH_MAX)
        .ok_or_else(|| format!("must be 1 to {REASON_LENGTH_MAX} characters on one line"))
}
