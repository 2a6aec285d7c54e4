-- Validated in a transaction of its own, which does not lock out writers.
ALTER TABLE shipping.bookings
    VALIDATE CONSTRAINT bookings_status_check,
    VALIDATE CONSTRAINT bookings_amending_check;
