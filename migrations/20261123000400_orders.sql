-- Orders: the order, its lines as they were priced, its timeline, its saga, and the keys of intake.
-- Rows of one order are written together by one transaction, so they need no foreign keys to hold them; `orderctl
-- verify` looks for orphans.
CREATE SCHEMA orders;

CREATE TABLE orders.orders (
    id                uuid PRIMARY KEY,
    customer_id       uuid NOT NULL,
    status            text NOT NULL CHECK (status IN
                          ('pending', 'confirmed', 'shipped', 'delivered', 'rejected', 'cancelling', 'cancelled')),
    -- Both are derived from the saga in the transaction that moves it, and stored for filtering.
    payment_status    text NOT NULL CHECK (payment_status IN
                          ('unpaid', 'authorized', 'declined', 'partly_captured', 'captured', 'voided', 'refunded')),
    fulfilment_status text NOT NULL CHECK (fulfilment_status IN
                          ('unallocated', 'allocated', 'booked', 'partly_shipped', 'shipped', 'delivered', 'released')),
    -- Why it was rejected or cancelled, in a word.
    reason            text,
    -- Why a human should look, if one should.
    attention         text,
    currency          text NOT NULL,
    total_minor       bigint NOT NULL CHECK (total_minor >= 0),
    payment_method    text NOT NULL,
    note              text,
    -- The number of the latest timeline entry.
    version           integer NOT NULL,
    created_at        timestamptz NOT NULL,
    updated_at        timestamptz NOT NULL
) WITH (fillfactor = 70);

CREATE INDEX orders_by_customer ON orders.orders (customer_id, id);

CREATE TABLE orders.items (
    order_id         uuid NOT NULL,
    line_no          smallint NOT NULL,
    sku              text NOT NULL,
    name             text NOT NULL,
    vendor_id        uuid NOT NULL,
    quantity         integer NOT NULL CHECK (quantity > 0),
    unit_price_minor bigint NOT NULL CHECK (unit_price_minor >= 0),
    PRIMARY KEY (order_id, line_no)
);

-- For vendors, who list the orders with a line of theirs; a vendor who sells little would have all orders read.
CREATE INDEX items_by_vendor ON orders.items (vendor_id, order_id);

-- The timeline: what happened, in order, each with its cause. Only ever added to.
CREATE TABLE orders.events (
    order_id    uuid NOT NULL,
    version     integer NOT NULL,
    -- `accepted`, `stock_reserved`, `payment_declined`, `confirmed`, ...
    kind        text NOT NULL,
    -- The order's status before and after.
    from_status text,
    to_status   text NOT NULL,
    detail      jsonb,
    -- The message that caused it, or null when a request did.
    cause       uuid,
    -- Who asked for it, when somebody did: `customer:<id>`, `admin:<id>`.
    actor       text,
    at          timestamptz NOT NULL,
    PRIMARY KEY (order_id, version)
);

CREATE TABLE orders.sagas (
    order_id       uuid PRIMARY KEY,
    plan_version   smallint NOT NULL,
    -- The saga itself, as `domain::saga` writes it; phase and step repeat what it holds, for operators.
    state          jsonb NOT NULL,
    phase          text NOT NULL,
    step           text,
    -- True until nothing is left to be done for the order.
    active         boolean NOT NULL,
    -- When to look again if nothing was heard.
    deadline_at    timestamptz NOT NULL,
    correlation_id text NOT NULL,
    traceparent    text,
    updated_at     timestamptz NOT NULL
) WITH (fillfactor = 50);

CREATE INDEX sagas_by_deadline ON orders.sagas (deadline_at) WHERE active;

-- One row a key that a caller used on a route; the first answer is rebuilt from the order that it made.
CREATE TABLE orders.idempotency_keys (
    principal   uuid NOT NULL,
    route       text NOT NULL,
    key         text NOT NULL,
    -- SHA-256 of the request's canonical form.
    fingerprint bytea NOT NULL,
    order_id    uuid NOT NULL,
    created_at  timestamptz NOT NULL,
    PRIMARY KEY (principal, route, key)
);

CREATE INDEX idempotency_keys_by_age ON orders.idempotency_keys USING brin (created_at);
