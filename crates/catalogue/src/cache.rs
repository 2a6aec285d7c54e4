//! An in-process cache of products: a bounded map and the time that its entries were read at.

use crate::product::Product;
use domain::product::Sku;
use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use tokio::time::Instant;

/// Above this share of its capacity, in percent, a refresh evicts the products that were not used since the last one.
const FULL_PERCENT: usize = 75;

#[derive(Debug, Clone)]
pub(crate) struct ProductCache {
    /// No entry is older than this.
    pub as_of: Instant,
    products: HashMap<Sku, CachedProduct>,
}

#[derive(Debug, Clone)]
struct CachedProduct {
    product: Arc<Product>,
    /// Whether it was requested since the last refresh.
    used: Arc<AtomicBool>,
}

impl ProductCache {
    pub fn empty(as_of: Instant) -> Self {
        Self { as_of, products: HashMap::new() }
    }

    pub fn filled(as_of: Instant, products: Vec<Product>) -> Self {
        let products =
            products.into_iter().map(|product| (product.sku.clone(), CachedProduct::new(Arc::new(product), false)));
        Self { as_of, products: products.collect() }
    }

    pub fn get(&self, sku: &Sku) -> Option<Arc<Product>> {
        let cached = self.products.get(sku)?;
        cached.used.store(true, Ordering::Relaxed);
        Some(Arc::clone(&cached.product))
    }

    /// Inserts `product` unless the cache is full; a product that is not cached is read from the database each time.
    pub fn insert(&mut self, product: Arc<Product>, capacity: usize) {
        if self.products.len() < capacity || self.products.contains_key(&product.sku) {
            self.products.insert(product.sku.clone(), CachedProduct::new(product, true));
        }
    }

    /// The SKUs to read again: all of them, or, when the cache is nearly full, those that were used.
    pub fn skus_to_refresh(&self, capacity: usize) -> Vec<Sku> {
        let full = self.products.len() * 100 >= capacity * FULL_PERCENT;
        let wanted = self.products.iter().filter(|(_, cached)| !full || cached.used.load(Ordering::Relaxed));
        wanted.map(|(sku, _)| sku.clone()).collect()
    }
}

impl CachedProduct {
    fn new(product: Arc<Product>, used: bool) -> Self {
        Self { product, used: Arc::new(AtomicBool::new(used)) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::ids::UserId;
    use domain::money::Money;

    fn product(sku: &str) -> Product {
        Product {
            sku: sku.parse().expect("a SKU"),
            name: sku.to_owned(),
            vendor_id: UserId::from_uuid(uuid::Uuid::nil()),
            price: Money::zero("USD".parse().expect("a currency")),
            active: true,
            backorder: false,
        }
    }

    #[test]
    fn a_full_cache_inserts_nothing_and_refreshes_only_what_was_used() {
        let mut cache = ProductCache::filled(Instant::now(), vec![product("A"), product("B"), product("C")]);

        cache.insert(Arc::new(product("D")), 3);
        let used = cache.get(&product("B").sku);

        assert_eq!(used.map(|product| product.name.clone()), Some("B".to_owned()));
        assert!(cache.get(&product("D").sku).is_none());
        assert_eq!(cache.skus_to_refresh(3), vec![product("B").sku]);
        assert_eq!(cache.skus_to_refresh(100).len(), 3);
    }
}
