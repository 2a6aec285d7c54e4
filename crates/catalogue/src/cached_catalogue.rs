//! Prices for the hot path: a look at the shelf, and the database only for what is not on it.

use crate::cache::Shelf;
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

/// Cheap to clone: all clones share one shelf.
#[derive(Debug, Clone)]
pub struct Catalogue {
    pool: PgPool,
    shelf: Arc<RwLock<Arc<Shelf>>>,
    limits: CatalogueLimits,
}

#[derive(Debug, Clone, Copy)]
pub struct CatalogueLimits {
    /// How often everything on the shelf is read again.
    pub refresh_every: Duration,
    /// How old a price may get while the database is away.
    pub stale_max: Duration,
    /// How many products are kept at hand.
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
            stopping.run_until_cancelled(refreshing.keep_fresh()).await;
        });
        catalogue
    }

    /// A catalogue that is read again only by [`Self::refresh`].
    pub fn new(pool: PgPool, limits: CatalogueLimits) -> Self {
        Self { pool, shelf: Arc::new(RwLock::new(Arc::new(Shelf::empty(Instant::now())))), limits }
    }

    /// One answer a SKU, in their order; `None` for what is not in the catalogue. Seconds old at most, or
    /// [`CatalogueLimits::stale_max`] while the database is away.
    pub async fn products(&self, skus: &[Sku]) -> Result<Vec<Option<Arc<Product>>>, CatalogueError> {
        let mut found = self.at_hand(skus);
        let missing: Vec<usize> = (0..skus.len()).filter(|place| found[*place].is_none()).collect();
        if missing.is_empty() {
            return Ok(found);
        }
        let wanted: Vec<_> = missing.iter().map(|place| skus[*place].clone()).collect();
        let read = self.read_through(&wanted).await?;
        for place in missing {
            found[place] = read.get(&skus[place]).cloned();
        }
        Ok(found)
    }

    /// Reads everything on the shelf again, in one statement.
    pub async fn refresh(&self) -> Result<(), CatalogueError> {
        let as_of = Instant::now();
        let kept = self.shelf().worth_keeping(self.limits.products_max);
        let products = if kept.is_empty() { Vec::new() } else { self.read(&kept).await? };
        *self.shelf.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(Shelf::filled(as_of, products));
        Ok(())
    }

    async fn keep_fresh(&self) {
        let mut tick = tokio::time::interval(self.limits.refresh_every);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tick.tick().await;
            if let Err(error) = self.refresh().await {
                let age_ms = self.shelf().as_of.elapsed().as_millis();
                tracing::warn!(%error, age_ms, "Prices could not be read again; they are {age_ms} ms old");
            }
        }
    }

    /// What is on the shelf. Nothing is, once it has not been read again for too long: then only the database knows.
    fn at_hand(&self, skus: &[Sku]) -> Vec<Option<Arc<Product>>> {
        let kept = self.shelf();
        let too_old = kept.as_of.elapsed() > self.limits.stale_max;
        skus.iter().map(|it| if too_old { None } else { kept.get(it) }).collect()
    }

    async fn read_through(&self, skus: &[Sku]) -> Result<HashMap<Sku, Arc<Product>>, CatalogueError> {
        let read: Vec<_> = self.read(skus).await?.into_iter().map(Arc::new).collect();
        if !read.is_empty() {
            let mut guard = self.shelf.write().unwrap_or_else(PoisonError::into_inner);
            // Copies the shelf only if somebody is looking at it this very moment.
            let kept = Arc::make_mut(&mut guard);
            for product in &read {
                kept.put(Arc::clone(product), self.limits.products_max);
            }
        }
        Ok(read.into_iter().map(|product| (product.sku.clone(), product)).collect())
    }

    async fn read(&self, skus: &[Sku]) -> Result<Vec<Product>, CatalogueError> {
        store::products(&mut *self.pool.acquire().await?, skus).await
    }

    fn shelf(&self) -> Arc<Shelf> {
        Arc::clone(&self.shelf.read().unwrap_or_else(PoisonError::into_inner))
    }
}
