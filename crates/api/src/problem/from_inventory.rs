//! Maps the errors of inventory to problems.

use super::text::invalid;
use super::{Kind, Problem};
use domain::inventory::StockRefusal;
use inventory::{AdjustStockError, CreateWarehouseError, StoreError};

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
