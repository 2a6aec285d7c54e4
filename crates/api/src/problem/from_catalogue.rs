use super::text::wrong;
use super::{Kind, Problem};
use catalogue::{CatalogueError, ManageProductError};

impl From<CatalogueError> for Problem {
    fn from(error: CatalogueError) -> Self {
        match error {
            CatalogueError::Unavailable(error) => Self::unavailable(error),
            CatalogueError::Failed(error) => error.into(),
            bad_row @ CatalogueError::Inconsistent { .. } => Self::internal(bad_row),
        }
    }
}

impl From<ManageProductError> for Problem {
    fn from(error: ManageProductError) -> Self {
        let said = error.to_string();
        match error {
            ManageProductError::AlreadyExists(_) => Self::about(Kind::AlreadyExists, "/sku", wrong("sku", said)),
            ManageProductError::NotFound(_) => Self::not_found("product"),
            ManageProductError::NotYours(_) => Self::new(Kind::Forbidden, said),
            ManageProductError::Catalogue(error) => error.into(),
        }
    }
}
