use super::text::wrong;
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
        let said = error.to_string();
        match error {
            AdjustStockError::UnknownWarehouse => Self::about(Kind::Validation, "/warehouse_id", said),
            AdjustStockError::UnknownStock => Self::not_found("stock"),
            AdjustStockError::Refused(StockRefusal::BadQuantity | StockRefusal::TooMany { .. }) => {
                Self::about(Kind::Validation, "/quantity", wrong("quantity", said))
            }
            AdjustStockError::Refused(_) => Self::about(Kind::InsufficientStock, "/quantity", wrong("quantity", said)),
            AdjustStockError::Store(error) => error.into(),
        }
    }
}

impl From<CreateWarehouseError> for Problem {
    fn from(error: CreateWarehouseError) -> Self {
        let said = error.to_string();
        match error {
            CreateWarehouseError::CodeTaken => Self::about(Kind::AlreadyExists, "/code", said),
            CreateWarehouseError::Store(error) => error.into(),
        }
    }
}
