-- Refunds of captured amounts. Each is executed by an operation of kind `refund`, whose subject is the refund's id, for
-- a later attempt with the attempt's number.
CREATE TABLE payments.refunds (
    order_id       uuid NOT NULL REFERENCES payments.payments (order_id),
    id             uuid NOT NULL,
    scope          text NOT NULL CHECK (scope IN ('whole', 'lines', 'amount')),
    reason         text NOT NULL CHECK (reason IN ('customer', 'damaged', 'lost', 'goodwill', 'fraud', 'other')),
    status         text NOT NULL CHECK (status IN ('pending', 'succeeded', 'refused', 'unknown', 'manual_review')),
    currency       text NOT NULL,
    -- The lines, shipping, and what belongs to neither.
    amount_minor   bigint NOT NULL CHECK (amount_minor > 0),
    shipping_minor bigint NOT NULL CHECK (shipping_minor BETWEEN 0 AND amount_minor),
    -- Counted from one. Each has an operation of its own.
    attempt        integer NOT NULL CHECK (attempt > 0),
    -- Why it was refused, or is unknown.
    error          text,
    created_at     timestamptz NOT NULL,
    updated_at     timestamptz NOT NULL,
    PRIMARY KEY (order_id, id)
);

-- The units of a refund. Amounts are for all of its units together.
CREATE TABLE payments.refund_lines (
    order_id       uuid NOT NULL,
    refund_id      uuid NOT NULL,
    line_no        smallint NOT NULL,
    quantity       integer NOT NULL CHECK (quantity > 0),
    -- With tax and discount.
    amount_minor   bigint NOT NULL CHECK (amount_minor >= 0),
    tax_minor      bigint NOT NULL CHECK (tax_minor >= 0),
    discount_minor bigint NOT NULL CHECK (discount_minor >= 0),
    PRIMARY KEY (order_id, refund_id, line_no),
    FOREIGN KEY (order_id, refund_id) REFERENCES payments.refunds (order_id, id)
);
