-- no-transaction
CREATE INDEX CONCURRENTLY orders_by_customer_and_status_group ON orders.orders (customer_id, status_group, id);
