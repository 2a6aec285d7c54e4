-- The units that orders wait for. A row exists only while units of its SKU are missing, so the table is empty unless a
-- product may be backordered and is out of stock. An order that is ended has no rows.
SET LOCAL lock_timeout = '2s';
CREATE TABLE inventory.backorders (
    order_id       uuid NOT NULL,
    sku            text COLLATE "C" NOT NULL,
    missing        integer NOT NULL CHECK (missing > 0),
    -- The orders that wait for a SKU are served in this sequence, and in that of their ids.
    waiting_since  timestamptz NOT NULL,
    -- How the units are allocated when they come.
    policy         text COLLATE "C" NOT NULL,
    country        text COLLATE "C",
    region         text COLLATE "C",
    -- Of the reserve command, for the reply that follows when nothing is missing.
    correlation_id text NOT NULL,
    cause          uuid NOT NULL,
    PRIMARY KEY (order_id, sku),
    CHECK (region IS NULL OR country IS NOT NULL)
);

CREATE INDEX backorders_by_sku ON inventory.backorders (sku, waiting_since, order_id);

-- `waiting`: what was available is reserved, the rest is in `backorders`.
ALTER TABLE inventory.reservations
    DROP CONSTRAINT reservations_state_check,
    ADD CONSTRAINT reservations_state_check CHECK (state IN ('reserved', 'waiting', 'rejected', 'released')) NOT VALID;
