-- Who receives an order: personal data, in a table of its own, so that erasing it is one DELETE and nothing else in the
-- database changes. Orders without address and contact have no row. No CHECK: Postgres would write the refused row, with
-- the address, into its own log.
CREATE TABLE orders.recipients (
    order_id    uuid PRIMARY KEY,
    name        text,
    company     text,
    line1       text,
    line2       text,
    city        text,
    region      text,
    postal_code text,
    -- ISO 3166-1 alpha-2.
    country     text,
    email       text,
    -- E.164.
    phone       text,
    created_at  timestamptz NOT NULL
);

-- Whether the order was placed with a recipient. It stays true when the recipient is erased.
ALTER TABLE orders.orders ADD COLUMN has_recipient boolean NOT NULL DEFAULT false;
