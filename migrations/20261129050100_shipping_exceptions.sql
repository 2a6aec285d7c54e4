-- Carriers report what went wrong, too: those reports are events beside the milestones. The version before inserts milestones
-- only, and can't show a shipment with such an event: stop its apis before the first exception is reported.
SET LOCAL lock_timeout = '2s';
ALTER TABLE shipping.shipment_events
    DROP CONSTRAINT shipment_events_status_check,
    ADD CONSTRAINT shipment_events_status_check
        CHECK (status IN ('handed_over', 'in_transit', 'delivered',
                          'failed_attempt', 'lost', 'damaged', 'returned_to_sender')) NOT VALID;
-- The last exception, until the shipment arrives after all.
ALTER TABLE shipping.shipments
    ADD COLUMN exception text
        CHECK (exception IN ('failed_attempt', 'lost', 'damaged', 'returned_to_sender'));
