//! Prices for `POST /orders`: reads products from a cache, and from the database only those that are not cached.

use crate::cache::ProductCache;
use crate::error::CatalogueError;
use crate::product::Product;
use crate::store;
use domain::product::Sku;
use platform::lifecycle::Lifecycle;
use sqlx::PgPool;
use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;
use tokio::time::{Instant, MissedTickBehavior};

const REFRESH_MS: u64 = 2_000;
const STALE_MAX_MS: u64 = 30_000;
const PRODUCTS_MAX: usize = 10_000;

/// Reads products through a cache. Cheap to clone: all clones share one cache.
#[derive(Debug, Clone)]
pub struct Catalogue {
    pool: PgPool,
    cache: Arc<RwLock<Arc<ProductCache>>>,
    limits: CatalogueLimits,
}

#[derive(Debug, Clone, Copy)]
pub struct CatalogueLimits {
    /// How often the cached products are read again.
    pub refresh_every: Duration,
    /// How old a cached price may get while the database is unavailable.
    pub stale_max: Duration,
    /// How many products are cached.
    pub products_max: usize,
}

impl Default for CatalogueLimits {
    fn default() -> Self {
        Self {
            refresh_every: Duration::from_millis(REFRESH_MS),
            stale_max: Duration::from_millis(STALE_MAX_MS),
            products_max: PRODUCTS_MAX,
        }
    }
}

impl Catalogue {
    pub fn start(pool: PgPool, lifecycle: &Lifecycle) -> Self {
        let catalogue = Self::new(pool, CatalogueLimits::default());
        let stopping = lifecycle.stopping.clone();
        let refreshing = catalogue.clone();
        lifecycle.spawn(async move {
            stopping.run_until_cancelled(refreshing.run_refresh()).await;
        });
        catalogue
    }

    /// A catalogue whose cache is refreshed only by [`Self::refresh`].
    pub fn new(pool: PgPool, limits: CatalogueLimits) -> Self {
        Self { pool, cache: Arc::new(RwLock::new(Arc::new(ProductCache::empty(Instant::now())))), limits }
    }

    /// One entry per SKU, in the order of `skus`; `None` when the SKU is not in the catalogue. Entries are at most a
    /// few seconds old, or [`CatalogueLimits::stale_max`] while the database is unavailable.
    pub async fn products(&self, skus: &[Sku]) -> Result<Vec<Option<Arc<Product>>>, CatalogueError> {
        let mut found = self.cached(skus);
        let missing: Vec<usize> = (0..skus.len()).filter(|index| found[*index].is_none()).collect();
        if missing.is_empty() {
            return Ok(found);
        }
        let wanted: Vec<_> = missing.iter().map(|index| skus[*index].clone()).collect();
        let read = self.read_through(&wanted).await?;
        for index in missing {
            found[index] = read.get(&skus[index]).cloned();
        }
        Ok(found)
    }

    /// Reads the cached products again, in one statement.
    pub async fn refresh(&self) -> Result<(), CatalogueError> {
        let as_of = Instant::now();
        let skus = self.snapshot().skus_to_refresh(self.limits.products_max);
        let products = if skus.is_empty() { Vec::new() } else { self.read(&skus).await? };
        *self.cache.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(ProductCache::filled(as_of, products));
        Ok(())
    }

    async fn run_refresh(&self) {
        let mut tick = tokio::time::interval(self.limits.refresh_every);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tick.tick().await;
            if let Err(error) = self.refresh().await {
                let age_ms = self.snapshot().as_of.elapsed().as_millis();
                tracing::warn!(%error, age_ms, "The price cache could not be refreshed; it is {age_ms} ms old");
            }
        }
    }

    /// The cached products among `skus`. A cache that was not refreshed for too long counts as empty: then every
    /// product is read from the database.
    fn cached(&self, skus: &[Sku]) -> Vec<Option<Arc<Product>>> {
        let cache = self.snapshot();
        let too_old = cache.as_of.elapsed() > self.limits.stale_max;
        skus.iter().map(|sku| if too_old { None } else { cache.get(sku) }).collect()
    }

    async fn read_through(&self, skus: &[Sku]) -> Result<HashMap<Sku, Arc<Product>>, CatalogueError> {
        let read: Vec<_> = self.read(skus).await?.into_iter().map(Arc::new).collect();
        if !read.is_empty() {
            let mut guard = self.cache.write().unwrap_or_else(PoisonError::into_inner);
            // Copies the cache only if another task holds a snapshot of it at this moment.
            let cache = Arc::make_mut(&mut guard);
            for product in &read {
                cache.insert(Arc::clone(product), self.limits.products_max);
            }
        }
        Ok(read.into_iter().map(|product| (product.sku.clone(), product)).collect())
    }

    async fn read(&self, skus: &[Sku]) -> Result<Vec<Product>, CatalogueError> {
        store::products(&mut *platform::postgres::reader(&self.pool).await?, skus).await
    }

    fn snapshot(&self) -> Arc<ProductCache> {
        Arc::clone(&self.cache.read().unwrap_or_else(PoisonError::into_inner))
    }
}
