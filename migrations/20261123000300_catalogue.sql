-- Catalogue: what is sold, by whom, for how much. Products are withdrawn, never deleted: orders keep naming them.
CREATE SCHEMA catalogue;

CREATE TABLE catalogue.products (
    -- In byte order, so that pages go the same way whatever language the database speaks.
    sku         text COLLATE "C" PRIMARY KEY,
    name        text NOT NULL,
    description text NOT NULL,
    price_minor bigint NOT NULL CHECK (price_minor >= 0),
    currency    text NOT NULL,
    vendor_id   uuid NOT NULL,
    -- False when it can't be ordered any more, or not yet.
    active      boolean NOT NULL,
    created_at  timestamptz NOT NULL,
    updated_at  timestamptz NOT NULL
);

CREATE INDEX products_by_vendor ON catalogue.products (vendor_id, sku);
