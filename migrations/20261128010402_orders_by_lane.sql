-- no-transaction
CREATE INDEX CONCURRENTLY orders_by_lane ON orders.orders (lane, id);
