-- The ledger entries of removed orders are replaced by one entry per SKU and warehouse with their sums.
SET LOCAL lock_timeout = '2s';

-- Every kind of before is still permitted, so no existing row needs to be checked.
ALTER TABLE inventory.ledger DROP CONSTRAINT ledger_kind_check;
ALTER TABLE inventory.ledger
    ADD CONSTRAINT ledger_kind_check CHECK (kind IN
        ('received', 'adjusted', 'counted', 'reserved', 'released', 'shipped', 'returned',
         'transferred_out', 'transferred_in', 'compacted')) NOT VALID;

-- Only the transaction that compacts may delete entries, and says so. Nothing may change one.
CREATE OR REPLACE FUNCTION inventory.refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' AND current_setting('inventory.compacting', true) = 'on' THEN
        RETURN NULL;
    END IF;
    RAISE EXCEPTION 'inventory.ledger is only ever added to' USING ERRCODE = 'restrict_violation';
END
$$;
