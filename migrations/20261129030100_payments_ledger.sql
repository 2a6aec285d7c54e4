-- The money ledger: what each change of a payment moved. The amounts of a payment are the sums of its entries.
--
-- Stop every worker and api of the version before first: it changes payments without entries. Reads payments and
-- operations once, for the entries of what was moved before.
SET LOCAL lock_timeout = '2s';
SET LOCAL statement_timeout = 0;
SET LOCAL enable_seqscan = on;

CREATE TABLE payments.ledger_entries (
    at           timestamptz NOT NULL,
    order_id     uuid NOT NULL,
    -- The operation whose report showed it.
    provider_key uuid NOT NULL,
    kind         text NOT NULL CHECK (kind IN ('authorized', 'captured', 'voided', 'refunded', 'reversed',
                                                'written_off')),
    -- Negative if it corrects an earlier entry.
    amount_minor bigint NOT NULL CHECK (amount_minor <> 0),
    currency     text NOT NULL,
    gateway      text NOT NULL,
    -- What the operation is for: the shipment of a capture or the refund, with the attempt; else empty.
    cause        text NOT NULL,
    -- The command whose call reported it. Null if a person recorded it, and for entries from before the ledger.
    message_id   uuid
);

-- When a person gave up a declined capture.
ALTER TABLE payments.operations ADD COLUMN written_off_at timestamptz;

INSERT INTO payments.ledger_entries (at, order_id, provider_key, kind, amount_minor, currency, gateway, cause)
SELECT entry.at, payment.order_id, entry.provider_key, entry.kind, entry.amount_minor, payment.currency,
       payment.gateway, entry.cause
FROM payments.payments AS payment
JOIN payments.operations AS authorization_of ON authorization_of.order_id = payment.order_id
                                            AND authorization_of.kind = 'authorize'
LEFT JOIN payments.operations AS void_of ON void_of.order_id = payment.order_id AND void_of.kind = 'void'
CROSS JOIN LATERAL (
    SELECT coalesce(sum(amount_minor) FILTER (WHERE kind = 'capture'), 0) AS captured_minor,
           coalesce(sum(amount_minor) FILTER (WHERE kind = 'refund'), 0) AS refunded_minor
    FROM payments.operations
    WHERE order_id = payment.order_id AND status = 'succeeded') AS done
CROSS JOIN LATERAL (
    SELECT authorization_of.updated_at AS at, authorization_of.provider_key, 'authorized' AS kind,
           payment.amount_minor, '' AS cause
    WHERE payment.status IN ('authorized', 'partly_captured', 'captured', 'refunded')
       OR (payment.status IN ('voiding', 'voided') AND authorization_of.status = 'succeeded')
    UNION ALL
    SELECT updated_at, provider_key, CASE kind WHEN 'capture' THEN 'captured' ELSE 'refunded' END, amount_minor, subject
    FROM payments.operations
    WHERE order_id = payment.order_id AND status = 'succeeded' AND kind IN ('capture', 'refund')
    UNION ALL
    -- What the void showed, without a report of its own.
    SELECT payment.updated_at, coalesce(void_of.provider_key, authorization_of.provider_key), found.kind,
           found.amount_minor, ''
    FROM (VALUES ('captured', payment.captured_minor - done.captured_minor),
                 ('refunded', payment.refunded_minor - payment.refunded_by_void_minor - done.refunded_minor),
                 ('reversed', payment.refunded_by_void_minor),
                 ('voided', CASE WHEN payment.status = 'voided' AND authorization_of.status = 'succeeded'
                                 THEN payment.amount_minor - payment.captured_minor ELSE 0 END))
         AS found (kind, amount_minor)) AS entry
WHERE payment.currency IS NOT NULL AND entry.amount_minor <> 0;

-- One operation moves an amount of one kind once. Keys begin with their order's time, as ids do.
CREATE UNIQUE INDEX ledger_entries_once ON payments.ledger_entries (provider_key, kind, (amount_minor > 0));
CREATE INDEX ledger_entries_by_time ON payments.ledger_entries (at, provider_key);

-- Only the transaction that removes old orders may delete entries, and says so. Nothing may change one.
CREATE FUNCTION payments.refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' AND current_setting('payments.removing', true) = 'on' THEN
        RETURN NULL;
    END IF;
    RAISE EXCEPTION 'payments.ledger_entries is only ever added to' USING ERRCODE = 'restrict_violation';
END
$$;

-- Per statement, and never on INSERT: it costs nothing.
CREATE TRIGGER ledger_is_immutable BEFORE UPDATE OR DELETE OR TRUNCATE ON payments.ledger_entries
    FOR EACH STATEMENT EXECUTE FUNCTION payments.refuse_change();
