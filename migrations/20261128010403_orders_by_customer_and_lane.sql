-- no-transaction
CREATE INDEX CONCURRENTLY orders_by_customer_and_lane ON orders.orders (customer_id, lane, id);
