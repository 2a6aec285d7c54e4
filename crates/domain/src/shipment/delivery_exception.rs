//! What goes wrong with a shipment on its way. Shipping and the saga of the order both apply these rules, so that the
//! shipment shows what its order needs a decision about.

crate::string_enum! {
    /// Something that went wrong on the way.
    pub enum DeliveryException {
        /// Nobody was there to take it; the carrier tries again.
        FailedAttempt,
        Lost,
        Damaged,
        /// It is on its way back, or is back.
        ReturnedToSender,
    }
}

impl DeliveryException {
    /// Whether the shipment will not arrive as it was sent, so that it can be sent again or be closed.
    pub const fn is_final(self) -> bool {
        matches!(self, Self::Lost | Self::Damaged | Self::ReturnedToSender)
    }

    /// What is wrong with a shipment once this is reported too. `before` was, until now. A failed attempt does not replace
    /// what is final, and reports about the way of a delivered shipment come too late.
    pub const fn reported_after(self, before: Option<Self>, is_delivered: bool) -> Option<Self> {
        match (self, before) {
            (Self::FailedAttempt | Self::Lost, _) if is_delivered => before,
            (Self::FailedAttempt, Some(Self::Lost | Self::Damaged | Self::ReturnedToSender)) => before,
            _ => Some(self),
        }
    }

    /// Whether it is still so once the shipment is delivered. That goods are damaged, a carrier does not take back.
    pub const fn remains_after_delivery(self) -> bool {
        matches!(self, Self::Damaged)
    }
}

#[cfg(test)]
mod tests {
    use super::DeliveryException::{Damaged, FailedAttempt, Lost, ReturnedToSender};

    #[test]
    fn a_failed_attempt_does_not_replace_what_is_final() {
        assert_eq!(FailedAttempt.reported_after(None, false), Some(FailedAttempt));
        for last in [Lost, Damaged, ReturnedToSender] {
            assert_eq!(FailedAttempt.reported_after(Some(last), false), Some(last));
            assert_eq!(last.reported_after(Some(FailedAttempt), false), Some(last));
        }
    }

    #[test]
    fn only_damage_and_its_return_are_reported_about_a_delivered_shipment() {
        for late in [FailedAttempt, Lost] {
            assert_eq!(late.reported_after(None, true), None);
        }
        for possible in [Damaged, ReturnedToSender] {
            assert_eq!(possible.reported_after(None, true), Some(possible));
        }
    }
}
