//! The two fields of a request that can name a warehouse: one has its id, the other its code.

use crate::body::{Members, parsed};
use crate::params::Params;
use crate::problem::text::{quote, quote_all};
use crate::problem::{Kind, Problem};
use crate::state::AppState;
use domain::ids::WarehouseId;
use domain::inventory::{WarehouseCode, WarehouseRef, WarehouseRefError};

/// The names of the fields, and where they are.
#[derive(Debug, Clone, Copy)]
pub struct WarehouseFields {
    id: &'static str,
    code: &'static str,
    location: Location,
}

#[derive(Debug, Clone, Copy)]
enum Location {
    Body,
    Query,
}

pub const IN_BODY: WarehouseFields = WarehouseFields::in_body("warehouse_id", "warehouse_code");
pub const IN_QUERY: WarehouseFields =
    WarehouseFields { id: "warehouse_id", code: "warehouse_code", location: Location::Query };

/// Id and code as they were sent, in this order.
pub type Named = (Option<WarehouseId>, Option<WarehouseCode>);

impl WarehouseFields {
    pub const fn in_body(id: &'static str, code: &'static str) -> Self {
        Self { id, code, location: Location::Body }
    }

    /// At least one of them must be in the body.
    pub fn read(self, members: &mut Members<'_>) -> Option<Named> {
        let named = self.read_optional_members(members)?;
        if named == (None, None) {
            return members.refuse_member(self.id, format!("is required, or {}", quote(self.code)));
        }
        Some(named)
    }

    /// Neither has to be in the body.
    pub fn read_optional_members(self, members: &mut Members<'_>) -> Option<Named> {
        let (id, code) = (members.optional(self.id, parsed), members.optional(self.code, parsed));
        Some((id?, code?))
    }

    pub fn read_optional(self, params: &mut Params) -> Option<Named> {
        let (id, code) = (params.optional(self.id), params.optional(self.code));
        Some((id?, code?))
    }

    /// The id of the warehouse; `None` if no field was sent.
    pub async fn resolve(self, state: &AppState, (id, code): Named) -> Result<Option<WarehouseId>, Problem> {
        let Some(reference) = WarehouseRef::new(id, code) else { return Ok(None) };
        let found = inventory::find_warehouse(&state.pool, &reference).await?;
        found.map(|warehouse| Some(warehouse.id)).map_err(|error| self.problem(error))
    }

    /// The same for fields of which [`Self::read`] found one.
    pub async fn resolve_required(self, state: &AppState, named: Named) -> Result<WarehouseId, Problem> {
        let found = self.resolve(state, named).await?;
        found.ok_or_else(|| Problem::internal("a body without a warehouse was read"))
    }

    fn problem(self, error: WarehouseRefError) -> Problem {
        let (field, detail) = match error {
            WarehouseRefError::UnknownId => (self.id, unknown(self.id)),
            WarehouseRefError::UnknownCode => (self.code, unknown(self.code)),
            WarehouseRefError::Different => {
                let both = quote_all(&[self.id, self.code]);
                (self.code, format!("{both}: they name different warehouses; send one of them"))
            }
        };
        match self.location {
            Location::Body => Problem::about(Kind::Validation, &format!("/{field}"), detail),
            Location::Query => Problem::about_parameter(Kind::Validation, field, detail),
        }
    }
}

fn unknown(field: &str) -> String {
    format!("No warehouse has this {}; see GET /api/v1/warehouses", quote(field))
}
