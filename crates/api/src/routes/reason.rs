//! Why somebody does something, in their words.

use crate::body::{Field, FromJson, Members};
use utoipa::ToSchema;

const REASON_LENGTH_MAX: usize = 200;

/// Why; kept in the audit log.
#[derive(Debug, ToSchema)]
pub struct ReasonBody {
    #[schema(max_length = 200, example = "the bug is fixed: release 2026.48")]
    pub reason: String,
}

impl FromJson for ReasonBody {
    fn read(members: &mut Members<'_>) -> Option<Self> {
        let reason = members.required("reason", |field: Field<'_>| field.text_as(parse))?;
        Some(Self { reason })
    }
}

pub fn parse(text: String) -> Result<String, String> {
    let good = (1..=REASON_LENGTH_MAX).contains(&text.chars().count()) && !text.chars().any(char::is_control);
    if good { Ok(text) } else { Err(format!("must be 1 to {REASON_LENGTH_MAX} characters on one line")) }
}
