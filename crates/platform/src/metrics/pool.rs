//! The connection pool, read when somebody asks.

use prometheus::core::{Collector, Desc};
use prometheus::proto::MetricFamily;
use prometheus::{Gauge, GaugeVec};
use sqlx::PgPool;

struct PoolCollector {
    pool: PgPool,
    connections: GaugeVec,
    max: Gauge,
}

pub(super) fn watch(pool: &PgPool) {
    let help = "Connections to Postgres that this process holds.";
    let connections = super::new_gauges("orderflow_pool_connections", help, &["state"]);
    let help = "Connections to Postgres that this process may hold.";
    let max = super::new_gauge("orderflow_pool_connections_max", help);
    super::register(PoolCollector { pool: pool.clone(), connections, max });
}

impl Collector for PoolCollector {
    fn desc(&self) -> Vec<&Desc> {
        [self.connections.desc(), self.max.desc()].concat()
    }

    fn collect(&self) -> Vec<MetricFamily> {
        let (size, idle) = (self.pool.size(), u32::try_from(self.pool.num_idle()).unwrap_or(u32::MAX));
        self.connections.with_label_values(&["idle"]).set(idle.into());
        // The two are read one after the other.
        self.connections.with_label_values(&["used"]).set(size.saturating_sub(idle).into());
        self.max.set(self.pool.options().get_max_connections().into());
        [self.connections.collect(), self.max.collect()].concat()
    }
}
