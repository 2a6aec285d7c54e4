-- Amounts that a trusted caller adds to the catalogue's prices or takes off them, for all units of a line together, and
-- for the order. `total_minor` contains them.
ALTER TABLE orders.items ADD COLUMN tax_minor bigint NOT NULL DEFAULT 0;
ALTER TABLE orders.items ADD COLUMN discount_minor bigint NOT NULL DEFAULT 0;
ALTER TABLE orders.orders ADD COLUMN shipping_minor bigint NOT NULL DEFAULT 0;
