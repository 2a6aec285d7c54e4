//! What of an order may be returned: delivered units that are in no other return, while the return window is open.

use super::lines::ReturnLine;
use super::refusal::ReturnRefusal;
use crate::Timestamp;
use crate::ids::UserId;
use crate::product::Sku;
use crate::refund::LineUnits;
use chrono::TimeDelta;
use std::collections::BTreeMap;

/// A line of an order as returns see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReturnableLine {
    pub line_no: i16,
    pub sku: Sku,
    pub vendor_id: UserId,
    pub delivered_units: i64,
    /// In returns that count, without the units that were missing in them.
    pub returned_units: i64,
    /// Of its latest delivered shipment.
    pub delivered_at: Option<Timestamp>,
}

/// The requested lines of one vendor: one return.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestedReturn {
    pub vendor_id: UserId,
    pub lines: Vec<ReturnLine>,
}

/// The returns that the requested units become, one per vendor.
pub fn check_request(
    order: &[ReturnableLine],
    requested: &[LineUnits],
    window: TimeDelta,
    now: Timestamp,
) -> Result<Vec<RequestedReturn>, ReturnRefusal> {
    let mut by_vendor: BTreeMap<UserId, Vec<ReturnLine>> = BTreeMap::new();
    for (index, units) in requested.iter().enumerate() {
        let line_no = units.line_no;
        if requested[..index].iter().any(|before| before.line_no == line_no) {
            return Err(ReturnRefusal::RepeatedLine(line_no));
        }
        let line = order.iter().find(|line| line.line_no == line_no).ok_or(ReturnRefusal::UnknownLine(line_no))?;
        line.check(*units, window, now)?;
        let returned = ReturnLine { line_no, sku: line.sku.clone(), quantity: units.quantity };
        by_vendor.entry(line.vendor_id).or_default().push(returned);
    }
    Ok(by_vendor.into_iter().map(|(vendor_id, lines)| RequestedReturn { vendor_id, lines }).collect())
}

impl ReturnableLine {
    fn check(&self, units: LineUnits, window: TimeDelta, now: Timestamp) -> Result<(), ReturnRefusal> {
        let line_no = self.line_no;
        let delivered_at = self.delivered_at.filter(|_| self.delivered_units > 0);
        let delivered_at = delivered_at.ok_or(ReturnRefusal::NotDelivered(line_no))?;
        let until = delivered_at + window;
        if now > until {
            return Err(ReturnRefusal::TooLate { line_no, delivered_at, until });
        }
        let (requested, left) = (i64::from(units.quantity.get()), (self.delivered_units - self.returned_units).max(0));
        if requested > left {
            return Err(ReturnRefusal::TooManyUnits { line_no, requested, left });
        }
        Ok(())
    }
}
