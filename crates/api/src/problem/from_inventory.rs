//! Maps the errors of inventory to problems.

use super::text::invalid;
use super::{Kind, Problem};
use domain::inventory::{StockRefusal, WarehouseError};
use inventory::{AdjustStockError, CreateWarehouseError, StoreError, UpdateWarehouseError};

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Database(error) => error.into(),
            bad_row => Self::internal(bad_row),
        }
    }
}

impl From<AdjustStockError> for Problem {
    fn from(error: AdjustStockError) -> Self {
        let detail = error.to_string();
        match error {
            AdjustStockError::UnknownWarehouse => Self::about(Kind::Validation, "/warehouse_id", detail),
            AdjustStockError::UnknownStock => Self::not_found("stock"),
            AdjustStockError::Refused(StockRefusal::BadQuantity | StockRefusal::TooMany { .. }) => {
                Self::about(Kind::Validation, "/quantity", invalid("quantity", detail))
            }
            AdjustStockError::Refused(StockRefusal::WarehouseClosed) => Self::new(Kind::InvalidState, detail),
            AdjustStockError::Refused(_) => {
                Self::about(Kind::InsufficientStock, "/quantity", invalid("quantity", detail))
            }
            AdjustStockError::Store(error) => error.into(),
        }
    }
}

impl From<CreateWarehouseError> for Problem {
    fn from(error: CreateWarehouseError) -> Self {
        let detail = error.to_string();
        match error {
            CreateWarehouseError::CodeTaken => Self::about(Kind::AlreadyExists, "/code", detail),
            CreateWarehouseError::Store(error) => error.into(),
        }
    }
}

impl From<WarehouseError> for Problem {
    fn from(error: WarehouseError) -> Self {
        let field = match error {
            WarehouseError::BadCode => "code",
            WarehouseError::BadName => "name",
            WarehouseError::NoReason => "reason",
            WarehouseError::NoCountry => "region",
        };
        Self::about(Kind::Validation, &format!("/{field}"), invalid(field, error))
    }
}

impl From<UpdateWarehouseError> for Problem {
    fn from(error: UpdateWarehouseError) -> Self {
        match error {
            UpdateWarehouseError::Unknown(_) => Self::not_found("warehouse"),
            UpdateWarehouseError::Invalid(error) => error.into(),
            UpdateWarehouseError::Store(error) => error.into(),
        }
    }
}
