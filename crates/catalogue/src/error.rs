//! The errors of the catalogue.

use domain::product::Sku;
use platform::consistency::Inconsistency;

#[derive(Debug, thiserror::Error)]
pub enum CatalogueError {
    #[error("the catalogue is not available: {0}")]
    Unavailable(#[source] sqlx::Error),
    #[error(transparent)]
    Inconsistent(#[from] Inconsistency),
    #[error(transparent)]
    Failed(sqlx::Error),
}

#[derive(Debug, thiserror::Error)]
pub enum ManageProductError {
    #[error("a product `{0}` exists; choose another SKU, or change that product")]
    AlreadyExists(Sku),
    #[error("no such product: {0}")]
    NotFound(Sku),
    #[error("product `{0}` belongs to another vendor")]
    NotYours(Sku),
    #[error(transparent)]
    Catalogue(#[from] CatalogueError),
}

impl From<sqlx::Error> for CatalogueError {
    fn from(error: sqlx::Error) -> Self {
        if platform::postgres::is_transient(&error) { Self::Unavailable(error) } else { Self::Failed(error) }
    }
}

impl From<sqlx::Error> for ManageProductError {
    fn from(error: sqlx::Error) -> Self {
        Self::Catalogue(error.into())
    }
}
