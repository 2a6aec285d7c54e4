-- An order that waits for units that are out of stock. The version before reads no such order: there is none until a
-- product is set to be backordered, which only processes of this version do.
SET LOCAL lock_timeout = '2s';
ALTER TABLE orders.orders
    DROP CONSTRAINT orders_fulfilment_status_check,
    ADD CONSTRAINT orders_fulfilment_status_check CHECK (fulfilment_status IN
        ('unallocated', 'backordered', 'allocated', 'booked', 'partly_shipped', 'shipped', 'delivered', 'released'))
        NOT VALID;
