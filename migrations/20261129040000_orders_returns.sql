-- Returns of delivered units: one per request and vendor. A row changes only while its order is locked.
CREATE TABLE orders.returns (
    id             uuid PRIMARY KEY,
    order_id       uuid NOT NULL,
    -- The order's, so that an index can serve one customer.
    customer_id    uuid NOT NULL,
    -- Who sells its lines.
    vendor_id      uuid NOT NULL,
    -- The return itself, as `domain::returns` writes it; the status repeats what it holds, for filtering.
    state          jsonb NOT NULL,
    status         text NOT NULL CHECK (status IN
                       ('requested', 'approved', 'declined', 'cancelled', 'expired', 'received', 'closed')),
    reason         text NOT NULL CHECK (reason IN
                       ('damaged', 'wrong_item', 'not_as_described', 'no_longer_wanted', 'other')),
    -- The customer's note, and the text of the vendor who declined it.
    note           text,
    decision_note  text,
    -- Where it was received.
    warehouse_id   uuid,
    -- Its refund among the order's refunds, which exists once it is requested; derived from the return's id.
    refund_id      uuid NOT NULL,
    -- Why a person should look, if one should.
    attention      text,
    -- True until nothing is left to be done for it; then it has no deadline.
    active         boolean NOT NULL,
    deadline_at    timestamptz,
    -- The number of its latest timeline entry.
    version        integer NOT NULL,
    correlation_id text NOT NULL,
    traceparent    text,
    created_at     timestamptz NOT NULL,
    updated_at     timestamptz NOT NULL,
    CHECK (active = (deadline_at IS NOT NULL))
);

CREATE INDEX returns_by_order ON orders.returns (order_id);
CREATE INDEX returns_by_customer ON orders.returns (customer_id, id);
CREATE INDEX returns_by_vendor ON orders.returns (vendor_id, id);
CREATE INDEX returns_by_deadline ON orders.returns (deadline_at) WHERE active;

CREATE TABLE orders.return_lines (
    order_id  uuid NOT NULL,
    return_id uuid NOT NULL,
    line_no   smallint NOT NULL,
    sku       text NOT NULL,
    quantity  integer NOT NULL CHECK (quantity > 0),
    PRIMARY KEY (return_id, line_no)
);

CREATE INDEX return_lines_by_order ON orders.return_lines (order_id);

-- What arrived: the units of each line by their condition. Written once, when the return is received.
CREATE TABLE orders.return_counts (
    order_id    uuid NOT NULL,
    return_id   uuid NOT NULL,
    line_no     smallint NOT NULL,
    condition   text NOT NULL CHECK (condition IN ('resellable', 'damaged', 'missing')),
    quantity    integer NOT NULL CHECK (quantity > 0),
    is_refunded boolean NOT NULL,
    PRIMARY KEY (return_id, line_no, condition),
    CHECK (condition <> 'missing' OR NOT is_refunded)
);

CREATE INDEX return_counts_by_order ON orders.return_counts (order_id);

-- The timeline of a return. Only ever added to.
CREATE TABLE orders.return_events (
    order_id  uuid NOT NULL,
    return_id uuid NOT NULL,
    version   integer NOT NULL,
    kind      text NOT NULL,
    detail    jsonb,
    -- The message that caused it, or null when a request or a deadline did.
    cause     uuid,
    actor     text,
    at        timestamptz NOT NULL,
    PRIMARY KEY (return_id, version)
);

CREATE INDEX return_events_by_order ON orders.return_events (order_id);
