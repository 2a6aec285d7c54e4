-- no-transaction
-- Few orders need attention, so it costs nothing.
CREATE INDEX CONCURRENTLY orders_with_attention ON orders.orders (id) WHERE attention IS NOT NULL;
