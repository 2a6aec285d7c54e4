-- Whether orders wait for units that are out of stock. The version before inserts products without it.
ALTER TABLE catalogue.products ADD COLUMN backorder boolean NOT NULL DEFAULT false;
