-- Reads the table once, without blocking its writers.
ALTER TABLE orders.orders VALIDATE CONSTRAINT orders_fulfilment_status_check;
