-- no-transaction
CREATE INDEX CONCURRENTLY orders_by_customer_and_changed_on ON orders.orders (customer_id, changed_on, id)
    WHERE changed_on IS NOT NULL;
