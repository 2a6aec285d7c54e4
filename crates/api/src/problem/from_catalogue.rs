//! Maps the errors of the catalogue to problems.

use super::text::invalid;
use super::{Kind, Problem};
use catalogue::{CatalogueError, ManageProductError};

impl From<CatalogueError> for Problem {
    fn from(error: CatalogueError) -> Self {
        match error {
            CatalogueError::Unavailable(error) => Self::unavailable(error),
            CatalogueError::Failed(error) => error.into(),
            bad_row @ CatalogueError::Inconsistent(_) => Self::internal(bad_row),
        }
    }
}

impl From<ManageProductError> for Problem {
    fn from(error: ManageProductError) -> Self {
        let detail = error.to_string();
        match error {
            ManageProductError::AlreadyExists(_) => Self::about(Kind::AlreadyExists, "/sku", invalid("sku", detail)),
            ManageProductError::NotFound(_) => Self::not_found("product"),
            ManageProductError::NotYours(_) => Self::new(Kind::Forbidden, detail),
            ManageProductError::Catalogue(error) => error.into(),
        }
    }
}
