//! Warehouses.

use crate::ids::WarehouseId;
use crate::text;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

const CODE_LENGTH_MAX: usize = 32;
const NAME_LENGTH_MAX: usize = 200;

/// The short name of a warehouse: 1 to 32 of `A-Z a-z 0-9 _ -`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct WarehouseCode(String);

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Warehouse {
    pub id: WarehouseId,
    pub code: WarehouseCode,
    pub name: String,
    /// Of two warehouses that serve an order equally well, the one with the lower number is chosen.
    pub priority: i32,
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WarehouseError {
    #[error("a warehouse code must be 1 to {CODE_LENGTH_MAX} letters, digits, dashes or underscores")]
    BadCode,
    #[error("a warehouse name must be 1 to {NAME_LENGTH_MAX} printable characters")]
    BadName,
}

impl Warehouse {
    pub fn new(id: WarehouseId, code: WarehouseCode, name: &str, priority: i32) -> Result<Self, WarehouseError> {
        let name = text::one_line(name, NAME_LENGTH_MAX).ok_or(WarehouseError::BadName)?;
        Ok(Self { id, code, name, priority })
    }
}

impl WarehouseCode {
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for WarehouseCode {
    type Err = WarehouseError;

    fn from_str(text: &str) -> Result<Self, WarehouseError> {
        let legal = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
        if text.is_empty() || text.len() > CODE_LENGTH_MAX || !text.bytes().all(legal) {
            return Err(WarehouseError::BadCode);
        }
        Ok(Self(text.to_owned()))
    }
}

impl TryFrom<String> for WarehouseCode {
    type Error = WarehouseError;

    fn try_from(text: String) -> Result<Self, WarehouseError> {
        text.parse()
    }
}

impl From<WarehouseCode> for String {
    fn from(code: WarehouseCode) -> Self {
        code.0
    }
}

impl fmt::Display for WarehouseCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_warehouse_has_a_plain_code_and_a_name() {
        let id = WarehouseId::from_uuid(uuid::Uuid::nil());
        let code: WarehouseCode = "WH-EAST_1".parse().expect("a code");

        assert!(Warehouse::new(id, code.clone(), " East ", 1).is_ok_and(|warehouse| warehouse.name == "East"));
        assert_eq!(Warehouse::new(id, code.clone(), "  ", 1), Err(WarehouseError::BadName));
        assert_eq!(Warehouse::new(id, code, "a\0b", 1), Err(WarehouseError::BadName));
        for bad in ["", "a b", "ä", &"x".repeat(33)] {
            assert_eq!(bad.parse::<WarehouseCode>(), Err(WarehouseError::BadCode), "{bad}");
        }
    }
}
