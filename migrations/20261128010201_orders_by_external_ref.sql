-- no-transaction
CREATE UNIQUE INDEX CONCURRENTLY orders_by_external_ref ON orders.orders (external_ref, customer_id)
    WHERE external_ref IS NOT NULL;
