-- Upkeep: stock that is held for long is asked about, and stock that runs low is noted.
ALTER TABLE inventory.reservations
    -- When the order was last asked whether it still wants what is held; infinity once nothing is held any more.
    ADD COLUMN questioned_at timestamptz;

-- On the header, which changes seldom: the lines change with every shipment, and must stay in their page (HOT).
CREATE INDEX reservations_by_question ON inventory.reservations ((coalesce(questioned_at, created_at)))
    WHERE state = 'reserved';

-- The stock rows that are at or below their threshold, as the last look found them.
CREATE TABLE inventory.low_stock (
    sku          text COLLATE "C" NOT NULL,
    warehouse_id uuid NOT NULL,
    available    integer NOT NULL,
    threshold    integer NOT NULL,
    since        timestamptz NOT NULL,
    PRIMARY KEY (sku, warehouse_id)
);
