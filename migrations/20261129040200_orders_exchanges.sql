-- Orders that replace returned units, with the return.
CREATE TABLE orders.exchanges (
    order_id  uuid PRIMARY KEY,
    return_id uuid NOT NULL
);

CREATE INDEX exchanges_by_return ON orders.exchanges (return_id);
