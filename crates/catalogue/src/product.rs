//! The types of products: what an order needs, what is stored, and what can be changed.

use domain::Timestamp;
use domain::ids::UserId;
use domain::money::Money;
use domain::order::pricing::Offer;
use domain::product::Sku;
use serde::{Deserialize, Serialize};
use std::str::FromStr;

pub const NAME_LENGTH_MAX: usize = 200;
pub const DESCRIPTION_LENGTH_MAX: usize = 4_000;

/// The part of a product that an order needs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Product {
    pub sku: Sku,
    pub name: String,
    pub vendor_id: UserId,
    pub price: Money,
    pub active: bool,
    /// Whether orders wait for units that are out of stock.
    pub backorder: bool,
}

/// A product with all its stored fields.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ProductDetails {
    #[serde(flatten)]
    pub product: Product,
    pub description: String,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewProduct {
    pub sku: Sku,
    pub name: ProductName,
    pub description: Description,
    pub vendor_id: UserId,
    pub price: Money,
    pub active: bool,
    pub backorder: bool,
}

/// The fields to change; a field that is `None` keeps its value.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ProductChange {
    pub name: Option<ProductName>,
    pub description: Option<Description>,
    pub price: Option<Money>,
    pub active: Option<bool>,
    pub backorder: Option<bool>,
    /// The new owner.
    pub vendor_id: Option<UserId>,
}

/// The caller who changes products: a vendor only their own, an admin any.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Editor {
    Vendor(UserId),
    Admin(UserId),
}

/// The caller who reads products: the public sees active ones, a vendor also all their own, staff everything.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Viewer {
    Public,
    Vendor(UserId),
    Staff,
}

/// 1 to 200 characters on one line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ProductName(String);

/// Up to 4,000 characters; lines and tabs are fine.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Description(String);

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ProductTextError {
    #[error("a product's name must be 1 to {NAME_LENGTH_MAX} characters on one line")]
    BadName,
    #[error("a product's description must be at most {DESCRIPTION_LENGTH_MAX} characters, without control characters")]
    BadDescription,
}

impl Product {
    /// The product as an order line offers it; `None` when it is withdrawn.
    pub fn offer(&self) -> Option<Offer> {
        let (name, vendor_id, unit_price) = (self.name.clone(), self.vendor_id, self.price);
        self.active.then_some(Offer { name, vendor_id, unit_price, may_wait: self.backorder })
    }
}

impl ProductDetails {
    /// The subject of its audit records.
    pub(crate) fn subject(&self) -> String {
        format!("product:{}", self.product.sku)
    }

    /// The fields that can change, in the form of audit records.
    pub(crate) fn record(&self) -> serde_json::Value {
        let Product { name, price, active, backorder, vendor_id, .. } = &self.product;
        serde_json::json!({
            "name": name, "description": self.description, "price": price, "active": active, "backorder": backorder,
            "vendor_id": vendor_id,
        })
    }
}

impl Editor {
    /// The name under which the history of prices records the caller: `vendor:<id>` or `admin:<id>`.
    pub(crate) fn actor(self) -> String {
        match self {
            Self::Vendor(id) => format!("vendor:{id}"),
            Self::Admin(id) => format!("admin:{id}"),
        }
    }
}

impl Viewer {
    /// Whether the viewer sees what only the product's vendor and staff see.
    pub(crate) fn manages(self, product: &Product) -> bool {
        self.is_staff() || self.vendor() == Some(product.vendor_id)
    }

    pub(crate) fn vendor(self) -> Option<UserId> {
        match self {
            Self::Vendor(vendor) => Some(vendor),
            Self::Public | Self::Staff => None,
        }
    }

    pub(crate) fn is_staff(self) -> bool {
        self == Self::Staff
    }
}

impl ProductName {
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Description {
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for ProductName {
    type Error = ProductTextError;

    fn try_from(text: String) -> Result<Self, ProductTextError> {
        domain::text::one_line(&text, NAME_LENGTH_MAX).map(Self).ok_or(ProductTextError::BadName)
    }
}

impl TryFrom<String> for Description {
    type Error = ProductTextError;

    fn try_from(text: String) -> Result<Self, ProductTextError> {
        domain::text::lines(&text, DESCRIPTION_LENGTH_MAX).map(Self).ok_or(ProductTextError::BadDescription)
    }
}

impl FromStr for ProductName {
    type Err = ProductTextError;

    fn from_str(text: &str) -> Result<Self, ProductTextError> {
        Self::try_from(text.to_owned())
    }
}

impl FromStr for Description {
    type Err = ProductTextError;

    fn from_str(text: &str) -> Result<Self, ProductTextError> {
        Self::try_from(text.to_owned())
    }
}

impl From<ProductName> for String {
    fn from(name: ProductName) -> Self {
        name.0
    }
}

impl From<Description> for String {
    fn from(description: Description) -> Self {
        description.0
    }
}
