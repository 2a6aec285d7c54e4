-- no-transaction
CREATE INDEX CONCURRENTLY orders_by_status_group ON orders.orders (status_group, id);
