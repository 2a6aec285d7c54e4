//! How a request names a warehouse: by its id, by its code, or by both.

use super::warehouse::{Warehouse, WarehouseCode};
use crate::ids::WarehouseId;
use std::str::FromStr;

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WarehouseRef {
    Id(WarehouseId),
    Code(WarehouseCode),
    /// Both must name the same warehouse.
    Both(WarehouseId, WarehouseCode),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum WarehouseRefError {
    #[error("no warehouse has this id")]
    UnknownId,
    #[error("no warehouse has this code")]
    UnknownCode,
    #[error("the id and the code name different warehouses")]
    Different,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be the id of a warehouse, a UUID, or its code")]
pub struct InvalidWarehouseRef;

impl WarehouseRef {
    /// `None` when neither is given.
    pub fn new(id: Option<WarehouseId>, code: Option<WarehouseCode>) -> Option<Self> {
        match (id, code) {
            (Some(id), Some(code)) => Some(Self::Both(id, code)),
            (Some(id), None) => Some(Self::Id(id)),
            (None, Some(code)) => Some(Self::Code(code)),
            (None, None) => None,
        }
    }

    pub fn id(&self) -> Option<WarehouseId> {
        match self {
            Self::Id(id) | Self::Both(id, _) => Some(*id),
            Self::Code(_) => None,
        }
    }

    pub fn code(&self) -> Option<&WarehouseCode> {
        match self {
            Self::Code(code) | Self::Both(_, code) => Some(code),
            Self::Id(_) => None,
        }
    }

    /// The named warehouse among `found`, which must contain those with the id and with the code, if there are any.
    pub fn choose(&self, found: Vec<Warehouse>) -> Result<Warehouse, WarehouseRefError> {
        let known_id = self.id().is_none_or(|id| found.iter().any(|warehouse| warehouse.id == id));
        let known_code = self.code().is_none_or(|code| found.iter().any(|warehouse| warehouse.code == *code));
        match (known_id, known_code) {
            (false, _) => Err(WarehouseRefError::UnknownId),
            (true, false) => Err(WarehouseRefError::UnknownCode),
            (true, true) => {
                let named = found.into_iter().find(|warehouse| self.names(warehouse));
                named.ok_or(WarehouseRefError::Different)
            }
        }
    }

    fn names(&self, warehouse: &Warehouse) -> bool {
        self.id().is_none_or(|id| warehouse.id == id) && self.code().is_none_or(|code| warehouse.code == *code)
    }
}

/// For paths, where one text is either. A text that can be both is an id.
impl FromStr for WarehouseRef {
    type Err = InvalidWarehouseRef;

    fn from_str(text: &str) -> Result<Self, InvalidWarehouseRef> {
        let id = text.parse().map(Self::Id);
        id.or_else(|_no_id| text.parse().map(Self::Code)).map_err(|_neither| InvalidWarehouseRef)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    fn id(number: u128) -> WarehouseId {
        WarehouseId::from_uuid(Uuid::from_u128(number))
    }

    fn code(text: &str) -> WarehouseCode {
        text.parse().expect("a code")
    }

    fn warehouses() -> Vec<Warehouse> {
        let warehouse = |number, name: &str| Warehouse::new(id(number), code(name), name, 1).expect("a warehouse");
        vec![warehouse(1, "EAST"), warehouse(2, "WEST")]
    }

    #[test]
    fn a_warehouse_is_named_by_id_by_code_or_by_both_if_they_agree() {
        let chosen = |reference: WarehouseRef| reference.choose(warehouses()).map(|warehouse| warehouse.id);

        assert_eq!(chosen(WarehouseRef::Id(id(2))), Ok(id(2)));
        assert_eq!(chosen(WarehouseRef::Code(code("WEST"))), Ok(id(2)));
        assert_eq!(chosen(WarehouseRef::Both(id(2), code("WEST"))), Ok(id(2)));
        assert_eq!(chosen(WarehouseRef::Both(id(1), code("WEST"))), Err(WarehouseRefError::Different));
        for unknown in [WarehouseRef::Id(id(3)), WarehouseRef::Both(id(3), code("WEST"))] {
            assert_eq!(chosen(unknown), Err(WarehouseRefError::UnknownId));
        }
        for unknown in [WarehouseRef::Code(code("west")), WarehouseRef::Both(id(1), code("NORTH"))] {
            assert_eq!(chosen(unknown), Err(WarehouseRefError::UnknownCode));
        }
    }

    #[test]
    fn a_text_is_an_id_or_a_code() {
        let uuid = "0190a1b2-0000-7000-8000-000000000001";

        assert_eq!(uuid.parse(), Ok(WarehouseRef::Id(uuid.parse().expect("an id"))));
        assert_eq!("EAST".parse(), Ok(WarehouseRef::Code(code("EAST"))));
        for neither in ["", "a b", "../x"] {
            assert_eq!(neither.parse::<WarehouseRef>(), Err(InvalidWarehouseRef), "{neither}");
        }
    }
}
