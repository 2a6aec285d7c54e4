//! The codes of the warehouses that a response names by id. Inventory knows them; shipments have the ids only.

use crate::problem::Problem;
use crate::state::AppState;
use domain::ids::WarehouseId;
use domain::inventory::WarehouseCode;
use std::collections::{BTreeSet, HashMap};

#[derive(Debug)]
pub struct WarehouseCodes(HashMap<WarehouseId, WarehouseCode>);

impl WarehouseCodes {
    /// Reads them with one query; without ids with none.
    pub async fn of(state: &AppState, ids: impl Iterator<Item = WarehouseId>) -> Result<Self, Problem> {
        let ids: Vec<_> = ids.collect::<BTreeSet<_>>().into_iter().collect();
        if ids.is_empty() {
            return Ok(Self(HashMap::new()));
        }
        Ok(Self(inventory::warehouse_codes(&state.pool, &ids).await?))
    }

    /// Fails for an id that [`Self::of`] was not given.
    pub fn of_id(&self, id: WarehouseId) -> Result<String, Problem> {
        let code = self.0.get(&id).map(|code| code.as_str().to_owned());
        code.ok_or_else(|| Problem::internal(format!("no warehouse {id}")))
    }
}
