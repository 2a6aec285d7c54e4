-- Where a warehouse is, for the policy `nearest`.
ALTER TABLE inventory.warehouses
    ADD COLUMN country text COLLATE "C" CHECK (country ~ '^[A-Z]{2}$'),
    ADD COLUMN region text COLLATE "C" CHECK (region ~ '^[A-Z0-9]{1,3}$'),
    ADD CONSTRAINT warehouses_region_in_country CHECK (region IS NULL OR country IS NOT NULL);

-- Why the lines of an order are allocated as they are. The plan itself is in `reservation_lines`, the shortages of a
-- rejected order and the time of the decision are in `reservations`. Written once, with the reservation.
CREATE TABLE inventory.allocation_decisions (
    order_id     uuid PRIMARY KEY,
    policy       text COLLATE "C" NOT NULL,
    -- The rejected alternatives, at most 16. NULL if there were none.
    alternatives jsonb
);
