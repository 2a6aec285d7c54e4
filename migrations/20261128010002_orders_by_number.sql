-- no-transaction
CREATE UNIQUE INDEX CONCURRENTLY orders_by_number ON orders.orders (order_number);
