//! Metrics of the connection pools, computed for each scrape.

use prometheus::core::{Collector, Desc};
use prometheus::proto::MetricFamily;
use prometheus::{Gauge, GaugeVec};
use sqlx::PgPool;

struct PoolCollector {
    pools: Vec<PgPool>,
    connections: GaugeVec,
    max: Gauge,
}

pub(super) fn watch(pools: &[&PgPool]) {
    let help = "Connections to Postgres that this process holds.";
    let connections = super::new_gauges("orderflow_pool_connections", help, &["state"]);
    let help = "Connections to Postgres that this process may hold.";
    let max = super::new_gauge("orderflow_pool_connections_max", help);
    let pools = pools.iter().map(|pool| (*pool).clone()).collect();
    super::register(PoolCollector { pools, connections, max });
}

impl Collector for PoolCollector {
    fn desc(&self) -> Vec<&Desc> {
        [self.connections.desc(), self.max.desc()].concat()
    }

    fn collect(&self) -> Vec<MetricFamily> {
        let idle = |pool: &PgPool| u32::try_from(pool.num_idle()).unwrap_or(u32::MAX);
        let (size, idle): (u32, u32) = (self.pools.iter().map(PgPool::size).sum(), self.pools.iter().map(idle).sum());
        let max: u32 = self.pools.iter().map(|pool| pool.options().get_max_connections()).sum();
        self.connections.with_label_values(&["idle"]).set(idle.into());
        // The two are not read atomically, so `idle` may exceed `size`.
        self.connections.with_label_values(&["used"]).set(size.saturating_sub(idle).into());
        self.max.set(max.into());
        [self.connections.collect(), self.max.collect()].concat()
    }
}
