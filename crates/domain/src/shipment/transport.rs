//! The company that transports a shipment, as messages, sagas and timelines name it.

use serde::{Deserialize, Serialize};

/// The company that transports a shipment, and its tracking number there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Transport {
    pub carrier: String,
    pub tracking_number: String,
}
