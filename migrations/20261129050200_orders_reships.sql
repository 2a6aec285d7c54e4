-- The orders that send the units of a lost, damaged or returned shipment again, without a new payment.
CREATE TABLE orders.reships (
    order_id       uuid PRIMARY KEY,
    of_order_id    uuid NOT NULL,
    -- A shipment is sent again once.
    of_shipment_id uuid NOT NULL UNIQUE,
    created_at     timestamptz NOT NULL
);
