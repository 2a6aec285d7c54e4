-- Upkeep: stock that is held for long is asked about, and stock that runs low is noted.
ALTER TABLE inventory.reservations
    -- When the order was last asked whether it still wants what is held.
    ADD COLUMN questioned_at timestamptz;

-- Ids begin with their order's time, so the oldest holds are the first of the index.
CREATE INDEX reservation_lines_held ON inventory.reservation_lines (order_id) WHERE state = 'active';

-- The stock rows that are at or below their threshold, as the last look found them.
CREATE TABLE inventory.low_stock (
    sku          text COLLATE "C" NOT NULL,
    warehouse_id uuid NOT NULL,
    available    integer NOT NULL,
    threshold    integer NOT NULL,
    since        timestamptz NOT NULL,
    PRIMARY KEY (sku, warehouse_id)
);
