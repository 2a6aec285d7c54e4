//! Why a return was not requested or changed. Nothing is stored for it.

use crate::error::StoreError;
use domain::returns::{CountRefusal, InvalidReturnTransition, ReturnRefusal};

#[derive(Debug, thiserror::Error)]
pub enum ReturnError {
    /// There is no such order, or the caller has not placed it.
    #[error("no such order")]
    NoSuchOrder,
    /// There is no such return, or the caller may not see it.
    #[error("no such return")]
    NotFound,
    /// The caller sees the return, but neither sells its lines nor has ordered them.
    #[error("only {0} may do this")]
    NotAllowed(&'static str),
    #[error(transparent)]
    Refused(#[from] ReturnRefusal),
    #[error(transparent)]
    Count(#[from] CountRefusal),
    /// The units came from more than one warehouse.
    #[error("a warehouse must be named: the units came from more than one")]
    WarehouseRequired,
    #[error(transparent)]
    Status(#[from] InvalidReturnTransition),
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<sqlx::Error> for ReturnError {
    fn from(error: sqlx::Error) -> Self {
        Self::Store(error.into())
    }
}
