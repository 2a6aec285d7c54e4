-- A booking whose carrier is being called to replace one shipment, because units of it were cancelled. Until the carrier has
-- responded, the shipments of the order do not advance. The version before can't read such a booking: until its last worker
-- has stopped, a message about one is retried.
SET LOCAL lock_timeout = '2s';
ALTER TABLE shipping.bookings
    ADD COLUMN amending_shipment_id uuid,
    DROP CONSTRAINT bookings_status_check,
    ADD CONSTRAINT bookings_status_check
        CHECK (status IN ('requested', 'booked', 'refused', 'cancelling', 'cancelled', 'amending')) NOT VALID,
    ADD CONSTRAINT bookings_amending_check
        CHECK ((status = 'amending') = (amending_shipment_id IS NOT NULL)) NOT VALID;
