-- no-transaction
CREATE INDEX CONCURRENTLY orders_by_changed_on ON orders.orders (changed_on, id) WHERE changed_on IS NOT NULL;
