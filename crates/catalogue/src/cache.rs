//! The products that a process keeps at hand: a bounded map and the time that it was read at.

use crate::product::Product;
use domain::product::Sku;
use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use tokio::time::Instant;

/// Beyond this share of its room, in percent, a shelf lets go of what nobody asked for since it was read.
const FULL_PERCENT: usize = 75;

#[derive(Debug, Clone)]
pub(crate) struct Shelf {
    /// Nothing on it is older than this.
    pub as_of: Instant,
    products: HashMap<Sku, Kept>,
}

#[derive(Debug, Clone)]
struct Kept {
    product: Arc<Product>,
    /// Somebody asked for it since it was read.
    asked: Arc<AtomicBool>,
}

impl Shelf {
    pub fn empty(as_of: Instant) -> Self {
        Self { as_of, products: HashMap::new() }
    }

    pub fn filled(as_of: Instant, products: Vec<Product>) -> Self {
        let products = products.into_iter().map(|product| (product.sku.clone(), Kept::new(Arc::new(product), false)));
        Self { as_of, products: products.collect() }
    }

    pub fn get(&self, sku: &Sku) -> Option<Arc<Product>> {
        let kept = self.products.get(sku)?;
        kept.asked.store(true, Ordering::Relaxed);
        Some(Arc::clone(&kept.product))
    }

    /// Puts `product` on the shelf if there is room; one that does not fit is read from the database each time.
    pub fn put(&mut self, product: Arc<Product>, room: usize) {
        if self.products.len() < room || self.products.contains_key(&product.sku) {
            self.products.insert(product.sku.clone(), Kept::new(product, true));
        }
    }

    /// What to read again: everything, or on a full shelf what was asked for.
    pub fn worth_keeping(&self, room: usize) -> Vec<Sku> {
        let full = self.products.len() * 100 >= room * FULL_PERCENT;
        let wanted = self.products.iter().filter(|(_, kept)| !full || kept.asked.load(Ordering::Relaxed));
        wanted.map(|(sku, _)| sku.clone()).collect()
    }
}

impl Kept {
    fn new(product: Arc<Product>, asked: bool) -> Self {
        Self { product, asked: Arc::new(AtomicBool::new(asked)) }
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
        }
    }

    #[test]
    fn a_full_shelf_takes_no_more_and_lets_go_of_what_nobody_asked_for() {
        let mut shelf = Shelf::filled(Instant::now(), vec![product("A"), product("B"), product("C")]);

        shelf.put(Arc::new(product("D")), 3);
        let asked = shelf.get(&product("B").sku);

        assert_eq!(asked.map(|product| product.name.clone()), Some("B".to_owned()));
        assert!(shelf.get(&product("D").sku).is_none());
        assert_eq!(shelf.worth_keeping(3), vec![product("B").sku]);
        assert_eq!(shelf.worth_keeping(100).len(), 3);
    }
}
