-- Ended orders that the retention task has removed from this schema, and that other schemas may still have rows of. A row
-- goes when the last of them has none: usually within a second.
CREATE TABLE orders.removals (
    order_id   uuid PRIMARY KEY,
    removed_at timestamptz NOT NULL
);
