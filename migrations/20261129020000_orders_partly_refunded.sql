-- An order whose captured amount is refunded in part. The version before reads no such order: only processes of this
-- version refund.
SET LOCAL lock_timeout = '2s';
ALTER TABLE orders.orders
    DROP CONSTRAINT orders_payment_status_check,
    ADD CONSTRAINT orders_payment_status_check CHECK (payment_status IN
        ('unpaid', 'authorized', 'declined', 'partly_captured', 'captured', 'voided', 'refunded', 'partly_refunded'))
        NOT VALID;
