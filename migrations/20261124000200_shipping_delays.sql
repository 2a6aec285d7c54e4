-- Shipments that are later than promised are marked, once a level.
ALTER TABLE shipping.shipments
    ADD COLUMN delay_level smallint NOT NULL DEFAULT 0,
    -- When the next level is reached; null until the first is, and infinity after the last.
    ADD COLUMN next_delay_at timestamptz,
    ADD CHECK ((delay_level = 0) = (delayed_at IS NULL));

CREATE INDEX shipments_by_next_delay ON shipping.shipments ((coalesce(next_delay_at, promised_by)))
    WHERE status IN ('booked', 'handed_over', 'in_transit');

-- One row a shipment and level. Only ever added to.
CREATE TABLE shipping.delays (
    shipment_id uuid NOT NULL,
    -- Counted from one.
    level       smallint NOT NULL CHECK (level > 0),
    promised_by timestamptz NOT NULL,
    marked_at   timestamptz NOT NULL,
    PRIMARY KEY (shipment_id, level)
);
