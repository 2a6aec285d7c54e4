-- no-transaction
CREATE INDEX CONCURRENTLY items_by_sku ON orders.items (sku, order_id);
