-- Validated in a transaction of its own, which does not lock out writers.
ALTER TABLE shipping.shipment_events VALIDATE CONSTRAINT shipment_events_status_check;
