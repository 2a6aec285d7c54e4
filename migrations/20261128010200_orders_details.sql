-- The shop's own reference of an order, and its metadata: one row per entry, so that each entry can be searched by an
-- index in the order of the pages. Orders without them have no rows.
ALTER TABLE orders.orders ADD COLUMN external_ref text;

CREATE TABLE orders.metadata (
    order_id    uuid NOT NULL,
    -- The order's, so that an index can serve one customer.
    customer_id uuid NOT NULL,
    key         text NOT NULL,
    value       text NOT NULL,
    PRIMARY KEY (order_id, key)
);

CREATE INDEX metadata_by_value ON orders.metadata (key, value, order_id);
CREATE INDEX metadata_by_customer ON orders.metadata (customer_id, key, value, order_id);
